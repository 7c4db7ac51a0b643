#include "daemon/services/method_table.h"

#include <catch2/catch.hpp>

#include "proto/methods.h"

namespace reeve::services {
namespace {

const UnaryHandler kUnary = [](CallPointer, RequestBytes*, UnaryDone) {};
const BidirectionalHandler kBidirectional = [](CallPointer, std::shared_ptr<ServerStream>) { return nullptr; };

absl::Status AddGetDomain(MethodTable* table, Method method, const google::protobuf::Descriptor* request,
                          const google::protobuf::Descriptor* response) {
  if (method.path.empty()) method.path = methods::kGetDomain.path;
  return table->Add(std::move(method), request, response);
}

TEST_CASE("a method that agrees with its descriptor is served with its options") {
  MethodTable table;
  REQUIRE(AddGetDomain(&table, {.unary = kUnary}, v1::GetDomainRequest::descriptor(), v1::Domain::descriptor()).ok());
  const Method* method = table.Find("/reeve.v1.DomainService/GetDomain");
  REQUIRE(method != nullptr);
  CHECK(method->permission == "domain.read");
  CHECK(method->access == v1::ACCESS_READ);
  CHECK(table.Find("/reeve.v1.DomainService/GetDomains") == nullptr);
  CHECK(table.Find("") == nullptr);
  CHECK(table.Services() == std::vector<std::string>{"reeve.v1.DomainService"});
}

TEST_CASE("methods that do not agree with their descriptors are refused") {
  MethodTable table;
  const auto* request = v1::GetDomainRequest::descriptor();
  const auto* response = v1::Domain::descriptor();
  CHECK_FALSE(
      AddGetDomain(&table, {.path = "/reeve.v1.DomainService/Nothing", .unary = kUnary}, request, response).ok());
  CHECK_FALSE(AddGetDomain(&table, {.unary = kUnary}, response, response).ok());
  CHECK_FALSE(AddGetDomain(&table, {.unary = kUnary}, request, request).ok());
  CHECK_FALSE(AddGetDomain(&table, {.bidirectional = kBidirectional}, request, response).ok());
  CHECK_FALSE(AddGetDomain(&table, {}, request, response).ok());
  CHECK_FALSE(AddGetDomain(&table, {.unary = kUnary, .bidirectional = kBidirectional}, request, response).ok());
  CHECK(table.Find(methods::kGetDomain.path) == nullptr);
  CHECK(AddGetDomain(&table, {.unary = kUnary}, request, response).ok());
  CHECK_FALSE(AddGetDomain(&table, {.unary = kUnary}, request, response).ok());  // twice
}

}  // namespace
}  // namespace reeve::services
