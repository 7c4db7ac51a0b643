#include "auth/polkit.h"

#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "util/errno.h"
#include "util/log.h"
#include "util/sd_bus.h"

namespace reeve::auth {
namespace {

constexpr char kService[] = "org.freedesktop.PolicyKit1";
constexpr char kObject[] = "/org/freedesktop/PolicyKit1/Authority";
constexpr char kInterface[] = "org.freedesktop.PolicyKit1.Authority";
// CheckAuthorizationFlags: polkit may ask the user.
constexpr uint32_t kAllowInteraction = 1;

absl::Status Unreachable(absl::string_view step, int result) {
  return absl::UnavailableError(absl::StrCat("polkit: ", util::ErrnoStatus(-result, step).message()));
}

int AppendSubject(sd_bus_message* call, const Polkit::Subject& subject) {
  // ("unix-process", {"pid": u, "start-time": t, "uid": i}), see polkit(8).
  return sd_bus_message_append(call, "(sa{sv})", "unix-process", 3, "pid", "u", static_cast<uint32_t>(subject.pid),
                               "start-time", "t", subject.start_time, "uid", "i", static_cast<int32_t>(subject.uid));
}

class BusPolkit final : public Polkit {
 public:
  explicit BusPolkit(std::string address) : address_(std::move(address)) {}

  absl::Status Check(const Subject& subject, const std::string& action, absl::Duration timeout) override {
    const absl::StatusOr<util::Bus> bus = util::OpenBus(address_);
    if (!bus.ok()) return absl::UnavailableError(absl::StrCat("polkit: ", bus.status().message()));
    sd_bus_message* raw = nullptr;
    int result = sd_bus_message_new_method_call(bus->get(), &raw, kService, kObject, kInterface, "CheckAuthorization");
    const util::BusMessage call(raw);
    if (result >= 0) result = AppendSubject(raw, subject);
    if (result >= 0) result = sd_bus_message_append(raw, "s", action.c_str());
    if (result >= 0) result = sd_bus_message_append(raw, "a{ss}", 0);
    if (result >= 0) result = sd_bus_message_append(raw, "us", kAllowInteraction, "");
    if (result < 0) return Unreachable("make a request", result);

    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* raw_reply = nullptr;
    result =
        sd_bus_call(bus->get(), raw, static_cast<uint64_t>(absl::ToInt64Microseconds(timeout)), &error, &raw_reply);
    const util::BusMessage reply(raw_reply);
    const std::string name = error.name == nullptr ? "" : error.name;
    const std::string message = error.message == nullptr ? "" : error.message;
    sd_bus_error_free(&error);
    if (result < 0) return CallError(result, name, message);
    int authorized = 0;
    int challenge = 0;
    result = sd_bus_message_enter_container(reply.get(), SD_BUS_TYPE_STRUCT, "bba{ss}");
    if (result >= 0) result = sd_bus_message_read(reply.get(), "bb", &authorized, &challenge);
    if (result < 0) return Unreachable("read the answer", result);
    if (authorized != 0) return absl::OkStatus();
    return absl::PermissionDeniedError(challenge != 0 ? absl::StrCat("polkit would ask for a password for ", action,
                                                                     ", but the user has no agent that it could ask")
                                                      : absl::StrCat("polkit does not allow ", action));
  }

 private:
  static absl::Status CallError(int result, const std::string& name, const std::string& message) {
    if (result == -ETIMEDOUT || absl::EndsWith(name, ".NoReply") || absl::EndsWith(name, ".Timeout")) {
      return absl::DeadlineExceededError("polkit: nobody has answered in time");
    }
    if (absl::EndsWith(name, ".ServiceUnknown") || absl::EndsWith(name, ".NameHasNoOwner")) {
      return absl::UnavailableError("polkit: it does not run");
    }
    if (name.empty()) return Unreachable("ask", result);
    return absl::UnavailableError(absl::StrCat("polkit: ", util::EscapeControlCharacters(message)));
  }

  const std::string address_;
};

}  // namespace

std::unique_ptr<Polkit> MakePolkit(std::string address) {
  return std::make_unique<BusPolkit>(std::move(address));
}

}  // namespace reeve::auth
