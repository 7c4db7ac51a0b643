#include "client/join_token.h"

#include <catch2/catch.hpp>

namespace reeve::client {
namespace {

v1::EnrollmentTicket Ticket() {
  v1::EnrollmentTicket ticket;
  ticket.add_addresses("node1.example.org:16520");
  ticket.set_authority_sha256(std::string(32, 'a'));
  ticket.set_id("abcdefghij");
  ticket.set_secret(std::string(32, '\x01'));
  ticket.set_expire_seconds(1'700'000'000);
  return ticket;
}

TEST_CASE("a token comes back as it was, also broken into lines") {
  std::string text = FormatJoinToken(Ticket());
  CHECK_THAT(text, Catch::StartsWith("rjt1-"));
  CHECK(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
        std::string::npos);
  CHECK(ParseJoinToken(text)->SerializeAsString() == Ticket().SerializeAsString());
  text.insert(40, "\n  ");
  CHECK(ParseJoinToken(text + "\n").ok());
}

TEST_CASE("whatever is changed or cut is told, without the text") {
  const std::string text = FormatJoinToken(Ticket());
  for (size_t i = 0; i < text.size(); ++i) {
    CHECK(absl::IsInvalidArgument(ParseJoinToken(text.substr(0, i)).status()));
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const absl::Status status = ParseJoinToken(changed).status();
    // The last character may have bits that do not count.
    if (i + 1 < text.size()) CHECK(absl::IsInvalidArgument(status));
    CHECK_FALSE(std::string(status.message()).find(text.substr(5, 8)) != std::string::npos);
  }
  CHECK_FALSE(ParseJoinToken(std::string(10000, 'A')).ok());
  CHECK_FALSE(ParseJoinToken("").ok());
}

TEST_CASE("what is whole but has not what belongs in it is refused") {
  const auto refused = [](auto change) {
    v1::EnrollmentTicket ticket = Ticket();
    change(&ticket);
    return absl::IsInvalidArgument(ParseJoinToken(FormatJoinToken(ticket)).status());
  };
  CHECK(refused([](auto* ticket) { ticket->set_secret("short"); }));
  CHECK(refused([](auto* ticket) { ticket->set_authority_sha256(""); }));
  CHECK(refused([](auto* ticket) { ticket->clear_id(); }));
  CHECK(refused([](auto* ticket) { ticket->clear_addresses(); }));
  CHECK(refused([](auto* ticket) {
    for (int i = 0; i < 8; ++i) ticket->add_addresses("a:1");
  }));
}

}  // namespace
}  // namespace reeve::client
