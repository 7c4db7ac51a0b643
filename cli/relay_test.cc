#include "cli/relay.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "util/fd.h"

namespace reeve::cli {
namespace {

struct Pair {
  Pair() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    here = util::UniqueFd(ends[0]);
    there = util::UniqueFd(ends[1]);
  }
  util::UniqueFd here;
  util::UniqueFd there;
};

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  ssize_t count = 0;
  while ((count = ::read(fd, buffer, sizeof(buffer))) > 0) text.append(buffer, static_cast<size_t>(count));
  return text;
}

void WriteAll(int fd, const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(fd, text.data() + done, text.size() - done);
    REQUIRE(count > 0);
    done += static_cast<size_t>(count);
  }
}

TEST_CASE("what is sent comes back whole after the input has ended") {
  Pair user;    // here: the user's; there: the relay's input and output
  Pair daemon;  // here: the relay's socket; there: the daemon's
  std::thread relay([&] {
    CHECK(Relay(user.there.get(), user.there.get(), daemon.here.get()).ok());
    // A terminal that is left non-blocking disturbs whoever reads it next.
    CHECK((::fcntl(user.there.get(), F_GETFL) & O_NONBLOCK) == 0);
    user.there.Reset();
  });
  // Answers only when all has come, so that the end of the input must have been told.
  std::thread answer([&] {
    const std::string all = ReadAll(daemon.there.get());
    WriteAll(daemon.there.get(), all);
    daemon.there.Reset();
  });
  std::string sent(3 << 20, 'x');
  for (size_t i = 0; i < sent.size(); i += 1000) sent[i] = static_cast<char>('a' + i / 1000 % 26);
  WriteAll(user.here.get(), sent);
  REQUIRE(::shutdown(user.here.get(), SHUT_WR) == 0);
  CHECK(ReadAll(user.here.get()) == sent);
  relay.join();
  answer.join();
}

TEST_CASE("the end of the daemon ends the relay, whether the user still listens or not") {
  ::signal(SIGPIPE, SIG_IGN);  // as Relay wants it
  Pair user;
  Pair daemon;
  daemon.there.Reset();
  CHECK(Relay(user.there.get(), user.there.get(), daemon.here.get()).ok());
  Pair gone;
  Pair talker;
  WriteAll(talker.there.get(), "something");
  talker.there.Reset();
  gone.here.Reset();
  CHECK(Relay(gone.there.get(), gone.there.get(), talker.here.get()).ok());
}

TEST_CASE("a descriptor that cannot be read is an error") {
  Pair daemon;
  Pair user;
  CHECK_FALSE(Relay(-1, user.there.get(), daemon.here.get()).ok());
}

}  // namespace
}  // namespace reeve::cli
