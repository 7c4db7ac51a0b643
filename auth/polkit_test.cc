// The question to polkit on a real bus, answered by a polkit of the test's own.
#include "auth/polkit.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <optional>

#include "util/test_bus.h"

namespace reeve::auth {
namespace {

// Answers as the test says, and keeps what was asked.
class FakePolkit {
 public:
  struct Question {
    std::string kind;
    uint32_t pid = 0;
    uint64_t start_time = 0;
    int32_t uid = -1;
    std::string action;
    uint32_t flags = 0;
  };

  explicit FakePolkit(const std::string& address) {
    static const sd_bus_vtable kTable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", &FakePolkit::Answer, 0),
        SD_BUS_VTABLE_END,
    };
    service_.emplace(address, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                     "org.freedesktop.PolicyKit1.Authority", kTable, this);
  }

  void Set(bool authorized, bool challenge) {
    authorized_ = authorized;
    challenge_ = challenge;
  }
  void Fail() { fail_ = true; }
  Question question() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return question_;
  }

 private:
  static int Answer(sd_bus_message* call, void* context, sd_bus_error* error) {
    auto* self = static_cast<FakePolkit*>(context);
    Question question;
    const char* text = nullptr;
    sd_bus_message_enter_container(call, 'r', "sa{sv}");
    sd_bus_message_read(call, "s", &text);
    question.kind = text;
    sd_bus_message_enter_container(call, 'a', "{sv}");
    while (sd_bus_message_enter_container(call, 'e', "sv") > 0) {
      sd_bus_message_read(call, "s", &text);
      const std::string key = text;
      if (key == "pid") sd_bus_message_read(call, "v", "u", &question.pid);
      if (key == "start-time") sd_bus_message_read(call, "v", "t", &question.start_time);
      if (key == "uid") sd_bus_message_read(call, "v", "i", &question.uid);
      sd_bus_message_exit_container(call);
    }
    sd_bus_message_exit_container(call);
    sd_bus_message_exit_container(call);
    sd_bus_message_read(call, "s", &text);
    question.action = text;
    sd_bus_message_skip(call, "a{ss}");
    sd_bus_message_read(call, "u", &question.flags);
    {
      const std::lock_guard<std::mutex> lock(self->mutex_);
      self->question_ = question;
    }
    if (self->fail_) return sd_bus_error_set(error, "org.freedesktop.PolicyKit1.Error.Failed", "no such\naction");
    return sd_bus_reply_method_return(call, "(bba{ss})", self->authorized_ ? 1 : 0, self->challenge_ ? 1 : 0, 0);
  }

  std::atomic<bool> authorized_{false};
  std::atomic<bool> challenge_{false};
  std::atomic<bool> fail_{false};
  std::mutex mutex_;
  Question question_;
  std::optional<util::TestService> service_;  // last: it ends before what it uses
};

constexpr Polkit::Subject kSubject{.pid = 42, .start_time = 12345678901, .uid = 1000};

TEST_CASE("polkit is told pid, start time, user and action, and what it answers counts") {
  const util::TestBus bus;
  FakePolkit fake(bus.address());
  const auto polkit = MakePolkit(bus.address());
  fake.Set(true, false);
  CHECK(polkit->Check(kSubject, kPolkitManage, absl::Seconds(20)).ok());
  const FakePolkit::Question question = fake.question();
  CHECK(question.kind == "unix-process");
  CHECK(question.pid == 42);
  CHECK(question.start_time == 12345678901);
  CHECK(question.uid == 1000);
  CHECK(question.action == "org.reeve.manage");
  CHECK(question.flags == 1);
  fake.Set(false, false);
  CHECK(absl::IsPermissionDenied(polkit->Check(kSubject, kPolkitManage, absl::Seconds(20))));
  fake.Set(false, true);
  const absl::Status challenge = polkit->Check(kSubject, kPolkitMonitor, absl::Seconds(20));
  CHECK(absl::IsPermissionDenied(challenge));
  CHECK(std::string(challenge.message()).find("no agent") != std::string::npos);
  fake.Fail();
  const absl::Status failed = polkit->Check(kSubject, kPolkitManage, absl::Seconds(20));
  CHECK(absl::IsUnavailable(failed));
  CHECK(failed.message().find('\n') == absl::string_view::npos);
}

TEST_CASE("without polkit, and without a bus, the error says so") {
  {
    const util::TestBus bus;
    const absl::Status none = MakePolkit(bus.address())->Check(kSubject, kPolkitManage, absl::Seconds(20));
    CHECK(absl::IsUnavailable(none));
    CHECK(none.message() == "polkit: it does not run");
  }
  const absl::Status no_bus =
      MakePolkit("unix:path=/nonexistent/bus")->Check(kSubject, kPolkitManage, absl::Seconds(20));
  CHECK(absl::IsUnavailable(no_bus));
  CHECK(std::string(no_bus.message()).find("system bus") != std::string::npos);
}

}  // namespace
}  // namespace reeve::auth
