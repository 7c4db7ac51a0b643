#include "drivers/lxc/recovery.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <utility>

#include "absl/time/clock.h"
#include "drivers/lxc/launcher.h"
#include "util/pidfd.h"

namespace reeve::lxc {
namespace {

constexpr timeval kAnswerTimeout = {5, 0};

// A directory that was found, and its supervisor if it has been reached.
struct Candidate {
  ContainerParts parts;
  bool reached = false;
};

bool Reach(ContainerParts* parts) {
  absl::StatusOr<util::UniqueFd> connection = parts->directory->Connect();
  if (!connection.ok()) return false;
  // Those of whoever listens: the supervisor.
  ucred peer = {};
  socklen_t size = sizeof peer;
  if (getsockopt(connection->get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return false;
  util::UniqueFd pidfd = util::OpenPidfd(peer.pid);
  if (!pidfd) return false;
  if (setsockopt(connection->get(), SOL_SOCKET, SO_RCVTIMEO, &kAnswerTimeout, sizeof kAnswerTimeout) < 0) return false;
  parts->supervisor.pid = peer.pid;
  parts->supervisor.pidfd = std::move(pidfd);
  parts->supervisor.control = *std::move(connection);
  return true;
}

Candidate Examine(const std::string& run_directory, const std::string& uid, const cgroups::Hierarchies& hierarchies,
                  SupervisorHome home, const std::string& partition) {
  Candidate candidate;
  ContainerParts& parts = candidate.parts;
  parts.plan.uid = uid;
  parts.plan.partition = PartitionOfGuest(home, hierarchies, partition, uid).value_or(partition);
  parts.key.uid = uid;
  absl::StatusOr<RunDirectory> directory = RunDirectory::Open(run_directory, uid);
  if (!directory.ok()) return candidate;
  parts.directory = *std::move(directory);
  bool known = false;
  if (absl::StatusOr<LaunchPlan> plan = parts.directory->ReadPlan(); plan.ok() && plan->uid == uid) {
    parts.plan = *std::move(plan);
    parts.key = {.name = parts.plan.name, .uid = uid, .run = parts.plan.run};
    known = true;
  }
  if (auto group = cgroups::Group::Open(hierarchies, parts.plan.partition, GuestGroupName(uid)); group.ok()) {
    parts.group = *std::move(group);
  }
  if (auto group = SupervisorGroup::Find(hierarchies, parts.plan.partition, uid); group.ok()) {
    parts.supervisor_group = *std::move(group);
  }
  // Reached also when it cannot be adopted, so that it is ended.
  candidate.reached = Reach(&parts) && known && parts.group.has_value();
  return candidate;
}

// Hears what the supervisor says first. Nothing when it does not run a guest.
std::shared_ptr<Container> Adopt(ContainerParts* parts, const std::shared_ptr<EventLoop>& loop, bool* paused) {
  Message message;
  int fd = -1;
  if (ReceiveMessage(parts->supervisor.control.get(), &message, &fd) != 0) return nullptr;
  util::UniqueFd pidfd(fd);
  if (message.kind != MessageKind::kHello || !pidfd) return nullptr;
  if (message.flag) {
    // Its daemon died between the two halves of a paused start: the second one.
    if (!parts->group->Freeze().ok()) return nullptr;
    Message proceed;
    proceed.kind = MessageKind::kProceed;
    if (SendMessage(parts->supervisor.control.get(), std::move(proceed)) != 0) return nullptr;
  }
  *paused = parts->group->IsFrozen().value_or(false);
  return std::make_shared<Container>(loop, std::move(*parts), message, std::move(pidfd));
}

}  // namespace

std::vector<FoundGuest> FindGuests(const std::string& run_directory, const cgroups::Hierarchies& hierarchies,
                                   SupervisorHome home, const std::string& partition,
                                   const std::shared_ptr<EventLoop>& loop) {
  std::vector<FoundGuest> found;
  absl::StatusOr<std::vector<std::string>> uids = RunDirectory::List(run_directory);
  if (!uids.ok()) return found;
  // First all are connected to, then all are heard: they answer at the same time.
  std::vector<Candidate> candidates;
  candidates.reserve(uids->size());
  for (const std::string& uid : *uids) candidates.push_back(Examine(run_directory, uid, hierarchies, home, partition));
  for (Candidate& candidate : candidates) {
    FoundGuest& guest = found.emplace_back();
    guest.key = candidate.parts.key;
    if (candidate.reached) guest.running = Adopt(&candidate.parts, loop, &guest.paused);
    if (guest.running != nullptr) continue;
    std::optional<ExitRecord> record;
    if (candidate.parts.directory) {
      if (absl::StatusOr<ExitRecord> read = candidate.parts.directory->ReadExit(); read.ok()) record = *std::move(read);
    }
    const absl::Time now = absl::Now();
    guest.exit = record ? ReportExit(record, 0, now) : ReportVanished(now);
    if (!RemoveParts(&candidate.parts).ok()) guest.leftover = std::move(candidate.parts);
  }
  return found;
}

}  // namespace reeve::lxc
