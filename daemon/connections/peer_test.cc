#include "daemon/connections/peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "util/fake_clock.h"
#include "util/fd.h"

namespace reeve::connections {
namespace {

// A /proc of our own with one process in it.
class FakeProc {
 public:
  FakeProc() {
    std::string name = (std::filesystem::temp_directory_path() / "reeve-proc-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~FakeProc() { std::filesystem::remove_all(path_); }
  void Write(pid_t pid, const std::string& file, const std::string& content) const {
    const std::string directory = absl::StrCat(path_, "/", pid);
    std::filesystem::create_directories(directory);
    std::ofstream(absl::StrCat(directory, "/", file), std::ios::binary) << content;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

PeerReader::Options OptionsFor(const FakeProc& proc, uid_t uid, pid_t pid) {
  PeerReader::Options options;
  options.proc = proc.path();
  options.user_name = [](uid_t who) { return who == 1000 ? "alice" : ""; };
  options.credentials = [uid, pid](int) -> absl::StatusOr<ucred> { return ucred{.pid = pid, .uid = uid, .gid = 7}; };
  return options;
}

TEST_CASE("what a process calls itself cannot steer a terminal or break a string") {
  CHECK(Sanitize("plain", 256) == "plain");
  CHECK(Sanitize("a\x1b[2Jb\nc\x7f", 256) == "a?[2Jb?c?");
  CHECK(Sanitize("\xc2\x9b"
                 "31m",
                 256) == "?31m");                        // C1: CSI in one character
  CHECK(Sanitize("J\xc3\xb6rg", 256) == "J\xc3\xb6rg");  // other UTF-8 stays
  CHECK(Sanitize("\xff\xc3(\xe2\x82\xed\xa0\x80\xc0\x80", 256) == std::string(2, '?') + "(" + std::string(7, '?'));
  CHECK(Sanitize("  padded  ", 256) == "padded");
  CHECK(Sanitize(std::string("a\0b", 3), 256) == "a?b");
}

TEST_CASE("a long command is cut between characters") {
  CHECK(Sanitize(std::string(1000, 'x'), 256).size() == 256);
  CHECK(Sanitize("abc\xc3\xb6", 4) == "abc");
}

TEST_CASE("the start time is found behind a hostile command") {
  const std::string rest = " S 1 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 4711 1000 2000";
  CHECK(ParseStartTime(absl::StrCat("42 (bash)", rest)) == 4711);
  CHECK(ParseStartTime(absl::StrCat("42 (a) R 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9)", rest)) == 4711);
  CHECK(ParseStartTime("42 (bash) S 1 1") == 0);
  CHECK(ParseStartTime("") == 0);
  CHECK(ParseStartTime("no parenthesis at all") == 0);
  CHECK(ParseStartTime("42 (x) S 1 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 -5 1") == 0);
}

TEST_CASE("the kernel says who is at the other end of a socket") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const util::UniqueFd one(ends[0]);
  const util::UniqueFd other(ends[1]);
  PeerReader reader({});
  const absl::StatusOr<Peer> peer = reader.Read(one.get());
  REQUIRE(peer.ok());
  CHECK(peer->uid == ::getuid());
  CHECK(peer->gid == ::getgid());
  CHECK(peer->pid == ::getpid());
  CHECK(peer->pid_start_time > 0);
  CHECK(peer->command.find("peer_test") != std::string::npos);
}

TEST_CASE("what is not a socket has no peer") {
  PeerReader reader({});
  CHECK_FALSE(reader.Read(-1).ok());
}

TEST_CASE("identity, command line and start time of a process") {
  const FakeProc proc;
  proc.Write(42, "stat", "42 (evil) S) S 1 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 99 1\n");
  proc.Write(42, "cmdline", std::string("virsh\0-c\0lxc:///\0", 17));
  PeerReader reader(OptionsFor(proc, 1000, 42));
  const absl::StatusOr<Peer> peer = reader.Read(0);
  REQUIRE(peer.ok());
  CHECK(peer->identity == "unix:alice(1000)");
  CHECK(peer->user == "alice");
  CHECK(peer->command == "virsh -c lxc:///");
  CHECK(peer->pid_start_time == 99);
}

TEST_CASE("without a command line the process's name stands in") {
  const FakeProc proc;
  proc.Write(42, "cmdline", "");
  proc.Write(42, "comm", "kworker\x1b/0\n");
  PeerReader reader(OptionsFor(proc, 1000, 42));
  CHECK(reader.Read(0)->command == "kworker?/0");
}

TEST_CASE("a huge command line is read in part only") {
  const FakeProc proc;
  proc.Write(42, "cmdline", std::string(1 << 20, 'x'));
  PeerReader reader(OptionsFor(proc, 1000, 42));
  CHECK(reader.Read(0)->command.size() == 256);
}

TEST_CASE("a process that is gone has an identity all the same") {
  const FakeProc proc;
  PeerReader reader(OptionsFor(proc, 4242, 42));
  const absl::StatusOr<Peer> peer = reader.Read(0);
  REQUIRE(peer.ok());
  CHECK(peer->identity == "unix:4242");
  CHECK(peer->command.empty());
  CHECK(peer->pid_start_time == 0);
}

TEST_CASE("a user's name is asked for once a minute") {
  const FakeProc proc;
  util::FakeClock clock;
  int asked = 0;
  PeerReader::Options options = OptionsFor(proc, 1000, 42);
  options.clock = &clock;
  options.user_name = [&asked](uid_t) { return absl::StrCat("alice", ++asked); };
  PeerReader reader(std::move(options));
  CHECK(reader.Read(0)->user == "alice1");
  CHECK(reader.Read(0)->user == "alice1");
  clock.Advance(absl::Seconds(61));
  CHECK(reader.Read(0)->user == "alice2");
}

TEST_CASE("a hostile user name is made harmless") {
  const FakeProc proc;
  PeerReader::Options options = OptionsFor(proc, 1000, 42);
  options.user_name = [](uid_t) { return "a\nb"; };
  PeerReader reader(std::move(options));
  CHECK(reader.Read(0)->identity == "unix:a?b(1000)");
}

}  // namespace
}  // namespace reeve::connections
