#include "daemon/services/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <catch2/catch.hpp>

#include "daemon/services/testing/harness.h"

namespace reeve::services {
namespace {

using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

TEST_CASE("a client can build the whole API from what reflection gives") {
  testing::Harness harness;
  const auto channel = testing::Connect(harness.path());
  testing::ClientStream stream(channel.get(), methods::kReflection.path);
  const auto ask = [&stream](const ServerReflectionRequest& request) {
    REQUIRE(stream.Write(request.SerializeAsString()));
    std::string bytes;
    REQUIRE(stream.Read(&bytes));
    ServerReflectionResponse response;
    REQUIRE(response.ParseFromString(bytes));
    return response;
  };
  ServerReflectionRequest request;
  request.set_list_services("");
  const ServerReflectionResponse services = ask(request);
  CHECK(services.list_services_response().service_size() >= 10);

  for (const auto& service : services.list_services_response().service()) {
    INFO(service.name());
    request.set_file_containing_symbol(service.name());
    const ServerReflectionResponse files = ask(request);
    google::protobuf::DescriptorPool pool;
    for (const std::string& bytes : files.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      REQUIRE(file.ParseFromString(bytes));
      REQUIRE(pool.BuildFile(file) != nullptr);  // imports come first
    }
    CHECK(pool.FindServiceByName(service.name()) != nullptr);
  }
  REQUIRE(stream.WritesDone());
  CHECK(stream.Finish().ok());
}

TEST_CASE("files, extensions and their numbers") {
  ServerReflectionRequest request;
  request.set_file_by_filename("reeve/v1/options.proto");
  CHECK(Reflect(request, {}).file_descriptor_response().file_descriptor_proto_size() == 2);
  request.set_all_extension_numbers_of_type("google.protobuf.MethodOptions");
  CHECK(Reflect(request, {}).all_extension_numbers_response().extension_number_size() == 3);
  request.mutable_file_containing_extension()->set_containing_type("google.protobuf.MethodOptions");
  request.mutable_file_containing_extension()->set_extension_number(51601);
  CHECK(Reflect(request, {}).has_file_descriptor_response());
  CHECK(Reflect(request, {}).original_request().file_containing_extension().extension_number() == 51601);
}

TEST_CASE("what is not there, is not known or is too long has no answer but an error") {
  ServerReflectionRequest request;
  CHECK(Reflect(request, {}).error_response().error_code() == 3);
  request.set_file_by_filename("../../etc/passwd");
  CHECK(Reflect(request, {}).error_response().error_code() == 5);
  request.set_file_containing_symbol("");
  CHECK(Reflect(request, {}).error_response().error_code() == 5);
  request.set_all_extension_numbers_of_type("x");
  CHECK(Reflect(request, {}).error_response().error_code() == 5);
  request.mutable_file_containing_extension()->set_extension_number(-1);
  CHECK(Reflect(request, {}).error_response().error_code() == 5);
  request.set_file_by_filename(std::string(5000, 'x'));
  CHECK(Reflect(request, {}).error_response().error_code() == 3);
}

}  // namespace
}  // namespace reeve::services
