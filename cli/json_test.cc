#include "cli/json.h"

#include <catch2/catch.hpp>

#include "proto/status.h"
#include "reeve/v1/domain.pb.h"

namespace reeve::cli {
namespace {

TEST_CASE("field names are those of the API") {
  v1::Domain domain;
  domain.set_name("x");
  domain.mutable_status()->set_state(v1::DOMAIN_STATE_RUNNING);
  domain.mutable_status()->set_supervisor_pid(7);
  CHECK(ToJsonLine(domain) ==
        "{\"name\":\"x\",\"status\":{\"state\":\"DOMAIN_STATE_RUNNING\",\"supervisor_pid\":\"7\"}}\n");
  CHECK(ToJson(domain).back() == '\n');
  CHECK(ToJson(domain)[ToJson(domain).size() - 2] != '\n');
}

TEST_CASE("an error has its reason and details") {
  absl::Status status = Error(v1::REASON_SPEC_INVALID, "bad", {{"line", "3"}});
  AddFieldViolation(&status, "line 3 column 4", "not a number");
  const std::string json = ErrorToJson(status);  // details come in no particular order
  CHECK_THAT(json, Catch::StartsWith("{\"error\":{\"code\":3,\"message\":\"bad\",\"details\":["));
  CHECK_THAT(json,
             Catch::Contains("{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"SPEC_INVALID\","
                             "\"domain\":\"reeve\",\"metadata\":{\"line\":\"3\"}}"));
  CHECK_THAT(
      json, Catch::Contains("\"field_violations\":[{\"field\":\"line 3 column 4\",\"description\":\"not a number\"}]"));
  CHECK(json.find('\n') == json.size() - 1);
}

TEST_CASE("an error without a reason gets none, and unknown details are left out") {
  CHECK(ErrorToJson(absl::UnavailableError("no daemon")) == "{\"error\":{\"code\":14,\"message\":\"no daemon\"}}\n");
  absl::Status status = Error(v1::REASON_INTERNAL, "x");
  status.SetPayload("type.googleapis.com/unknown.Type", absl::Cord("\x01"));
  CHECK(ErrorToJson(status).find("unknown.Type") == std::string::npos);
  CHECK(ErrorToJson(status).find("INTERNAL") != std::string::npos);
}

TEST_CASE("a text is quoted as JSON wants it") {
  CHECK(JsonText("a \"b\"\n\\") == R"("a \"b\"\n\\")");
  CHECK(JsonText("") == "\"\"");
  CHECK(JsonText("a\xff") == R"("a\\xff")");
}

}  // namespace
}  // namespace reeve::cli
