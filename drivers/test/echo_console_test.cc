#include "drivers/test/echo_console.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <string>

#include "proto/status.h"

namespace reeve::test_driver {
namespace {

// Keeps what a reader is given. Await returns when it has what is expected.
class Recorder {
 public:
  drivers::ConsoleReader Reader() {
    return {.on_output =
                [this](absl::string_view bytes, uint64_t lost_bytes) {
                  const std::lock_guard<std::mutex> lock(mutex_);
                  output_ += std::string(bytes);
                  lost_bytes_ += lost_bytes;
                  changed_.notify_all();
                },
            .on_closed =
                [this](const std::string& reason) {
                  const std::lock_guard<std::mutex> lock(mutex_);
                  closed_ += reason;
                  changed_.notify_all();
                }};
  }
  bool AwaitOutput(const std::string& expected) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return output_ == expected; });
  }
  bool AwaitBytes(size_t bytes) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return output_.size() >= bytes; });
  }
  bool AwaitClosed(const std::string& expected) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return closed_ == expected; });
  }
  std::string output() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return output_;
  }
  uint64_t lost_bytes() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lost_bytes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string output_;
  uint64_t lost_bytes_ = 0;
  std::string closed_;
};

TEST_CASE("what is written comes back, to every reader") {
  Recorder writer, reader;
  ConsoleThread thread;
  const auto console = std::make_shared<EchoConsole>(&thread);
  console->Print("banner ");
  auto first = console->Attach({}, writer.Reader());
  auto second = console->Attach({.read_only = true, .replay = false}, reader.Reader());
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK((*first)->Write("hello").ok());
  CHECK((*first)->Resize(80, 25).ok());
  CHECK(writer.AwaitOutput("banner hello"));
  CHECK(reader.AwaitOutput("hello"));
  CHECK(ReasonOf((*second)->Write("x")) == v1::REASON_REQUEST_INVALID);
}

TEST_CASE("one client writes; another takes over by force only") {
  Recorder old_writer, new_writer;
  ConsoleThread thread;
  const auto console = std::make_shared<EchoConsole>(&thread);
  auto first = console->Attach({}, old_writer.Reader());
  REQUIRE(first.ok());
  CHECK(ReasonOf(console->Attach({}, new_writer.Reader()).status()) == v1::REASON_CONSOLE_BUSY);
  auto second = console->Attach({.force = true}, new_writer.Reader());
  REQUIRE(second.ok());
  CHECK(old_writer.AwaitClosed("another client has taken the console over"));
  CHECK(ReasonOf((*first)->Write("x")) == v1::REASON_CONSOLE_BUSY);
  CHECK((*second)->Write("y").ok());
  CHECK(new_writer.AwaitOutput("y"));
  CHECK(old_writer.output().empty());
}

TEST_CASE("a detached writer leaves the place free") {
  Recorder recorder;
  ConsoleThread thread;
  const auto console = std::make_shared<EchoConsole>(&thread);
  { REQUIRE(console->Attach({}, recorder.Reader()).ok()); }
  CHECK(console->Attach({}, recorder.Reader()).ok());
}

TEST_CASE("a reader that is not ready loses the oldest bytes and is told how many") {
  Recorder recorder, other;
  ConsoleThread thread;
  const auto console = std::make_shared<EchoConsole>(&thread);
  auto slow = console->Attach({.read_only = true}, recorder.Reader());
  REQUIRE(slow.ok());
  (*slow)->SetReady(false);
  console->Print(std::string(10, 'a'));
  console->Print(std::string(EchoConsole::kBufferBytes, 'b'));
  // A second reader has it all, so the thread has had its chance to give it to the first.
  auto fast = console->Attach({.read_only = true}, other.Reader());
  REQUIRE(fast.ok());
  CHECK(other.AwaitBytes(EchoConsole::kBufferBytes));
  CHECK(recorder.output().empty());
  (*slow)->SetReady(true);
  CHECK(recorder.AwaitOutput(std::string(EchoConsole::kBufferBytes, 'b')));
  CHECK(recorder.lost_bytes() == 10);
}

TEST_CASE("a suspended guest takes input later, up to 64 KiB") {
  Recorder recorder;
  ConsoleThread thread;
  const auto console = std::make_shared<EchoConsole>(&thread);
  auto attached = console->Attach({}, recorder.Reader());
  REQUIRE(attached.ok());
  console->SetPaused(true);
  CHECK((*attached)->Write(std::string(EchoConsole::kBufferBytes, 'x')).ok());
  const absl::Status refused = (*attached)->Write("y");
  CHECK(refused.code() == absl::StatusCode::kResourceExhausted);
  CHECK(recorder.output().empty());
  console->SetPaused(false);
  CHECK(recorder.AwaitBytes(EchoConsole::kBufferBytes));
  CHECK((*attached)->Write("y").ok());
}

TEST_CASE("the end comes last, and also to those who attach after it") {
  Recorder recorder, late;
  ConsoleThread thread;
  const auto console = std::make_shared<EchoConsole>(&thread);
  auto attached = console->Attach({}, recorder.Reader());
  REQUIRE(attached.ok());
  (*attached)->SetReady(false);
  console->Print("last words");
  console->Close("the domain has ended");
  console->Print("from beyond");
  CHECK(ReasonOf((*attached)->Write("x")) == v1::REASON_DOMAIN_STATE);
  (*attached)->SetReady(true);
  CHECK(recorder.AwaitClosed("the domain has ended"));
  CHECK(recorder.output() == "last words");
  auto after = console->Attach({.read_only = true}, late.Reader());
  REQUIRE(after.ok());
  CHECK(late.AwaitClosed("the domain has ended"));
}

}  // namespace
}  // namespace reeve::test_driver
