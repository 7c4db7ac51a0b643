#include "daemon/migration/tickets.h"

#include <catch2/catch.hpp>
#include <string>

#include "proto/status.h"
#include "util/fake_timers.h"

namespace reeve::migration {
namespace {

TicketTerms Terms() {
  return {.hypervisor = "xen", .name = "web1", .uid = "c7a5fdb2-cdaf-9455-926a-d65c16db1809"};
}

TEST_CASE("A ticket is good once") {
  util::FakeClock clock;
  Tickets tickets(&clock);
  const auto ticket = tickets.Issue(Terms());
  REQUIRE(ticket.ok());
  CHECK(ticket->secret().size() == 64);  // 256 bits
  const auto terms = tickets.Take(ticket->id(), ticket->secret(), nullptr);
  REQUIRE(terms.ok());
  CHECK(terms->name == "web1");
  CHECK(terms->digest == TicketDigest(ticket->secret()));
  CHECK(ReasonOf(tickets.Take(ticket->id(), ticket->secret(), nullptr).status()) == v1::REASON_TOKEN_REFUSED);
}

TEST_CASE("Every wrong ticket is refused in the same words") {
  util::FakeClock clock;
  Tickets tickets(&clock);
  const auto ticket = tickets.Issue(Terms());
  REQUIRE(ticket.ok());
  std::string other = ticket->secret();
  other[63] = other[63] == '0' ? '1' : '0';
  for (const std::string& secret : {other, ticket->secret().substr(1), ticket->secret() + "0", std::string()}) {
    CHECK(tickets.Take(ticket->id(), secret, nullptr).status() == TicketRefused());
    CHECK(tickets.Find(ticket->id(), secret).status() == TicketRefused());
  }
  CHECK(tickets.Take("another", ticket->secret(), nullptr).status() == TicketRefused());
  // Who guesses does not use it up.
  CHECK(tickets.Take(ticket->id(), ticket->secret(), nullptr).ok());
}

TEST_CASE("One that was asked about before it was used cannot be used any more: the guest has stayed where it was") {
  util::FakeClock clock;
  Tickets tickets(&clock);
  const auto ticket = tickets.Issue(Terms());
  REQUIRE(ticket.ok());
  const auto found = tickets.Find(ticket->id(), ticket->secret());
  REQUIRE(found.ok());
  CHECK(*found == nullptr);
  CHECK(tickets.Take(ticket->id(), ticket->secret(), nullptr).status() == TicketRefused());
}

TEST_CASE("It has minutes to be used, and one that was used is remembered for an hour") {
  util::FakeClock clock;
  Tickets tickets(&clock);
  const auto late = tickets.Issue(Terms());
  const auto used = tickets.Issue(Terms());
  REQUIRE(late.ok());
  REQUIRE(used.ok());
  clock.Advance(Tickets::kLifetime);
  REQUIRE(tickets.Take(used->id(), used->secret(), nullptr).ok());
  clock.Advance(absl::Seconds(1));
  CHECK(tickets.Take(late->id(), late->secret(), nullptr).status() == TicketRefused());
  CHECK(tickets.Find(used->id(), used->secret()).ok());
  clock.Advance(Tickets::kMemory);
  CHECK(tickets.Find(used->id(), used->secret()).status() == TicketRefused());
}

TEST_CASE("So many wait to be used and no more; those that were used or have expired make room") {
  util::FakeClock clock;
  Tickets tickets(&clock);
  v1::MigrationTicket last;
  for (size_t i = 0; i < Tickets::kMost; ++i) {
    auto ticket = tickets.Issue(Terms());
    REQUIRE(ticket.ok());
    last = *ticket;
  }
  CHECK(ReasonOf(tickets.Issue(Terms()).status()) == v1::REASON_TOO_MANY_TOKENS);
  REQUIRE(tickets.Take(last.id(), last.secret(), nullptr).ok());
  CHECK(tickets.Issue(Terms()).ok());
  CHECK(ReasonOf(tickets.Issue(Terms()).status()) == v1::REASON_TOO_MANY_TOKENS);
  clock.Advance(Tickets::kLifetime + absl::Seconds(1));
  CHECK(tickets.Issue(Terms()).ok());
}

}  // namespace
}  // namespace reeve::migration
