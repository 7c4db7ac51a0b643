#include "daemon/services/wire_status.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "proto/status.h"

namespace reeve::services {
namespace {

absl::Status Back(const grpc::Status& status) {
  google::rpc::Status details;
  REQUIRE(details.ParseFromString(status.error_details()));
  return FromRpcStatus(details);
}

// What gRPC makes of it in HTTP/2: percent-encoding, base64.
size_t TrailerBytes(const grpc::Status& status) {
  size_t message = 0;
  for (const char c : status.error_message()) message += c >= ' ' && c <= '~' && c != '%' ? 1 : 3;
  return message + status.error_details().size() * 4 / 3;
}

TEST_CASE("an error goes over the wire with code, message and reason") {
  const grpc::Status wire = ToWireStatus(Error(v1::REASON_DOMAIN_EXISTS, "web1 is there", {{"name", "web1"}}));
  CHECK(wire.error_code() == grpc::StatusCode::ALREADY_EXISTS);
  CHECK(wire.error_message() == "web1 is there");
  CHECK(ReasonOf(Back(wire)) == v1::REASON_DOMAIN_EXISTS);
  CHECK(ToWireStatus(absl::OkStatus()).ok());
}

TEST_CASE("an error without a reason is a fault of the daemon") {
  const grpc::Status wire = ToWireStatus(absl::NotFoundError("lost"));
  CHECK(wire.error_code() == grpc::StatusCode::INTERNAL);
  CHECK(ReasonOf(Back(wire)) == v1::REASON_INTERNAL);
}

TEST_CASE("errors that are too long for the trailers are cut and keep their reason") {
  absl::Status many = Error(v1::REASON_SPEC_INVALID, "bad specification");
  for (int i = 0; i < 300; ++i)
    AddFieldViolation(&many, absl::StrCat("line ", i), "is wrong in a way that takes words");
  const grpc::Status cut = ToWireStatus(many);
  CHECK(TrailerBytes(cut) < 8000);
  CHECK(cut.error_message() == "bad specification");
  CHECK(ReasonOf(Back(cut)) == v1::REASON_SPEC_INVALID);
  google::rpc::BadRequest violations;
  REQUIRE(violations.ParseFromString(std::string(*Back(cut).GetPayload("type.googleapis.com/google.rpc.BadRequest"))));
  CHECK(violations.field_violations_size() > 20);
  CHECK(violations.field_violations(0).field() == "line 0");

  for (const std::string& text : {std::string(100'000, 'x'), std::string(100'000, '\n'), std::string(50'000, '%')}) {
    absl::Status huge = Error(v1::REASON_NAME_INVALID, text, {{"name", text}});
    AddFieldViolation(&huge, text, text);
    const grpc::Status wire = ToWireStatus(huge);
    CHECK(TrailerBytes(wire) < 8000);
    CHECK_FALSE(wire.error_message().empty());
    CHECK(ReasonOf(Back(wire)) == v1::REASON_NAME_INVALID);
  }
}

TEST_CASE("a message is not cut within a character") {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "\xc3\xb6";
  const std::string message = ToWireStatus(Error(v1::REASON_NAME_INVALID, text)).error_message();
  REQUIRE(message.size() > 100);
  REQUIRE(message.size() < 2048);
  CHECK(message.substr(message.size() - 4) == " ...");
  CHECK((message.size() - 4) % 2 == 0);
}

}  // namespace
}  // namespace reeve::services
