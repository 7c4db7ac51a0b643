#include "auth/policy.h"

#include <catch2/catch.hpp>

#include "auth/known_permissions.h"

namespace reeve::auth {
namespace {

constexpr char kWeb[] = "hypervisors/lxc/domains/web1";
constexpr char kDatabase[] = "hypervisors/lxc/domains/db";

std::optional<gid_t> NoGroup(const std::string&) {
  return std::nullopt;
}

Identity Unix(const std::string& user, uid_t uid) {
  return {.proof = Proof::kUnix, .text = "unix:" + user, .uid = uid, .user = user, .groups = {100, 27}};
}

Grants With(BindingSpec binding, const Identity& identity, std::vector<RoleSpec> roles = {}) {
  const auto find = [](const std::string& name) -> std::optional<gid_t> {
    if (name == "sudo") return 27;
    return std::nullopt;
  };
  REQUIRE(Policy::CheckBinding(binding, roles).empty());
  return Policy::Create({std::move(roles), {std::move(binding)}}, find)->GrantsFor(identity);
}

TEST_CASE("built-in roles are made of the permissions that there are") {
  const auto viewer = BuiltInRole("viewer");
  const auto operators = BuiltInRole("operator");
  const auto administrator = BuiltInRole("administrator");
  for (const auto& [name, known] : KnownPermissions()) {
    INFO(name);
    CHECK((viewer->count(name) != 0) == (known.access == v1::ACCESS_READ));
    CHECK(operators->count(name) >= viewer->count(name));
    CHECK(administrator->count(name) == 1);
  }
  CHECK(operators->count("domain.start") == 1);
  CHECK(operators->count("domain.create") == 0);
  CHECK(operators->count("admin.client.disconnect") == 0);
  CHECK(BuiltInRole("root") == nullptr);
  // Every name in the operator's list exists: nine beyond reading.
  CHECK(operators->size() == viewer->size() + 9);
}

TEST_CASE("without bindings everybody who has proved who he is may do everything") {
  const auto policy = Policy::Create({}, NoGroup);
  CHECK(policy->GrantsFor(Unix("alice", 1000)).Everywhere("domain.delete"));
  CHECK_FALSE(policy->GrantsFor(Identity()).Anywhere("domain.read"));
}

TEST_CASE("with bindings nobody else has a role, but for root") {
  const BindingSpec binding{.unix_user = "alice", .role = "viewer"};
  CHECK(With(binding, Unix("alice", 1000)).Everywhere("domain.read"));
  CHECK_FALSE(With(binding, Unix("alice", 1000)).Anywhere("domain.start"));
  CHECK_FALSE(With(binding, Unix("bob", 1001)).Anywhere("domain.read"));
  CHECK(With(binding, Unix("root", 0)).Everywhere("domain.start"));
  // A certificate or password proves no uid.
  Identity sasl{.proof = Proof::kSasl, .text = "sasl:root", .sasl_user = "root"};
  CHECK_FALSE(With(binding, sasl).Anywhere("domain.read"));
}

TEST_CASE("bindings say to whom") {
  CHECK(With({.unix_user = "1000", .role = "viewer"}, Unix("alice", 1000)).Everywhere("domain.read"));
  CHECK_FALSE(With({.unix_user = "1001", .role = "viewer"}, Unix("alice", 1000)).Anywhere("domain.read"));
  CHECK(With({.unix_group = "sudo", .role = "viewer"}, Unix("alice", 1000)).Everywhere("domain.read"));
  CHECK_FALSE(With({.unix_group = "gone", .role = "viewer"}, Unix("alice", 1000)).Anywhere("domain.read"));
  const Identity node{.proof = Proof::kCertificate,
                      .text = "x509:CN=node1",
                      .subject = "CN=node1,O=Example",
                      .names = {"DNS:node1.example.org", "IP:192.0.2.1"}};
  CHECK(With({.certificate = "CN=*,O=Example", .role = "viewer"}, node).Everywhere("domain.read"));
  CHECK_FALSE(With({.certificate = "CN=*", .role = "viewer"}, Unix("alice", 1000)).Anywhere("domain.read"));
  CHECK(With({.certificate_name = "DNS:*.example.org", .role = "viewer"}, node).Everywhere("domain.read"));
  CHECK_FALSE(With({.certificate_name = "DNS:*.example.com", .role = "viewer"}, node).Anywhere("domain.read"));
  const Identity alice{.proof = Proof::kSasl, .text = "sasl:alice@X", .sasl_user = "alice@X"};
  CHECK(With({.sasl_user = "*@X", .role = "viewer"}, alice).Everywhere("domain.read"));
  CHECK_FALSE(With({.unix_user = "alice@X", .role = "viewer"}, alice).Anywhere("domain.read"));
}

TEST_CASE("a restricted binding is for the objects that match all its patterns") {
  const Identity alice = Unix("alice", 1000);
  const Grants grants = With({.unix_user = "alice", .role = "operator", .restriction = {"lxc", "web*", ""}}, alice);
  CHECK_FALSE(grants.Everywhere("domain.start"));
  CHECK(grants.Anywhere("domain.start"));
  CHECK(grants.On("domain.start", kWeb));
  CHECK_FALSE(grants.On("domain.create", kWeb));
  CHECK(grants.Visible(kWeb));
  CHECK_FALSE(grants.On("domain.read", kDatabase));
  CHECK_FALSE(grants.Visible(kDatabase));
  CHECK_FALSE(grants.Visible("hypervisors/xen/domains/web1"));
  CHECK_FALSE(grants.Visible("networks/web1"));
  // What the hypervisor is may be read, nothing more.
  CHECK(grants.On("hypervisor.read", "hypervisors/lxc"));
  CHECK_FALSE(grants.On("domain.start", "hypervisors/lxc"));
  CHECK_FALSE(grants.Visible("hypervisors/xen"));
  CHECK(grants.Below("domain.start", "lxc"));
  CHECK_FALSE(grants.Below("domain.start", "xen"));

  const Grants networks = With({.unix_user = "alice", .role = "viewer", .restriction = {"", "", "networks/*"}}, alice);
  CHECK(networks.Visible("networks/web1"));
  CHECK_FALSE(networks.Visible(kWeb));
}

TEST_CASE("configured roles are lists of permissions and patterns") {
  const RoleSpec role{"starter", {"domain.start", "operation.*"}};
  CHECK(Policy::CheckRole(role).empty());
  const Grants grants = With({.unix_user = "alice", .role = "starter"}, Unix("alice", 1000), {role});
  CHECK(grants.Everywhere("domain.start"));
  CHECK(grants.Everywhere("operation.cancel"));
  CHECK_FALSE(grants.Anywhere("domain.read"));
}

TEST_CASE("mistakes are told") {
  CHECK(Policy::CheckRole({"viewer", {"domain.start"}}) == "there is a built-in role viewer");
  CHECK(Policy::CheckRole({"a b", {"domain.start"}}) != "");
  CHECK(Policy::CheckRole({"r", {}}) == "permissions must name at least one");
  CHECK(Policy::CheckRole({"r", {"domain.*", "domian.start"}}) == "there is no permission domian.start");
  CHECK(Policy::CheckBinding({.role = "viewer"}, {}) != "");
  CHECK(Policy::CheckBinding({.unix_user = "a", .sasl_user = "b", .role = "viewer"}, {}) != "");
  CHECK(Policy::CheckBinding({.unix_user = "a"}, {}) == "role is missing");
  CHECK(Policy::CheckBinding({.unix_user = "a", .role = "veiwer"}, {}) == "there is no role veiwer");
}

TEST_CASE("groups of the system are found") {
  CHECK(FindSystemGroup("root") == gid_t{0});
  CHECK(FindSystemGroup("1234") == gid_t{1234});
  CHECK_FALSE(FindSystemGroup("no-such-group-here").has_value());
}

// Labels of the one object that has any.
class OneLabelled final : public LabelSource {
 public:
  std::shared_ptr<const Labels> LabelsOf(absl::string_view object) const override {
    ++asked;
    return object == kWeb ? labels : nullptr;
  }
  mutable int asked = 0;
  std::shared_ptr<const Labels> labels = std::make_shared<const Labels>(Labels{"stage=live", "team=web-shop"});
};

TEST_CASE("a role that is bound to a label is for the objects that have it now") {
  OneLabelled source;
  BindingSpec binding{.unix_user = "alice", .role = "administrator", .restriction = {.label = "team=web*"}};
  const auto policy = Policy::Create({{}, {binding}}, NoGroup);
  const Grants grants = policy->GrantsFor(Unix("alice", 1000), &source);
  CHECK(grants.On("domain.start", kWeb));
  CHECK(grants.Visible(kWeb));
  CHECK_FALSE(grants.On("domain.start", kDatabase));
  CHECK_FALSE(grants.Visible(kDatabase));
  CHECK(grants.Anywhere("domain.start"));
  CHECK_FALSE(grants.Everywhere("domain.start"));
  // What is told of an object goes by what it had then.
  CHECK(grants.On("domain.read", kDatabase, {"team=web"}));
  CHECK_FALSE(grants.On("domain.read", kWeb, {"team=database"}));
  CHECK_FALSE(grants.On("domain.read", kWeb, {}));
  source.labels = nullptr;
  CHECK_FALSE(grants.On("domain.start", kWeb));
  // A source is asked for nothing where no role is bound to a label, and a label is never there without a source.
  source.asked = 0;
  CHECK(Policy::Create({{}, {}}, NoGroup)->GrantsFor(Unix("alice", 1000), &source).On("domain.start", kWeb));
  CHECK(source.asked == 0);
  CHECK_FALSE(policy->GrantsFor(Unix("alice", 1000)).On("domain.start", kWeb));
}

}  // namespace
}  // namespace reeve::auth
