#include "daemon/connections/acceptor.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <deque>
#include <filesystem>
#include <set>

#include "daemon/connections/testing/sockets.h"

namespace reeve::connections {
namespace {

using testing::Connect;
using testing::SeesEnd;
using testing::SocketDirectory;

constexpr absl::Duration kPatience = absl::Seconds(10);

// An acceptor whose hand-over keeps the descriptors, as gRPC would.
class Harness {
 public:
  explicit Harness(Acceptor::Options options = {}, bool read_only = false) {
    std::vector<Listener> listeners;
    auto listener = Listener::Create({.path = path(), .read_only = read_only});
    REQUIRE(listener.ok());
    listeners.push_back(*std::move(listener));
    table.AddCloseListener([this](const Connection& connection) {
      const absl::MutexLock lock(&mutex_);
      ended_.insert(connection.number);
    });
    auto started = Acceptor::Start(
        std::move(listeners), &table,
        [this](int descriptor, const Connection&) {
          const absl::MutexLock lock(&mutex_);
          in_table_at_hand_over_ &= table.HasDescriptor(descriptor);
          handed_over_.emplace_back(descriptor);
          numbers_.push_back(descriptor);
        },
        options);
    REQUIRE(started.ok());
    acceptor = *std::move(started);
  }

  ~Harness() { acceptor.reset(); }  // before what its thread uses

  std::string path() const { return directory_.Path("s"); }

  // Waits until `count` connections have been handed over since the start.
  bool AwaitHandedOver(size_t count) {
    const absl::MutexLock lock(&mutex_);
    const auto enough = [this, count]() { return numbers_.size() >= count; };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), kPatience);
  }
  bool AwaitEnded(uint64_t number) {
    const absl::MutexLock lock(&mutex_);
    const auto ended = [this, number]() { return ended_.count(number) > 0; };
    return mutex_.AwaitWithTimeout(absl::Condition(&ended), kPatience);
  }
  std::vector<int> numbers() {
    const absl::MutexLock lock(&mutex_);
    return numbers_;
  }
  // As gRPC does at the end of a transport: shut down, then close.
  void CloseOldest() {
    const absl::MutexLock lock(&mutex_);
    ::shutdown(handed_over_.front().get(), SHUT_RDWR);
    handed_over_.pop_front();
  }
  bool in_table_at_hand_over() {
    const absl::MutexLock lock(&mutex_);
    return in_table_at_hand_over_;
  }

  Table table{&util::Clock::Real()};
  std::unique_ptr<Acceptor> acceptor;

 private:
  SocketDirectory directory_;
  absl::Mutex mutex_;
  std::deque<util::UniqueFd> handed_over_;
  std::vector<int> numbers_;
  std::set<uint64_t> ended_;
  bool in_table_at_hand_over_ = true;
};

Acceptor::Options AsUser(uid_t uid, ClientLimits limits) {
  Acceptor::Options options;
  options.limits = limits;
  options.peers.credentials = [uid](int) -> absl::StatusOr<ucred> {
    return ucred{.pid = ::getpid(), .uid = uid, .gid = 0};
  };
  options.peers.user_name = [](uid_t) { return "alice"; };
  return options;
}

TEST_CASE("a client is in the table, with who it is, before anybody can serve it") {
  Harness harness({}, true);
  const util::UniqueFd client = Connect(harness.path());
  REQUIRE(harness.AwaitHandedOver(1));
  CHECK(harness.in_table_at_hand_over());
  const auto connection = harness.table.FindByPeer(absl::StrCat("fd:", harness.numbers()[0]));
  REQUIRE(connection != nullptr);
  CHECK(connection->peer.pid == ::getpid());
  CHECK(connection->peer.uid == ::getuid());
  CHECK(connection->read_only);
}

TEST_CASE("another process is somebody else") {
  Harness harness;
  const util::UniqueFd mine = Connect(harness.path());
  REQUIRE(harness.AwaitHandedOver(1));
  const std::string path = harness.path();
  int gate[2];
  REQUIRE(::pipe(gate) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(gate[1]);
    const util::UniqueFd socket = Connect(path);
    char byte;
    (void)!::read(gate[0], &byte, 1);  // until the parent has looked
    ::_exit(0);
  }
  ::close(gate[0]);
  REQUIRE(harness.AwaitHandedOver(2));
  const auto first = harness.table.FindByPeer(absl::StrCat("fd:", harness.numbers()[0]));
  const auto second = harness.table.FindByPeer(absl::StrCat("fd:", harness.numbers()[1]));
  REQUIRE(first != nullptr);
  REQUIRE(second != nullptr);
  CHECK(first->peer.pid == ::getpid());
  CHECK(second->peer.pid == child);
  CHECK(second->peer.pid_start_time >= first->peer.pid_start_time);
  const uint64_t number = second->number;
  ::close(gate[1]);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(harness.AwaitEnded(number));
}

