#include "auth/access.h"

#include <catch2/catch.hpp>

#include "proto/status.h"

namespace reeve::auth {
namespace {

constexpr char kWeb[] = "hypervisors/lxc/domains/web1";
constexpr char kDatabase[] = "hypervisors/lxc/domains/db";

std::shared_ptr<const Policy> Bound(const char* role, Restriction restriction) {
  return Policy::Create({{}, {{.unix_user = "alice", .role = role, .restriction = std::move(restriction)}}},
                        [](const std::string&) { return std::nullopt; });
}

Identity Alice() {
  return {.proof = Proof::kUnix, .text = "unix:alice(1000)", .uid = 1000, .user = "alice"};
}

TEST_CASE("methods are checked before their requests are read") {
  PolicySource source(Bound("operator", {"", "web*", ""}));
  const Authority alice(Alice(), &source);
  const auto check = [&](bool read_only, const char* permission, v1::Access access, v1::Scope scope) {
    return ReasonOf(CheckMethod(alice, read_only, permission, access, scope));
  };
  CHECK(check(false, "domain.start", v1::ACCESS_WRITE, v1::SCOPE_OBJECT) == v1::REASON_UNSPECIFIED);
  CHECK(check(true, "domain.start", v1::ACCESS_WRITE, v1::SCOPE_OBJECT) == v1::REASON_CONNECTION_READ_ONLY);
  CHECK(check(true, "domain.read", v1::ACCESS_READ, v1::SCOPE_OBJECT) == v1::REASON_UNSPECIFIED);
  CHECK(check(false, "domain.delete", v1::ACCESS_WRITE, v1::SCOPE_OBJECT) == v1::REASON_PERMISSION_DENIED);
  CHECK(check(false, "domain.list", v1::ACCESS_READ, v1::SCOPE_ANY) == v1::REASON_UNSPECIFIED);
  // A part of the objects is not the node.
  CHECK(check(false, "domain.start", v1::ACCESS_WRITE, v1::SCOPE_NODE) == v1::REASON_PERMISSION_DENIED);
  // A method that does not say what it needs is refused.
  CHECK(check(false, "domain.start", v1::ACCESS_UNSPECIFIED, v1::SCOPE_OBJECT) == v1::REASON_PERMISSION_DENIED);
  CHECK(check(false, "domain.start", v1::ACCESS_WRITE, v1::SCOPE_UNSPECIFIED) == v1::REASON_PERMISSION_DENIED);
  CHECK(check(false, "session.read", v1::ACCESS_READ, v1::SCOPE_SESSION) == v1::REASON_UNSPECIFIED);
  CHECK(check(true, "session.read", v1::ACCESS_READ, v1::SCOPE_SESSION) == v1::REASON_UNSPECIFIED);
  CHECK(check(false, "enrollment.redeem", v1::ACCESS_WRITE, v1::SCOPE_SESSION) == v1::REASON_UNSPECIFIED);
  CHECK(check(true, "enrollment.redeem", v1::ACCESS_WRITE, v1::SCOPE_SESSION) == v1::REASON_CONNECTION_READ_ONLY);
}

TEST_CASE("objects are allowed, denied or hidden, and remembered") {
  PolicySource source(Bound("operator", {"", "web*", ""}));
  const auto alice = std::make_shared<const Authority>(Alice(), &source);
  const Access start(alice, "domain.start");
  CHECK_FALSE(start.asked());
  CHECK(start.Decide(kWeb) == Access::Decision::kAllowed);
  CHECK(start.Decide(kDatabase) == Access::Decision::kHidden);
  CHECK(start.Decide(kWeb) == Access::Decision::kAllowed);
  CHECK(start.asked());
  CHECK(start.refused());
  CHECK(start.objects() == std::vector<std::string>{kWeb, kDatabase});

  const Access remove(alice, "domain.delete");
  CHECK(remove.Decide(kWeb) == Access::Decision::kDenied);
  CHECK(ReasonOf(remove.Denied(kWeb)) == v1::REASON_PERMISSION_DENIED);
  CHECK(remove.Denied(kWeb).message() ==
        "unix:alice(1000) does not have the permission domain.delete for hypervisors/lxc/domains/web1");
  CHECK_FALSE(remove.AllowsBelow("lxc"));

  const Access list(alice, "domain.list");
  CHECK(list.Shows(kWeb));
  CHECK_FALSE(list.Shows(kDatabase));
  CHECK_FALSE(list.ShowsAll());
  CHECK_FALSE(list.asked());
}

TEST_CASE("another policy counts at once") {
  PolicySource source(Bound("operator", {"", "web*", ""}));
  const auto alice = std::make_shared<const Authority>(Alice(), &source);
  const Access start(alice, "domain.start");
  source.Set(Bound("viewer", {}));
  CHECK(start.Decide(kWeb) == Access::Decision::kDenied);
  CHECK(start.Has("domain.read", kDatabase));
  source.Set(Bound("administrator", {}));
  CHECK(start.Decide(kWeb) == Access::Decision::kAllowed);
}

TEST_CASE("the daemon itself may do everything") {
  const Access::Pointer everything = Access::Everything();
  CHECK(everything->Decide(kWeb) == Access::Decision::kAllowed);
  CHECK(everything->ShowsAll());
  CHECK(everything->AllowsBelow("xen"));
}

}  // namespace
}  // namespace reeve::auth
