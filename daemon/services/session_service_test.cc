// Who may call what, on real sockets.
#include "daemon/services/session_service.h"

#include <catch2/catch.hpp>

#include "daemon/services/testing/harness.h"
#include "proto/services.h"

namespace reeve::services {
namespace {

using testing::CallRaw;
using testing::CallUnary;
using testing::Connect;
using testing::Harness;

constexpr char kGarbage[] = "\xff\xff\xff\xff";

// Everybody who connects is this.
void Identify(Harness* harness, const auth::Identity& identity) {
  harness->table.AddOpenListener([harness, identity](const std::shared_ptr<connections::Connection>& connection) {
    connection->proved.Set(std::make_shared<const auth::Authority>(identity, &harness->policy));
  });
}

auth::Identity Alice() {
  return {.proof = auth::Proof::kUnix, .text = "unix:alice(1000)", .uid = 1000, .user = "alice"};
}

void Bind(Harness* harness, auth::BindingSpec binding) {
  harness->policy.Set(auth::Policy::Create({{}, {std::move(binding)}},
                                           [](const std::string&) -> std::optional<gid_t> { return std::nullopt; }));
}

std::string Path(const google::protobuf::MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

TEST_CASE("who has not proved who he is reaches session methods only, and no request of his is parsed") {
  Harness harness;
  Identify(&harness, {.text = "nobody yet"});
  const auto channel = Connect(harness.path());
  for (const auto* service : AllServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const auto& method = *service->method(i);
      if (method.client_streaming() || method.server_streaming()) continue;
      INFO(method.full_name());
      const std::string& permission = method.options().GetExtension(v1::permission);
      const bool session =
          permission == "session.read" || permission == "session.authenticate" || permission == "enrollment.redeem";
      CHECK(ReasonOf(CallRaw(channel.get(), Path(method), kGarbage).status()) ==
            (session ? v1::REASON_REQUEST_MALFORMED : v1::REASON_AUTHENTICATION_REQUIRED));
    }
  }
  const auto session = CallUnary(channel.get(), methods::kGetSession, {});
  REQUIRE(session.ok());
  CHECK_FALSE(session->authenticated());
  CHECK(session->roles_size() == 0);
  v1::TestPermissionsRequest request;
  request.add_permissions("domain.read");
  CHECK(CallUnary(channel.get(), methods::kTestPermissions, request)->permitted_size() == 0);
}

TEST_CASE("a session tells roles, and permissions can be tested") {
  Harness harness;
  Identify(&harness, Alice());
  Bind(&harness, {.unix_user = "alice", .role = "operator", .restriction = {"", "web*", ""}});
  const auto channel = Connect(harness.path());
  const auto session = CallUnary(channel.get(), methods::kGetSession, {});
  INFO(session.status().message());
  REQUIRE(session.ok());
  REQUIRE(session->roles_size() == 1);
  CHECK(session->authenticated());
  CHECK(session->authentication() == v1::AUTHENTICATION_UNIX);
  CHECK(session->roles(0).role() == "operator");
  CHECK(session->roles(0).name() == "web*");
  v1::TestPermissionsRequest request;
  for (const char* permission : {"domain.start", "domain.delete", "admin.client.list", "session.read"}) {
    request.add_permissions(permission);
  }
  const auto permitted = [&](const std::string& path, const char* object) {
    request.set_object(object);
    std::string all;
    const auto response = CallUnary(Connect(path).get(), methods::kTestPermissions, request);
    REQUIRE(response.ok());
    for (const std::string& one : response->permitted()) {
      all += one + " ";
    }
    return all;
  };
  CHECK(permitted(harness.path(), "hypervisors/test/domains/web1") == "domain.start session.read ");
  CHECK(permitted(harness.path(), "hypervisors/test/domains/db") == "session.read ");
  CHECK(permitted(harness.path(), "") == "session.read ");
  CHECK(permitted(harness.read_only_path(), "hypervisors/test/domains/web1") == "session.read ");
  request.add_permissions("domain.conjure");
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kTestPermissions, request).status()) == v1::REASON_REQUEST_INVALID);
}

TEST_CASE("objects that a request names exactly are checked before its handler") {
  Harness harness;
  Identify(&harness, Alice());
  Bind(&harness, {.unix_user = "alice", .role = "administrator", .restriction = {"test", "web*", ""}});
  const auto channel = Connect(harness.path());
  v1::EndGuestRequest end;
  end.set_domain("hypervisors/test/domains/db");
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kEndGuest, end).status()) == v1::REASON_DOMAIN_NOT_FOUND);
  CHECK(harness.controls.last_domain.empty());
  end.set_domain("hypervisors/test/domains/web1");
  CHECK(CallUnary(channel.get(), methods::kEndGuest, end).ok());
  CHECK(harness.controls.last_domain == "web1");
  v1::GetHypervisorRequest get;
  get.set_name("hypervisors/xen");
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kGetHypervisor, get).status()) == v1::REASON_HYPERVISOR_NOT_FOUND);
  get.set_name("hypervisors/test");
  CHECK(CallUnary(channel.get(), methods::kGetHypervisor, get).ok());
}

TEST_CASE("an answer is withheld when nobody asked whether the caller may have the object") {
  Harness harness;
  const auto channel = Connect(harness.path());
  v1::GetDomainRequest request;
  request.set_name("forget");
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kGetDomain, request).status()) == v1::REASON_INTERNAL);
}

TEST_CASE("where nothing is to be proved no mechanism is offered") {
  Harness harness;
  const auto channel = Connect(harness.path());
  v1::StartAuthenticationRequest start;
  start.set_mechanism("SCRAM-SHA-256");
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kStartAuthentication, start).status()) ==
        v1::REASON_MECHANISM_NOT_OFFERED);
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kContinueAuthentication, {}).status()) ==
        v1::REASON_AUTHENTICATION_BUSY);
}

}  // namespace
}  // namespace reeve::services