TEST_CASE("a hang-up takes the connection out of the table at once") {
  Harness harness;
  util::UniqueFd client = Connect(harness.path());
  REQUIRE(harness.AwaitHandedOver(1));
  const std::string peer = absl::StrCat("fd:", harness.numbers()[0]);
  const uint64_t number = harness.table.FindByPeer(peer)->number;
  client.Reset();
  REQUIRE(harness.AwaitEnded(number));
  CHECK(harness.table.FindByPeer(peer) == nullptr);
  CHECK(harness.table.size() == 0);
}

TEST_CASE("a connection that the server drops leaves the table, too") {
  Harness harness;
  const util::UniqueFd client = Connect(harness.path());
  REQUIRE(harness.AwaitHandedOver(1));
  const uint64_t number = harness.table.List().at(0)->number;
  harness.CloseOldest();
  CHECK(harness.AwaitEnded(number));
}

TEST_CASE("who is thrown out sees the end and leaves the table") {
  Harness harness;
  const util::UniqueFd client = Connect(harness.path());
  REQUIRE(harness.AwaitHandedOver(1));
  const uint64_t number = harness.table.List().at(0)->number;
  REQUIRE(harness.table.Disconnect(number).ok());
  CHECK(SeesEnd(client.get()));
  CHECK(harness.AwaitEnded(number));
}

TEST_CASE("descriptor numbers go on and do not come back soon") {
  Harness harness;
  std::set<int> seen;
  int last = 0;
  for (size_t i = 1; i <= 300; ++i) {
    const util::UniqueFd client = Connect(harness.path());
    REQUIRE(harness.AwaitHandedOver(i));
    const int number = harness.numbers().back();
    CHECK(number > last);
    CHECK(seen.insert(number).second);
    last = number;
    harness.CloseOldest();
  }
}

TEST_CASE("clients beyond the limit are closed at once; the others stay, and a place that is free is given again") {
  Acceptor::Options options;
  options.limits.max_clients = 10;
  Harness harness(options);
  std::vector<util::UniqueFd> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(Connect(harness.path()));
  REQUIRE(harness.AwaitHandedOver(10));
  for (int i = 0; i < 5; ++i) {
    const util::UniqueFd refused = Connect(harness.path());
    CHECK(SeesEnd(refused.get()));
  }
  CHECK(harness.table.size() == 10);
  CHECK(harness.acceptor->refused() == 5);
  const uint64_t number = harness.table.List().at(0)->number;
  clients[0].Reset();
  REQUIRE(harness.AwaitEnded(number));
  const util::UniqueFd next = Connect(harness.path());
  CHECK(harness.AwaitHandedOver(11));
}

TEST_CASE("one user cannot take all places") {
  Harness harness(AsUser(1000, {.max_clients = 100, .max_clients_per_user = 3}));
  std::vector<util::UniqueFd> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(Connect(harness.path()));
  REQUIRE(harness.AwaitHandedOver(3));
  const util::UniqueFd refused = Connect(harness.path());
  CHECK(SeesEnd(refused.get()));
  CHECK(harness.table.CountOfIdentity("unix:alice(1000)") == 3);
}

TEST_CASE("the last places are for root") {
  Harness harness(AsUser(1000, {.max_clients = 20, .max_clients_per_user = 100}));
  std::vector<util::UniqueFd> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(Connect(harness.path()));
  REQUIRE(harness.AwaitHandedOver(10));
  const util::UniqueFd refused = Connect(harness.path());
  CHECK(SeesEnd(refused.get()));
}

