#include "drivers/lxc/leftovers.h"

#include <linux/rtnetlink.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cgroups/group.h"
#include "cgroups/name.h"
#include "drivers/lxc/host_links.h"
#include "util/fd.h"

namespace reeve::lxc {
namespace {

constexpr absl::Duration kYoung = absl::Minutes(1);
constexpr size_t kMost = 100;
constexpr absl::string_view kGuest = ".domain";
constexpr absl::string_view kSupervisor = ".supervisor";

bool IsYoung(const std::string& directory, absl::Time now) {
  struct stat status = {};
  if (stat(directory.c_str(), &status) < 0) return true;  // gone meanwhile
  return now - absl::TimeFromTimespec(status.st_mtim) < kYoung;
}

// The uids that have groups in the partition, but for those that are known or young.
std::set<std::string> FindUids(const cgroups::Hierarchies& hierarchies, const std::string& partition,
                               const std::set<std::string>& known, absl::Time now) {
  std::set<std::string> uids;
  std::set<std::string> young;
  for (size_t i = 0; i < hierarchies.all().size(); ++i) {
    std::vector<std::string> names;
    if (hierarchies.tree()->ListDirectories(static_cast<int>(i), partition, &names) != 0) continue;
    for (const std::string& name : names) {
      absl::string_view uid = name;
      if (!absl::ConsumeSuffix(&uid, kGuest) && !absl::ConsumeSuffix(&uid, kSupervisor)) continue;
      const std::string text(uid);
      if (known.contains(text)) continue;
      const std::string directory = absl::StrCat(hierarchies.all()[i].mount_point, "/", partition, "/", name);
      (IsYoung(directory, now) ? young : uids).insert(text);
    }
  }
  for (const std::string& uid : young) uids.erase(uid);
  return uids;
}

std::string Clear(const cgroups::Hierarchies& hierarchies, absl::string_view partition, const std::string& uid) {
  auto supervisor = cgroups::Group::Open(hierarchies, partition, absl::StrCat(uid, kSupervisor));
  if (supervisor.ok()) {
    const auto processes = supervisor->Processes();
    if (!processes.ok() || !processes->empty()) {
      return absl::StrCat("container ", uid, " has a supervisor, but no record here: it is left alone",
                          processes.ok() ? absl::StrCat(" (pid ", processes->front(), ")") : "");
    }
  }
  auto guest = cgroups::Group::Open(hierarchies, partition, absl::StrCat(uid, kGuest));
  absl::Status status;
  size_t killed = 0;
  if (guest.ok()) {
    const auto processes = guest->Processes();
    killed = processes.ok() ? processes->size() : 0;
    if (killed != 0) status.Update(guest->Kill());
    status.Update(guest->Remove());
  }
  if (supervisor.ok()) status.Update(supervisor->Remove());
  if (!status.ok()) {
    return absl::StrCat("control groups of container ", uid, " cannot be removed: ", status.message());
  }
  if (killed == 0) return absl::StrCat("empty control groups of container ", uid, " were removed");
  return absl::StrCat("container ", uid, " had no supervisor: its ", killed, " processes were killed");
}

// Ends of pairs are called "rv<pid>.<number>" for a moment while their supervisor makes them (supervisor/links.cc).
bool IsAbandoned(const HostLink& link) {
  absl::string_view name = link.statistics.name();
  const size_t dot = name.find('.');
  int64_t pid = 0;
  if (!link.is_pair || !absl::ConsumePrefix(&name, "rv") || dot == absl::string_view::npos) return false;
  if (!absl::SimpleAtoi(name.substr(0, dot - 2), &pid) || pid <= 1) return false;
  return kill(static_cast<pid_t>(pid), 0) < 0 && errno == ESRCH;
}

bool RemoveLink(uint32_t index) {
  const util::UniqueFd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  struct {
    nlmsghdr header;
    ifinfomsg body;
  } request = {};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_DELLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  request.body.ifi_index = static_cast<int>(index);
  alignas(nlmsghdr) char answer[1024];
  if (!netlink || send(netlink.get(), &request, sizeof request, 0) < 0) return false;
  const ssize_t got = recv(netlink.get(), answer, sizeof answer, 0);
  const auto* reply = reinterpret_cast<const nlmsghdr*>(answer);
  return got >= static_cast<ssize_t>(NLMSG_LENGTH(sizeof(nlmsgerr))) && reply->nlmsg_type == NLMSG_ERROR &&
         static_cast<const nlmsgerr*>(NLMSG_DATA(reply))->error == 0;
}

}  // namespace

std::vector<std::string> ClearLeftovers(const cgroups::Hierarchies& hierarchies, absl::string_view partition,
                                        const std::set<std::string>& known, absl::Time now) {
  std::vector<std::string> told;
  const absl::StatusOr<std::string> path = cgroups::ParsePartition(partition);
  if (path.ok()) {
    for (const std::string& uid : FindUids(hierarchies, *path, known, now)) {
      if (told.size() < kMost) told.push_back(Clear(hierarchies, partition, uid));
    }
  }
  for (const HostLink& link : ListHostLinks()) {
    if (told.size() >= kMost || !IsAbandoned(link)) continue;
    const bool removed = RemoveLink(link.index);
    told.push_back(absl::StrCat("interface ", link.statistics.name(), " of a launch that died ",
                                removed ? "was removed" : "cannot be removed"));
  }
  return told;
}

}  // namespace reeve::lxc
