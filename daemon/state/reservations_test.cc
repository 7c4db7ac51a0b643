#include "daemon/state/reservations.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>

#include "proto/status.h"

namespace reeve::state {
namespace {

constexpr char kOne[] = "11111111-1111-1111-1111-111111111111";
constexpr char kTwo[] = "22222222-2222-2222-2222-222222222222";
constexpr char kWeb[] = "hypervisors/test/domains/web";
constexpr char kShop[] = "hypervisors/test/domains/shop";

v1::Reason ReasonOfReserving(Reservations* reservations, const char* uid, const char* name, const char* from = "") {
  return ReasonOf(reservations->Reserve(uid, name, *auth::Access::Everything(), from).status());
}

TEST_CASE("a UUID and a name that are reserved are nobody else's until that is given up") {
  Registry registry;
  Reservations reservations(&registry);
  {
    auto held = reservations.Reserve(kOne, kWeb, *auth::Access::Everything());
    REQUIRE(held.ok());
    CHECK(ReasonOfReserving(&reservations, kOne, kShop) == v1::REASON_UUID_IN_USE);
    CHECK(ReasonOfReserving(&reservations, kTwo, kWeb) == v1::REASON_DOMAIN_EXISTS);
    // What is moved from gives nothing up.
    std::optional<Reservations::Reservation> moved(*std::move(held));
    held = absl::CancelledError();
    CHECK(ReasonOfReserving(&reservations, kOne, kShop) == v1::REASON_UUID_IN_USE);
    CHECK(ReasonOfReserving(&reservations, kTwo, kShop) == v1::REASON_UNSPECIFIED);
  }
  CHECK(ReasonOfReserving(&reservations, kOne, kShop) == v1::REASON_UNSPECIFIED);
  CHECK(ReasonOfReserving(&reservations, kTwo, kWeb) == v1::REASON_UNSPECIFIED);
}

TEST_CASE("what is committed is taken, but for who has it himself") {
  Registry registry;
  auto entry = std::make_shared<Entry>();
  entry->key = std::make_shared<EntryKey>(EntryKey{"test", "web", kOne});
  registry.Put(entry, 1);
  Reservations reservations(&registry);
  CHECK(ReasonOfReserving(&reservations, kOne, kWeb) == v1::REASON_UNSPECIFIED);
  CHECK(ReasonOfReserving(&reservations, kTwo, kWeb) == v1::REASON_DOMAIN_EXISTS);
  CHECK(ReasonOfReserving(&reservations, kOne, kShop) == v1::REASON_UUID_IN_USE);
  // A rename takes another name for the same UUID.
  CHECK(ReasonOfReserving(&reservations, kOne, kShop, kWeb) == v1::REASON_UNSPECIFIED);
  // Who may not know of the other domain is not told which one it is.
  const auth::PolicySource source(
      auth::Policy::Create({{}, {{.unix_user = "alice", .role = "operator", .restriction = {"", "shop*", ""}}}},
                           [](const std::string&) { return std::nullopt; }));
  const auth::Access nobody(
      std::make_shared<const auth::Authority>(
          auth::Identity{.proof = auth::Proof::kUnix, .text = "unix:alice(1000)", .uid = 1000, .user = "alice"},
          &source),
      "domain.create");
  const absl::Status hidden = reservations.Reserve(kOne, kShop, nobody).status();
  CHECK(ReasonOf(hidden) == v1::REASON_UUID_IN_USE);
  CHECK(hidden.message().find("web") == absl::string_view::npos);
}

}  // namespace
}  // namespace reeve::state
