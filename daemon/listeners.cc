#include "daemon/listeners.h"

#include <grp.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "util/log.h"

namespace reeve {
namespace {

// "" when the default group is not there: only the daemon's own group, usually root's, may connect then.
std::string GroupOf(const Config::Listen& config, bool group_given) {
  // Before there are other threads; getgrnam(3) is not thread-safe.
  if (config.group.empty() || group_given || getgrnam(config.group.c_str()) != nullptr) return config.group;
  util::LogWarn("there is no group ", config.group, ": the socket belongs to the daemon's own group");
  return "";
}

absl::StatusOr<std::vector<connections::Listener>> Adopt(std::vector<PassedSocket> passed) {
  std::vector<connections::Listener> listeners;
  for (PassedSocket& socket : passed) {
    absl::StatusOr<connections::Listener> listener =
        connections::Listener::Adopt(std::move(socket.socket), socket.read_only);
    if (!listener.ok()) return listener.status();
    listeners.push_back(*std::move(listener));
  }
  return listeners;
}

}  // namespace

absl::StatusOr<std::vector<connections::Listener>> OpenListeners(const Config::Listen& config, bool group_given,
                                                                 const Paths& paths, std::vector<PassedSocket> passed) {
  if (!passed.empty()) return Adopt(std::move(passed));
  std::vector<connections::Listener> listeners;
  absl::StatusOr<connections::Listener> listener = connections::Listener::Create(
      {.path = paths.Below(config.socket), .mode = ModeOf(config.mode), .group = GroupOf(config, group_given)});
  if (!listener.ok()) return listener.status();
  listeners.push_back(*std::move(listener));
  if (!config.read_only_socket.empty()) {
    listener = connections::Listener::Create(
        {.path = paths.Below(config.read_only_socket), .mode = ModeOf(config.read_only_mode), .read_only = true});
    if (!listener.ok()) return listener.status();
    listeners.push_back(*std::move(listener));
  }
  return listeners;
}

}  // namespace reeve
