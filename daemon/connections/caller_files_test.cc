// Taking open files from another process: a child of the test, which stands for a client.
#include "daemon/connections/caller_files.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "daemon/connections/peer.h"
#include "proto/status.h"
#include "util/files.h"

namespace reeve::connections {
namespace {

// A process with a pipe's end open as descriptor 100, that waits to be killed.
class Client {
 public:
  explicit Client(bool hidden = false) {
    int ends[2];
    int ready[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    read_end_.Reset(ends[0]);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_DUMPABLE, hidden ? 0 : 1);
      prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
      dup2(ends[1], 100);
      (void)!write(ready[1], "r", 1);
      for (;;) pause();
    }
    ::close(ends[1]);
    char byte = 0;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~Client() { End(); }
  void End() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  Peer peer() const {
    Peer peer;
    peer.uid = getuid();
    peer.gid = getgid();
    peer.pid = pid_;
    const auto stat = util::ReadFile(absl::StrCat("/proc/", pid_, "/stat"));
    REQUIRE(stat.ok());
    peer.pid_start_time = ParseStartTime(*stat);
    return peer;
  }
  int read_end() const { return read_end_.get(); }

 private:
  pid_t pid_ = 0;
  util::UniqueFd read_end_;
};

v1::Reason ReasonOfTaking(const Peer& peer, const std::vector<int>& numbers) {
  return ReasonOf(TakeCallerFiles(peer, numbers).status());
}

TEST_CASE("files come in the order asked for, close-on-exec, and are the caller's") {
  const Client client;
  auto files = TakeCallerFiles(client.peer(), {100, 0, 100});
  REQUIRE(files.ok());
  REQUIRE(files->size() == 3);
  for (const util::UniqueFd& file : *files) CHECK((fcntl(file.get(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(write((*files)[0].get(), "a", 1) == 1);
  REQUIRE(write((*files)[2].get(), "b", 1) == 1);
  char bytes[3] = {};
  CHECK(read(client.read_end(), bytes, 2) == 2);
  CHECK(std::string(bytes) == "ab");
}

TEST_CASE("the thread that asks keeps no rights of others for the rest") {
  const uid_t before = getuid();
  const Client client;
  REQUIRE(TakeCallerFiles(client.peer(), {100}).ok());
  CHECK(getuid() == before);
  CHECK(geteuid() == before);
}

TEST_CASE("a number that is not open is named") {
  const Client client;
  const auto files = TakeCallerFiles(client.peer(), {100, 777});
  CHECK(ReasonOf(files.status()) == v1::REASON_DESCRIPTOR_INVALID);
  CHECK_THAT(std::string(files.status().message()), Catch::Contains("descriptor 777"));
}

TEST_CASE("a process that hides its files, by more rights or by itself, is left alone, also by root") {
  const Client client(/*hidden=*/true);
  CHECK(ReasonOfTaking(client.peer(), {100}) == v1::REASON_DESCRIPTOR_INVALID);
}

TEST_CASE("a process of another user than the connection's is left alone") {
  if (getuid() != 0) return;  // only root acts as others
  const Client client;
  Peer peer = client.peer();
  peer.uid = 12345;
  peer.gid = 12345;
  // Where the test itself is in a user namespace that has no such user, it fails for that.
  CHECK_FALSE(TakeCallerFiles(peer, {100}).ok());
}

TEST_CASE("no process, one that has ended, and another with its number") {
  Client client;
  Peer peer = client.peer();
  Peer reused = peer;
  reused.pid_start_time -= 1;
  CHECK(ReasonOfTaking(reused, {100}) == v1::REASON_DESCRIPTOR_INVALID);
  Peer remote = peer;
  remote.transport = Transport::kTls;
  CHECK(ReasonOfTaking(remote, {100}) == v1::REASON_DESCRIPTOR_INVALID);
  Peer unseen = peer;
  unseen.pid = 0;
  CHECK(ReasonOfTaking(unseen, {100}) == v1::REASON_DESCRIPTOR_INVALID);
  client.End();
  CHECK(ReasonOfTaking(peer, {100}) == v1::REASON_DESCRIPTOR_INVALID);
}

}  // namespace
}  // namespace reeve::connections
