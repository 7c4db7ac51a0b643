// Events and consoles over real sockets.
#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "daemon/services/testing/harness.h"
#include "proto/status.h"

namespace reeve::services {
namespace {

using testing::ClientStream;
using testing::Connect;
using testing::Feed;
using testing::Harness;

// A watch of a harness, with the other end of it.
struct Watch {
  explicit Watch(Harness* harness, const v1::WatchRequest& request = {})
      : channel(Connect(harness->path())), stream(channel.get(), methods::kWatch.path) {
    REQUIRE(stream.Write(request.SerializeAsString()));
    REQUIRE(stream.WritesDone());
    feed = harness->manager.AwaitFeeds(1).at(0);
  }
  std::shared_ptr<grpc::Channel> channel;
  ClientStream stream;
  std::shared_ptr<Feed> feed;
};

TEST_CASE("all events come, in order, those before the watch began to wait and those after") {
  Harness harness;
  Watch watch(&harness);
  for (int i = 0; i < 500; ++i) watch.feed->Push(absl::StrCat("event ", i));
  std::string message;
  for (int i = 0; i < 500; ++i) {
    REQUIRE(watch.stream.Read(&message));
    REQUIRE(message == absl::StrCat("event ", i));
  }
  for (int i = 0; i < 100; ++i) {
    watch.feed->Push(absl::StrCat("late ", i));
    REQUIRE(watch.stream.Read(&message));
    REQUIRE(message == absl::StrCat("late ", i));
  }
}

TEST_CASE("a message that all watchers get is one message") {
  Harness harness;
  Watch one(&harness);
  Watch other(&harness);
  const auto feeds = harness.manager.AwaitFeeds(2);
  const auto message = std::make_shared<const std::string>(100'000, 'x');
  for (const auto& feed : feeds) feed->Push(message);
  std::string received;
  REQUIRE(one.stream.Read(&received));
  CHECK(received == *message);
  REQUIRE(other.stream.Read(&received));
  CHECK(received == *message);
}

TEST_CASE("a watch that cannot begin, and one that fails later, end with their reason") {
  Harness harness;
  v1::WatchRequest future;
  future.set_start_revision(5000);
  const auto channel = Connect(harness.path());
  ClientStream refused(channel.get(), methods::kWatch.path);
  REQUIRE(refused.Write(future.SerializeAsString()));
  CHECK(ReasonOf(refused.Finish()) == v1::REASON_REVISION_UNKNOWN);

  Watch watch(&harness);
  watch.feed->Push("last");
  watch.feed->Fail(Error(v1::REASON_RESYNC_REQUIRED, "too slow"));
  std::string message;
  REQUIRE(watch.stream.Read(&message));
  CHECK(message == "last");
  CHECK_FALSE(watch.stream.Read(&message));
  CHECK(ReasonOf(watch.stream.Finish()) == v1::REASON_RESYNC_REQUIRED);
  CHECK(watch.feed->AwaitEnded());
}

TEST_CASE("a watch up to now ends well") {
  Harness harness;
  Watch watch(&harness);
  watch.feed->Complete();
  CHECK(watch.stream.Finish().ok());
  CHECK(watch.feed->AwaitEnded());
}

TEST_CASE("a watch that its client cancels ends") {
  Harness harness;
  Watch watch(&harness);
  watch.stream.Cancel();
  CHECK(watch.feed->AwaitEnded());
}

// An attached console of a harness.
struct Attached {
  explicit Attached(Harness* harness, const std::string& domain = "web1")
      : state(harness->manager.console),
        channel(Connect(harness->path())),
        stream(channel.get(), methods::kAttachConsole.path) {
    v1::AttachConsoleRequest request;
    request.mutable_open()->set_domain(domain);
    REQUIRE(stream.Write(request.SerializeAsString()));
  }
  v1::AttachConsoleResponse Read() {
    std::string bytes;
    v1::AttachConsoleResponse response;
    if (stream.Read(&bytes)) response.ParseFromString(bytes);
    return response;
  }
  void Send(const v1::AttachConsoleRequest& request) { REQUIRE(stream.Write(request.SerializeAsString())); }
  // The guest writes.
  void Output(const std::string& bytes) {
    drivers::ConsoleReader reader;
    {
      const absl::MutexLock lock(&state->mutex);
      reader = state->reader;
    }
    REQUIRE(reader.on_output);
    reader.on_output(bytes, 0);
  }
  template <typename Predicate>
  bool Await(Predicate predicate) {
    const absl::MutexLock lock(&state->mutex);
    return state->mutex.AwaitWithTimeout(absl::Condition(&predicate), absl::Seconds(10));
  }
  std::shared_ptr<testing::FakeConsoleState> state;
  std::shared_ptr<grpc::Channel> channel;
  ClientStream stream;
};

TEST_CASE("a console carries bytes both ways, and sizes") {
  Harness harness;
  Attached console(&harness);
  CHECK(console.Read().opened().domain() == "web1");
  console.Output("login: ");
  CHECK(console.Read().output() == "login: ");
  v1::AttachConsoleRequest request;
  request.set_input("root\n");
  console.Send(request);
  request.mutable_size()->set_columns(132);
  request.mutable_size()->set_rows(50);
  console.Send(request);
  CHECK(console.Await([&] { return console.state->size == std::pair<uint32_t, uint32_t>(132, 50); }));
  CHECK(console.Await([&] { return console.state->input == "root\n"; }));
}

TEST_CASE("what the driver gives while it attaches comes behind `opened`") {
  Harness harness;
  Attached console(&harness, "replay");
  CHECK(console.Read().has_opened());
  const v1::AttachConsoleResponse replay = console.Read();
  CHECK(replay.output() == "before");
  CHECK(replay.lost_bytes() == 3);
}

TEST_CASE("input that the guest does not take now is kept and not lost") {
  Harness harness;
  {
    const absl::MutexLock lock(&harness.manager.console->mutex);
    harness.manager.console->refuse_writes = 3;
  }
  Attached console(&harness);
  v1::AttachConsoleRequest request;
  for (const char* input : {"a", "b", "c"}) {
    request.set_input(input);
    console.Send(request);
  }
  CHECK(console.Await([&] { return console.state->input == "abc"; }));
}

TEST_CASE("a client that does not read makes the driver hold back, and get on when it reads") {
  Harness harness;
  Attached console(&harness);
  CHECK(console.Read().has_opened());
  // gRPC's own buffers take some.
  const std::string chunk(16 << 10, 'x');
  size_t written = 0;
  const auto ready = [&] {
    const absl::MutexLock lock(&console.state->mutex);
    return console.state->ready;
  };
  while (ready() && written < (64 << 20)) {
    console.Output(chunk);
    written += chunk.size();
  }
  CHECK(written < (64 << 20));
  size_t received = 0;
  uint64_t lost = 0;
  while (received + lost < written) {
    const v1::AttachConsoleResponse response = console.Read();
    REQUIRE(response.has_output());
    received += response.output().size();
    lost += response.lost_bytes();
  }
  CHECK(received + lost == written);
  CHECK(console.Await([&] { return console.state->ready; }));
}

TEST_CASE("a console ends with its guest: what it wrote, why, and then the end") {
  Harness harness;
  Attached console(&harness);
  CHECK(console.Read().has_opened());
  console.Output("bye");
  drivers::ConsoleReader reader;
  {
    const absl::MutexLock lock(&console.state->mutex);
    reader = console.state->reader;
  }
  reader.on_closed("the domain has ended");
  CHECK(console.Read().output() == "bye");
  CHECK(console.Read().closed().reason() == "the domain has ended");
  CHECK(console.stream.Finish().ok());
  CHECK(console.Await([&] { return console.state->detached; }));
}

TEST_CASE("a console ends when the client closes its half") {
  Harness harness;
  Attached console(&harness);
  CHECK(console.Read().has_opened());
  REQUIRE(console.stream.WritesDone());
  CHECK(console.stream.Finish().ok());
  CHECK(console.Await([&] { return console.state->detached; }));
}

TEST_CASE("a console is detached when the connection goes") {
  Harness harness;
  Attached console(&harness);
  CHECK(console.Read().has_opened());
  harness.table.DisconnectAll();
  CHECK(console.Await([&] { return console.state->detached; }));
}

TEST_CASE("consoles that cannot be, and messages out of turn") {
  Harness harness;
  const auto channel = Connect(harness.path());
  const auto reason = [&channel](std::vector<v1::AttachConsoleRequest> requests) {
    ClientStream stream(channel.get(), methods::kAttachConsole.path);
    for (const auto& request : requests) stream.Write(request.SerializeAsString());
    std::string opened;
    while (stream.Read(&opened)) {
    }
    return ReasonOf(stream.Finish());
  };
  v1::AttachConsoleRequest none;
  none.mutable_open()->set_domain("none");
  CHECK(reason({none}) == v1::REASON_DOMAIN_NOT_FOUND);
  v1::AttachConsoleRequest open;
  open.mutable_open()->set_domain("web1");
  v1::AttachConsoleRequest input;
  input.set_input("x");
  CHECK(reason({input}) == v1::REASON_REQUEST_INVALID);
  CHECK(reason({open, open}) == v1::REASON_REQUEST_INVALID);
  CHECK(reason({open, {}}) == v1::REASON_REQUEST_INVALID);
  input.set_input(std::string((64 << 10) + 1, 'x'));
  CHECK(reason({open, input}) == v1::REASON_REQUEST_INVALID);
  v1::AttachConsoleRequest size;
  size.mutable_size()->set_columns(0);
  size.mutable_size()->set_rows(25);
  CHECK(reason({open, size}) == v1::REASON_REQUEST_INVALID);
  size.mutable_size()->set_columns(70000);
  CHECK(reason({open, size}) == v1::REASON_REQUEST_INVALID);
  ClientStream garbage(channel.get(), methods::kAttachConsole.path);
  garbage.Write("\xff\xff");
  CHECK(ReasonOf(garbage.Finish()) == v1::REASON_REQUEST_MALFORMED);
}

}  // namespace
}  // namespace reeve::services
