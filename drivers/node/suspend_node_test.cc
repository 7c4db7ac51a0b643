// Sleep, with a clock in a directory and a manager that puts nothing to sleep.
#include "drivers/node/suspend_node.h"

#include <fcntl.h>

#include "drivers/node/fake_tree.h"
#include "proto/status.h"
#include "util/files.h"

namespace reeve::node {
namespace {

constexpr char kAlarm[] = "sys/class/rtc/rtc0/wakealarm";

class FakeManager final : public SleepManager {
 public:
  absl::Status Check(v1::SuspendTarget target) override {
    checked = target;
    return can;
  }
  absl::StatusOr<util::UniqueFd> Sleep(v1::SuspendTarget target) override {
    slept = target;
    if (!sleeps.ok()) return sleeps;
    return util::UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  absl::Status can;
  absl::Status sleeps;
  v1::SuspendTarget checked = v1::SUSPEND_TARGET_UNSPECIFIED;
  v1::SuspendTarget slept = v1::SUSPEND_TARGET_UNSPECIFIED;
};

struct Fixture {
  Fixture() { tree.Write(kAlarm, ""); }
  absl::StatusOr<util::UniqueFd> Suspend(v1::SuspendTarget target = v1::SUSPEND_TARGET_MEMORY, uint64_t seconds = 60) {
    v1::SuspendNodeRequest request;
    request.set_target(target);
    request.set_duration_seconds(seconds);
    return SuspendNode(tree.sources(), &manager, request);
  }
  v1::Reason Refused(v1::SuspendTarget target = v1::SUSPEND_TARGET_MEMORY, uint64_t seconds = 60) {
    const v1::Reason reason = ReasonOf(Suspend(target, seconds).status());
    CHECK(manager.slept == v1::SUSPEND_TARGET_UNSPECIFIED);
    return reason;
  }
  std::string Alarm() const { return *util::ReadFile(tree.Path(kAlarm)); }
  FakeTree tree;
  FakeManager manager;
};

TEST_CASE_METHOD(Fixture, "the alarm is set, then the host sleeps when the descriptor is closed") {
  const auto awake = Suspend(v1::SUSPEND_TARGET_HYBRID, 31536000);
  REQUIRE(awake.ok());
  CHECK(*awake);
  CHECK(manager.checked == v1::SUSPEND_TARGET_HYBRID);
  CHECK(manager.slept == v1::SUSPEND_TARGET_HYBRID);
  CHECK(Alarm() == "+31536000");
}

TEST_CASE_METHOD(Fixture, "requests out of bounds") {
  CHECK(Refused(v1::SUSPEND_TARGET_MEMORY, 59) == v1::REASON_REQUEST_INVALID);
  CHECK(Refused(v1::SUSPEND_TARGET_MEMORY, 31536001) == v1::REASON_REQUEST_INVALID);
  CHECK(Refused(v1::SUSPEND_TARGET_UNSPECIFIED) == v1::REASON_REQUEST_INVALID);
  CHECK(Refused(static_cast<v1::SuspendTarget>(17)) == v1::REASON_REQUEST_INVALID);
  CHECK(manager.checked == v1::SUSPEND_TARGET_UNSPECIFIED);
  CHECK(Alarm() == "\n");
}

TEST_CASE_METHOD(Fixture, "no alarm is set when the manager cannot") {
  manager.can = Error(v1::REASON_NODE_CANNOT, "no");
  CHECK(Refused() == v1::REASON_NODE_CANNOT);
  CHECK(Alarm() == "\n");
}

TEST_CASE_METHOD(Fixture,
                 "a clock without an alarm, and one that has somebody else's, end it before the manager is asked") {
  tree.Write(kAlarm, "1764133200");
  const auto taken = Suspend();
  CHECK(ReasonOf(taken.status()) == v1::REASON_NODE_CANNOT);
  CHECK_THAT(std::string(taken.status().message()), Catch::Contains("1764133200"));
  CHECK(Alarm() == "1764133200\n");
  tree.Remove(kAlarm);
  CHECK(Refused() == v1::REASON_NODE_CANNOT);
  CHECK(manager.checked == v1::SUSPEND_TARGET_UNSPECIFIED);
}

TEST_CASE_METHOD(Fixture, "the alarm is taken back when the manager refuses at last") {
  manager.sleeps = Error(v1::REASON_NODE_CANNOT, "somebody holds it awake");
  const auto refused = Suspend();
  CHECK(ReasonOf(refused.status()) == v1::REASON_NODE_CANNOT);
  // "0", over the "+60" that was written before.
  CHECK(Alarm().substr(0, 1) == "0");
}

}  // namespace
}  // namespace reeve::node
