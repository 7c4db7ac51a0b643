// systemd-logind on a bus of the test's own. Nothing is put to sleep.
#include <fcntl.h>
#include <unistd.h>

#include <mutex>
#include <optional>
#include <vector>

#include "drivers/node/sleep_manager.h"
#include "proto/status.h"
#include "util/fd.h"
#include "util/test_bus.h"

namespace reeve::node {
namespace {

// Answers as the test says and keeps which methods were called.
class FakeLogind {
 public:
  explicit FakeLogind(const std::string& address) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    read_end_.Reset(ends[0]);
    lock_.Reset(ends[1]);
    static const sd_bus_vtable kMethods[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CanSuspend", "", "s", &FakeLogind::Can, 0),
        SD_BUS_METHOD("CanHibernate", "", "s", &FakeLogind::Can, 0),
        SD_BUS_METHOD("CanHybridSleep", "", "s", &FakeLogind::Can, 0),
        SD_BUS_METHOD("Inhibit", "ssss", "h", &FakeLogind::Inhibit, 0),
        SD_BUS_METHOD("Suspend", "b", "", &FakeLogind::Sleep, 0),
        SD_BUS_METHOD("Hibernate", "b", "", &FakeLogind::Sleep, 0),
        SD_BUS_METHOD("HybridSleep", "b", "", &FakeLogind::Sleep, 0),
        SD_BUS_VTABLE_END,
    };
    service_.emplace(address, "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager",
                     kMethods, this);
  }
  void SetAnswer(const char* answer) { answer_ = answer; }
  std::vector<std::string> TakeCalls() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(calls_, {});
  }
  // Whether nobody has the descriptor that Inhibit gave any more.
  bool LockIsClosed() {
    lock_.Reset();
    char byte;
    return read(read_end_.get(), &byte, 1) == 0;
  }

 private:
  static FakeLogind* Note(void* context, sd_bus_message* call) {
    auto* self = static_cast<FakeLogind*>(context);
    const std::lock_guard<std::mutex> lock(self->mutex_);
    self->calls_.emplace_back(sd_bus_message_get_member(call));
    return self;
  }
  static int Can(sd_bus_message* call, void* context, sd_bus_error*) {
    return sd_bus_reply_method_return(call, "s", Note(context, call)->answer_.load());
  }
  static int Inhibit(sd_bus_message* call, void* context, sd_bus_error* error) {
    FakeLogind* self = Note(context, call);
    const char *what = nullptr, *who = nullptr, *why = nullptr, *mode = nullptr;
    sd_bus_message_read(call, "ssss", &what, &who, &why, &mode);
    if (std::string(what) != "sleep" || std::string(mode) != "delay") {
      return sd_bus_error_set(error, "org.freedesktop.login1.Wrong", "not a delay of sleep");
    }
    return sd_bus_reply_method_return(call, "h", self->lock_.get());
  }
  static int Sleep(sd_bus_message* call, void* context, sd_bus_error* error) {
    FakeLogind* self = Note(context, call);
    if (std::string(self->answer_) != "yes") {
      return sd_bus_error_set(error, "org.freedesktop.login1.OperationInProgress", "already\nin progress");
    }
    return sd_bus_reply_method_return(call, "");
  }

  std::atomic<const char*> answer_{"yes"};
  util::UniqueFd read_end_;
  util::UniqueFd lock_;
  std::mutex mutex_;
  std::vector<std::string> calls_;
  std::optional<util::TestService> service_;  // last: it ends before what it uses
};

using Calls = std::vector<std::string>;

TEST_CASE("each way to sleep has its method, and sleep waits for the descriptor") {
  const util::TestBus bus;
  FakeLogind fake(bus.address());
  const auto logind = MakeLogind(bus.address());
  CHECK(logind->Check(v1::SUSPEND_TARGET_MEMORY).ok());
  CHECK(logind->Check(v1::SUSPEND_TARGET_DISK).ok());
  CHECK(logind->Check(v1::SUSPEND_TARGET_HYBRID).ok());
  CHECK(fake.TakeCalls() == Calls{"CanSuspend", "CanHibernate", "CanHybridSleep"});
  auto awake = logind->Sleep(v1::SUSPEND_TARGET_DISK);
  REQUIRE(awake.ok());
  CHECK(fake.TakeCalls() == Calls{"Inhibit", "Hibernate"});
  CHECK_FALSE(fake.LockIsClosed());
  awake->Reset();
  CHECK(fake.LockIsClosed());
}

TEST_CASE("whatever is not yes is no, and told") {
  const util::TestBus bus;
  FakeLogind fake(bus.address());
  const auto logind = MakeLogind(bus.address());
  for (const char* answer : {"no", "na", "challenge"}) {
    fake.SetAnswer(answer);
    const absl::Status refused = logind->Check(v1::SUSPEND_TARGET_MEMORY);
    CHECK(ReasonOf(refused) == v1::REASON_NODE_CANNOT);
    CHECK_THAT(std::string(refused.message()), Catch::Contains(answer));
  }
  const absl::Status refused = logind->Sleep(v1::SUSPEND_TARGET_MEMORY).status();
  CHECK(ReasonOf(refused) == v1::REASON_NODE_CANNOT);
  CHECK_THAT(std::string(refused.message()), Catch::Contains("in progress") && !Catch::Contains("\n"));
  CHECK(fake.LockIsClosed());
}

TEST_CASE("without logind, and without a bus, the error says so") {
  {
    const util::TestBus bus;
    const absl::Status none = MakeLogind(bus.address())->Check(v1::SUSPEND_TARGET_MEMORY);
    CHECK(ReasonOf(none) == v1::REASON_NODE_CANNOT);
    CHECK_THAT(std::string(none.message()), Catch::Contains("systemd-logind"));
  }
  const absl::Status no_bus = MakeLogind("unix:path=/nonexistent/bus")->Check(v1::SUSPEND_TARGET_MEMORY);
  CHECK(ReasonOf(no_bus) == v1::REASON_NODE_CANNOT);
  CHECK_THAT(std::string(no_bus.message()), Catch::Contains("system bus"));
}

}  // namespace
}  // namespace reeve::node
