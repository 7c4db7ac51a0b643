#include <fcntl.h>

#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "drivers/node/sleep_manager.h"
#include "proto/status.h"
#include "util/log.h"
#include "util/sd_bus.h"

namespace reeve::node {
namespace {

constexpr char kService[] = "org.freedesktop.login1";
constexpr char kObject[] = "/org/freedesktop/login1";
constexpr char kInterface[] = "org.freedesktop.login1.Manager";
constexpr uint64_t kTimeoutMicroseconds = 10'000'000;

// The name of the method; that of the question begins with "Can".
const char* MethodOf(v1::SuspendTarget target) {
  switch (target) {
    case v1::SUSPEND_TARGET_DISK:
      return "Hibernate";
    case v1::SUSPEND_TARGET_HYBRID:
      return "HybridSleep";
    default:
      return "Suspend";
  }
}

absl::Status Cannot(const absl::Status& cause) {
  return Error(v1::REASON_NODE_CANNOT,
               absl::StrCat("systemd-logind: ", util::EscapeControlCharacters(cause.message())));
}

class Logind final : public SleepManager {
 public:
  explicit Logind(std::string address) : address_(std::move(address)) {}

  absl::Status Check(v1::SuspendTarget target) override {
    const std::string method = absl::StrCat("Can", MethodOf(target));
    const absl::StatusOr<util::Bus> bus = util::OpenBus(address_);
    if (!bus.ok()) return Cannot(bus.status());
    const absl::StatusOr<util::BusMessage> answer = Call(bus->get(), method.c_str(), "", nullptr);
    if (!answer.ok()) return Cannot(answer.status());
    const char* word = nullptr;
    if (const int result = sd_bus_message_read(answer->get(), "s", &word); result < 0) {
      return Cannot(util::BusError().AsStatus(result, absl::StrCat(method, ": read the answer")));
    }
    // "challenge" would be a question to a person.
    if (strcmp(word, "yes") == 0) return absl::OkStatus();
    return Cannot(absl::FailedPreconditionError(absl::StrCat(method, ": it says \"", word, "\"")));
  }

  absl::StatusOr<util::UniqueFd> Sleep(v1::SuspendTarget target) override {
    const absl::StatusOr<util::Bus> bus = util::OpenBus(address_);
    if (!bus.ok()) return Cannot(bus.status());
    // It waits for whoever wants a delay, some seconds (InhibitDelayMaxSec of logind.conf(5)).
    const absl::StatusOr<util::BusMessage> lock =
        Call(bus->get(), "Inhibit", "ssss", "sleep", "reeved", "answers who has asked for it", "delay");
    if (!lock.ok()) return Cannot(lock.status());
    int borrowed = -1;
    if (const int result = sd_bus_message_read(lock->get(), "h", &borrowed); result < 0) {
      return Cannot(util::BusError().AsStatus(result, "Inhibit: read the answer"));
    }
    util::UniqueFd awake(fcntl(borrowed, F_DUPFD_CLOEXEC, 3));
    const absl::StatusOr<util::BusMessage> begun = Call(bus->get(), MethodOf(target), "b", 0);
    if (!begun.ok()) return Cannot(begun.status());
    return awake;
  }

 private:
  template <typename... Arguments>
  static absl::StatusOr<util::BusMessage> Call(sd_bus* bus, const char* method, const char* types,
                                               Arguments... arguments) {
    sd_bus_message* raw = nullptr;
    int result = sd_bus_message_new_method_call(bus, &raw, kService, kObject, kInterface, method);
    const util::BusMessage call(raw);
    if (result >= 0 && *types != '\0') result = sd_bus_message_append(raw, types, arguments...);
    util::BusError error;
    sd_bus_message* answer = nullptr;
    if (result >= 0) result = sd_bus_call(bus, raw, kTimeoutMicroseconds, error.get(), &answer);
    util::BusMessage owned(answer);
    if (result < 0) return error.AsStatus(result, method);
    return owned;
  }

  const std::string address_;
};

}  // namespace

std::unique_ptr<SleepManager> MakeLogind(std::string address) {
  return std::make_unique<Logind>(std::move(address));
}

}  // namespace reeve::node
