#include <catch2/catch.hpp>

#include "cli/commands.h"
#include "cli/test_user.h"
#include "client/fake_daemon.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

using client::FakeDaemon;

TEST_CASE("whoami shows how the user is known and his roles") {
  FakeDaemon daemon;
  daemon.On<v1::GetSessionRequest, v1::Session>(methods::kGetSession,
                                                [](const v1::GetSessionRequest&, v1::Session* answer) {
                                                  answer->set_identity("sasl:alice");
                                                  answer->set_authenticated(true);
                                                  answer->set_secure(true);
                                                  answer->set_authentication(v1::AUTHENTICATION_SASL);
                                                  answer->set_sasl_mechanism("SCRAM-SHA-256");
                                                  v1::BoundRole* role = answer->add_roles();
                                                  role->set_role("operator");
                                                  role->set_hypervisor("lxc");
                                                  role->set_name("web*");
                                                  answer->add_roles()->set_role("viewer");
                                                  return absl::OkStatus();
                                                });
  daemon.Start();
  TestUser user(daemon.uri());
  CHECK(user.Run("auth whoami") == kExitOk);
  CHECK(user.out() ==
        "Identity:       sasl:alice\n"
        "Known by:       sasl\n"
        "Mechanism:      SCRAM-SHA-256\n"
        "Encrypted:      no\n"
        "Secure:         yes\n"
        "Access:         read-write\n"
        "Role:           operator, for hypervisor lxc, name web*\n"
        "Role:           viewer\n\n");
}

TEST_CASE("can asks for a domain, a whole name or the node, and answers by its exit code") {
  FakeDaemon daemon;
  std::string object;
  daemon.On<v1::TestPermissionsRequest, v1::TestPermissionsResponse>(
      methods::kTestPermissions, [&](const v1::TestPermissionsRequest& request, v1::TestPermissionsResponse* answer) {
        object = request.object();
        for (const std::string& permission : request.permissions()) {
          if (permission == "domain.start" || permission == "domain.read") answer->add_permitted(permission);
        }
        return absl::OkStatus();
      });
  daemon.Start();
  TestUser user(daemon.uri());
  CHECK(user.Run("auth can domain.start web1") == kExitOk);
  CHECK(user.out() == "yes\n\n");
  CHECK(object == "hypervisors/test/domains/web1");
  CHECK(user.Run("auth can domain.start,domain.delete networks/default") == kExitFailed);
  CHECK(user.out() == "no\n\n");
  CHECK(object == "networks/default");
  CHECK(user.Run("auth can domain.start,domain.read") == kExitOk);
  CHECK(object.empty());
}

}  // namespace
}  // namespace reeve::cli
