#include "daemon/connections/table.h"

#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "util/fake_clock.h"

namespace reeve::connections {
namespace {

Peer User(uid_t uid) {
  Peer peer;
  peer.uid = uid;
  peer.identity = absl::StrCat("unix:", uid);
  return peer;
}

struct Fixture {
  util::FakeClock clock;
  Table table{&clock};
  std::shared_ptr<Connection> Add(int descriptor, uid_t uid = 0) {
    auto connection = table.Add(descriptor, util::UniqueFd(), User(uid), false);
    REQUIRE(connection.ok());
    return *connection;
  }
};

TEST_CASE("a connection is found by gRPC's name for it, and by nothing else") {
  Fixture f;
  const auto connection = f.Add(17);
  CHECK(f.table.FindByPeer("fd:17") == connection);
  for (const char* peer : {"fd:18", "fd:1", "fd:", "fd:-17", "fd:+17", "fd: 17", "fd:17x", "17", "", "unix:fd:17",
                           "fd:99999999999999999999", "ipv4:1.2.3.4:17"}) {
    CHECK(f.table.FindByPeer(peer) == nullptr);
  }
}

TEST_CASE("a descriptor stands for one connection at a time; connection numbers are never used twice") {
  Fixture f;
  const auto first = f.Add(17);
  CHECK(f.table.Add(17, util::UniqueFd(), User(0), false).status().code() == absl::StatusCode::kAlreadyExists);
  CHECK_FALSE(f.table.Add(-1, util::UniqueFd(), User(0), false).ok());
  CHECK(f.table.Remove(first->number));
  CHECK_FALSE(f.table.Remove(first->number));
  CHECK(f.table.FindByPeer("fd:17") == nullptr);
  CHECK(f.Add(17)->number == first->number + 1);
}

TEST_CASE("the table is listed by number and counted by identity") {
  Fixture f;
  f.Add(20, 1000);
  f.Add(10, 1000);
  const auto last = f.Add(30, 7);
  const auto list = f.table.List();
  REQUIRE(list.size() == 3);
  CHECK(list[0]->number < list[1]->number);
  CHECK(list[1]->number < list[2]->number);
  CHECK(f.table.CountOfIdentity("unix:1000") == 2);
  CHECK(f.table.CountOfIdentity("unix:7") == 1);
  CHECK(f.table.Remove(last->number));
  CHECK(f.table.CountOfIdentity("unix:7") == 0);
  CHECK(f.table.size() == 2);
}

TEST_CASE("who is thrown out is nobody's at once, and its socket ends") {
  Fixture f;
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const util::UniqueFd client(ends[1]);
  const auto connection = *f.table.Add(17, util::UniqueFd(ends[0]), User(0), false);
  REQUIRE(f.table.Disconnect(connection->number).ok());
  CHECK(connection->closed);
  CHECK(f.table.FindByPeer("fd:17") == nullptr);
  CHECK(f.table.List().empty());
  CHECK(f.table.HasDescriptor(17));  // gRPC may still own the number
  char byte;
  CHECK(::recv(client.get(), &byte, 1, 0) == 0);
  CHECK(ReasonOf(f.table.Disconnect(connection->number)) == v1::REASON_CLIENT_NOT_FOUND);
}

TEST_CASE("there is nobody to throw out under an unknown number") {
  Fixture f;
  const absl::Status status = f.table.Disconnect(4711);
  CHECK(ReasonOf(status) == v1::REASON_CLIENT_NOT_FOUND);
  CHECK(status.code() == absl::StatusCode::kNotFound);
}

TEST_CASE("the end of a connection is told once, to all and to who asked for it") {
  Fixture f;
  std::vector<uint64_t> ended;
  int actions = 0;
  f.table.AddCloseListener([&ended](const Connection& connection) { ended.push_back(connection.number); });
  const auto connection = f.Add(17);
  const auto other = f.Add(18);
  CHECK(f.table.OnClose(connection->number, [&actions] { ++actions; }));
  CHECK(f.table.Disconnect(connection->number).ok());
  CHECK(actions == 0);
  CHECK(f.table.Remove(connection->number));
  CHECK(actions == 1);
  CHECK(ended == std::vector<uint64_t>{connection->number});
  CHECK_FALSE(f.table.OnClose(connection->number, [&actions] { ++actions; }));
  CHECK(f.table.Remove(other->number));
  CHECK(actions == 1);
}

TEST_CASE("a listener may use the table") {
  Fixture f;
  size_t seen = 99;
  f.table.AddCloseListener([&](const Connection&) { seen = f.table.size(); });
  const auto connection = f.Add(17);
  f.table.Remove(connection->number);
  CHECK(seen == 0);
}

}  // namespace
}  // namespace reeve::connections