TEST_CASE("2000 clients that say nothing are let in, those beyond the limit are not, and all ends are seen") {
  rlimit files{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  if (files.rlim_max < 8000) return;  // this host does not allow so many
  rlimit more = files;
  more.rlim_cur = std::min<rlim_t>(files.rlim_max, 20000);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &more) == 0);
  {
    Acceptor::Options options;
    options.limits.max_clients = 1500;
    Harness harness(options);
    CHECK(harness.acceptor->max_clients() == 1500);
    std::vector<util::UniqueFd> clients;
    for (int i = 0; i < 2000; ++i) clients.push_back(Connect(harness.path()));
    REQUIRE(harness.AwaitHandedOver(1500));
    int refused = 0;
    for (size_t i = 1500; i < 2000; ++i) refused += SeesEnd(clients[i].get()) ? 1 : 0;
    CHECK(refused == 500);
    CHECK(harness.table.size() == 1500);
    const uint64_t last = harness.table.List().back()->number;
    clients.clear();
    CHECK(harness.AwaitEnded(last));
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &files) == 0);
}

TEST_CASE("the limit of clients follows from the limit of open files") {
  rlimit files{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  rlimit fewer = files;
  fewer.rlim_cur = 456;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &fewer) == 0);
  {
    Harness harness;
    CHECK(harness.acceptor->max_clients() == 100);
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &files) == 0);
}

TEST_CASE("other limits hold for those who come later") {
  Acceptor::Options options;
  options.limits.max_clients = 3;
  Harness harness(options);
  const util::UniqueFd first = Connect(harness.path());
  const util::UniqueFd second = Connect(harness.path());
  REQUIRE(harness.AwaitHandedOver(2));
  harness.acceptor->SetLimits({.max_clients = 1, .max_clients_per_user = 1});
  CHECK(harness.acceptor->max_clients() == 1);
  const util::UniqueFd refused = Connect(harness.path());
  CHECK(SeesEnd(refused.get()));
  CHECK(harness.table.size() == 2);
  harness.acceptor->SetLimits({.max_clients = 4, .max_clients_per_user = 4});
  const util::UniqueFd third = Connect(harness.path());
  CHECK(harness.AwaitHandedOver(3));
  // Not beyond what can be numbered.
  harness.acceptor->SetLimits({.max_clients = 100000, .max_clients_per_user = 4});
  CHECK(harness.acceptor->max_clients() < 100000);
}

TEST_CASE("without a free descriptor clients are turned away, the thread does not spin, and all goes on afterwards") {
  Acceptor::Options options;
  options.limits.max_clients = 50;
  Harness harness(options);
  const util::UniqueFd before = Connect(harness.path());
  REQUIRE(harness.AwaitHandedOver(1));
  rlimit files{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  int highest = 0;
  {
    const util::UniqueFd probe(::dup(0));
    highest = probe.get();
  }
  const pid_t child = ::fork();
  if (child == 0) {
    // Another process, which has descriptors, asks for entrance when this one has none: it waits for the signal.
    ::raise(SIGSTOP);
    const util::UniqueFd refused = Connect(harness.path());
    ::_exit(SeesEnd(refused.get()) ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, WUNTRACED) == child);
  rlimit none = files;
  none.rlim_cur = static_cast<rlim_t>(highest);  // every number below is in use
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  ::kill(child, SIGCONT);
  const pid_t waited = ::waitpid(child, &status, 0);
  const rusage usage = [] {
    rusage result{};
    ::getrusage(RUSAGE_SELF, &result);
    return result;
  }();
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &files) == 0);
  REQUIRE(waited == child);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(usage.ru_utime.tv_sec < 20);
  CHECK(harness.acceptor->refused() >= 1);
  const util::UniqueFd after = Connect(harness.path());
  CHECK(harness.AwaitHandedOver(2));
}

TEST_CASE("when it stops listening nobody comes in, the path is gone, and ends are still seen") {
  Harness harness;
  util::UniqueFd client = Connect(harness.path());
  REQUIRE(harness.AwaitHandedOver(1));
  harness.acceptor->StopListening();
  CHECK_FALSE(Connect(harness.path()));
  CHECK_FALSE(std::filesystem::exists(harness.path()));
  const uint64_t number = harness.table.List().at(0)->number;
  client.Reset();
  CHECK(harness.AwaitEnded(number));
  harness.acceptor->StopListening();  // does no harm
}

TEST_CASE("bad limits and no listener are refused") {
  Table table(&util::Clock::Real());
  const auto nothing = [](int, const Connection&) {};
  CHECK_FALSE(Acceptor::Start({}, &table, nothing, {}).ok());
  const SocketDirectory directory;
  std::vector<Listener> listeners;
  listeners.push_back(*Listener::Create({.path = directory.Path("s")}));
  Acceptor::Options options;
  options.limits.max_clients = 0;
  CHECK_FALSE(Acceptor::Start(std::move(listeners), &table, nothing, options).ok());
}

}  // namespace
}  // namespace reeve::connections
