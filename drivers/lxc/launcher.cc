#include "drivers/lxc/launcher.h"

#include <net/if.h>
#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "cgroups/cpu.h"
#include "cgroups/devices.h"
#include "cgroups/memory.h"
#include "cgroups/name.h"
#include "drivers/lxc/device_list.h"
#include "drivers/lxc/host_devices.h"
#include "drivers/lxc/limits.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/pidfd.h"

namespace reeve::lxc {
namespace {

// A start that takes longer hangs, on a dead file server for instance.
constexpr absl::Duration kLaunchTimeout = absl::Seconds(60);

absl::Status Refuse(Step step, absl::string_view object, int error) {
  std::string message = StepText(step);
  if (!object.empty()) absl::StrAppend(&message, ": ", object);
  if (error != 0) absl::StrAppend(&message, ": ", std::generic_category().message(error));
  return Error(v1::REASON_START_FAILED, message, {{"step", StepText(step)}, {"object", object}});
}

absl::Status Refuse(absl::string_view step, const absl::Status& status) {
  return WithReason(v1::REASON_START_FAILED, WithContext(step, status));
}

// Waits for the supervisor's word on the launch.
absl::Status AwaitWord(const SupervisorProcess& supervisor, Message* message, util::UniqueFd* pidfd) {
  const absl::Time deadline = absl::Now() + kLaunchTimeout;
  for (;;) {
    pollfd ready = {supervisor.control.get(), POLLIN, 0};
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) {
      return Error(v1::REASON_START_FAILED,
                   absl::StrCat("the guest was not set up within ", absl::FormatDuration(kLaunchTimeout)));
    }
    const int count = poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (count < 0 && errno != EINTR) return Refuse("wait for the supervisor", util::ErrnoStatus("poll"));
    if (count <= 0) continue;
    int fd = -1;
    int error = ReceiveMessage(supervisor.control.get(), message, &fd);
    // The first time it may only say that the supervisor has ended without reading all: its last word is behind it
    // (unix(7)).
    if (error == ECONNRESET) error = ReceiveMessage(supervisor.control.get(), message, &fd);
    pidfd->Reset(fd);
    if (error == ECONNRESET) return Error(v1::REASON_START_FAILED, "the supervisor ended during the start");
    if (error != 0) return Refuse("hear the supervisor", util::ErrnoStatus(error, "receive"));
    if (message->kind == MessageKind::kFailed) return Refuse(message->step, message->text, message->error);
    if ((message->kind == MessageKind::kStarted || message->kind == MessageKind::kReady) && *pidfd)
      return absl::OkStatus();
    return Error(v1::REASON_START_FAILED, "the supervisor said something else than how the start went");
  }
}

absl::Status CheckSource(const FilesystemPlan& filesystem, Step step) {
  struct stat status = {};
  if (filesystem.kind == FilesystemKind::kBind || filesystem.kind == FilesystemKind::kRam) return absl::OkStatus();
  if (stat(filesystem.source.c_str(), &status) < 0) return Refuse(step, filesystem.source, errno);
  const bool is_root = step == Step::kOpenRoot;
  if (filesystem.kind == FilesystemKind::kMount && is_root && !S_ISDIR(status.st_mode)) {
    return Refuse(step, filesystem.source, ENOTDIR);
  }
  if (filesystem.kind == FilesystemKind::kBlock && !S_ISBLK(status.st_mode)) {
    return Refuse(step, filesystem.source, ENOTBLK);
  }
  return absl::OkStatus();
}

}  // namespace

std::string GuestGroupName(const std::string& uid) {
  return absl::StrCat(uid, ".domain");
}

absl::Status Launcher::Check(const LaunchPlan& plan) const {
  if (absl::Status status = CheckSource(plan.root, Step::kOpenRoot); !status.ok()) return status;
  for (const FilesystemPlan& filesystem : plan.filesystems) {
    if (absl::Status status = CheckSource(filesystem, Step::kOpenSource); !status.ok()) return status;
  }
  for (const InterfacePlan& interface : plan.interfaces) {
    if (!interface.bridge.empty() && if_nametoindex(interface.bridge.c_str()) == 0) {
      return Refuse(Step::kMakeInterface, absl::StrCat(interface.guest_name, " on bridge ", interface.bridge), errno);
    }
  }
  return absl::OkStatus();
}

absl::Status Launcher::PlanGroups(LaunchPlan* plan) const {
  absl::StatusOr<std::string> home = PartitionOfGuest(home_, hierarchies_, plan->partition, plan->uid);
  if (!home.ok()) return home.status();
  plan->partition = *std::move(home);
  absl::StatusOr<std::string> partition = cgroups::ParsePartition(plan->partition);
  if (!partition.ok()) return partition.status();
  absl::StatusOr<std::string> name = cgroups::EscapeName(GuestGroupName(plan->uid));
  if (!name.ok()) return name.status();
  const std::string path = partition->empty() ? *name : absl::StrCat(*partition, "/", *name);
  for (int used : hierarchies_.used()) {
    const cgroups::Hierarchy& hierarchy = hierarchies_.all()[static_cast<size_t>(used)];
    if (hierarchy.version == 1) plan->v1_tasks.push_back(absl::StrCat(hierarchy.mount_point, "/", path, "/tasks"));
  }
  const cgroups::Placement& memory = hierarchies_.Find(cgroups::Controller::kMemory);
  if (memory.hierarchy >= 0) {
    plan->memory_events = absl::StrCat(hierarchies_.all()[static_cast<size_t>(memory.hierarchy)].mount_point, "/", path,
                                       memory.version == 1 ? "/memory.oom_control" : "/memory.events");
  }
  return absl::OkStatus();
}

absl::Status Launcher::MakeGroup(const LaunchPlan& plan, const v1::DomainSpec& spec, ContainerParts* parts) const {
  const std::string name = GuestGroupName(plan.uid);
  const std::string& delegated = parts->supervisor_group->delegated();
  absl::StatusOr<cgroups::Group> group = cgroups::Group::Create(hierarchies_, plan.partition, name, delegated);
  if (absl::IsAlreadyExists(group.status())) {
    // Left by a daemon that was killed in a start. Whoever is in it has no supervisor and is nobody's guest.
    absl::StatusOr<cgroups::Group> stale = cgroups::Group::Open(hierarchies_, plan.partition, name);
    if (!stale.ok()) return stale.status();
    if (absl::Status status = stale->Kill(); !status.ok()) return status;
    if (absl::Status status = stale->Remove(); !status.ok()) return status;
    group = cgroups::Group::Create(hierarchies_, plan.partition, name, delegated);
  }
  if (!group.ok()) return group.status();
  parts->group = *std::move(group);
  absl::StatusOr<cgroups::DeviceRules> devices = DevicesOfGuest(spec, plan.nodes);
  if (!devices.ok()) return devices.status();
  if (absl::Status status = cgroups::SetDeviceRules(*parts->group, *devices); !status.ok()) return status;
  return SetLimits(spec, *parts->group);
}

absl::StatusOr<std::shared_ptr<Container>> Launcher::Attempt(const v1::DomainSpec& spec,
                                                             std::vector<util::UniqueFd> held,
                                                             std::vector<util::UniqueFd> passed,
                                                             const std::function<absl::Status()>& prepared,
                                                             ContainerParts* parts) const {
  const LaunchPlan& plan = parts->plan;
  if (absl::Status status = FindHostDevices(spec, &parts->plan, &held); !status.ok()) return status;
  absl::StatusOr<RunDirectory> directory = RunDirectory::Create(run_directory_, plan.uid, plan);
  if (!directory.ok()) return Refuse("make the run directory", directory.status());
  parts->directory = *std::move(directory);
  if (absl::Status status = prepared(); !status.ok()) return status;
  absl::StatusOr<SupervisorGroup> home = SupervisorGroup::Create(hierarchies_, plan.partition, plan.uid);
  if (!home.ok()) return Refuse("make the supervisor's group", home.status());
  parts->supervisor_group = *std::move(home);
  const bool in_scope = parts->supervisor_group->in_scope();
  std::optional<cgroups::AttachTargets> birthplace;
  if (!in_scope) {
    absl::StatusOr<cgroups::AttachTargets> targets = parts->supervisor_group->Targets();
    if (!targets.ok()) return Refuse("make the supervisor's group", targets.status());
    birthplace = *std::move(targets);
  }
  const auto spawn = [&]() -> absl::StatusOr<SupervisorProcess> {
    absl::StatusOr<std::shared_ptr<const util::UniqueFd>> program = supervisor_->Get();
    if (!program.ok()) return program.status();
    return SpawnSupervisor((*program)->get(), supervisor_->path(), plan, parts->directory->fd(), held,
                           birthplace.has_value() ? &*birthplace : nullptr);
  };
  absl::StatusOr<SupervisorProcess> supervisor = spawn();
  if (!supervisor.ok()) {
    supervisor_->Forget();
    supervisor = spawn();
  }
  if (!supervisor.ok()) return Refuse("start the supervisor", supervisor.status());
  parts->supervisor = *std::move(supervisor);
  // While it executes and prepares what needs no groups:
  if (absl::Status status = in_scope ? parts->supervisor_group->Add(parts->supervisor.pid) : absl::OkStatus();
      !status.ok()) {
    return Refuse("make the supervisor's scope", status);
  }
  if (absl::Status status = MakeGroup(plan, spec, parts); !status.ok())
    return Refuse("make the control groups", status);
  absl::StatusOr<cgroups::AttachTargets> targets = parts->group->Targets();
  if (!targets.ok()) return Refuse("make the control groups", targets.status());
  if (targets->v1_tasks != plan.v1_tasks) {
    return Error(v1::REASON_INTERNAL, "make the control groups: they are not where they were planned");
  }
  for (const util::UniqueFd& file : passed) {
    Message pass;
    pass.kind = MessageKind::kPass;
    if (const int error = SendMessage(parts->supervisor.control.get(), std::move(pass), file.get()); error != 0) {
      return Refuse("hand over open files", util::ErrnoStatus(error, "send"));
    }
  }
  passed.clear();
  Message go;
  go.kind = MessageKind::kGo;
  if (const int error = SendMessage(parts->supervisor.control.get(), std::move(go), targets->unified.get());
      error != 0) {
    return Refuse("tell the supervisor", util::ErrnoStatus(error, "send"));
  }
  // While it launches the guest: the guest has a group of its own from its first moment, so a supervisor that was not
  // born in its own may move late.
  if (!in_scope && !parts->supervisor.in_group) {
    absl::Status status = parts->supervisor_group->Add(parts->supervisor.pid);
    if (!status.ok()) return Refuse("make the supervisor's group", status);
  }
  Message word;
  util::UniqueFd pidfd;
  if (absl::Status status = AwaitWord(parts->supervisor, &word, &pidfd); !status.ok()) return status;
  if (plan.paused) {
    // It stands still before its first instruction: frozen, then told to go on, which it does when it is resumed.
    if (absl::Status status = parts->group->Freeze(); !status.ok()) return Refuse("freeze", status);
    Message proceed;
    proceed.kind = MessageKind::kProceed;
    if (const int error = SendMessage(parts->supervisor.control.get(), std::move(proceed)); error != 0) {
      return Refuse("tell the supervisor", util::ErrnoStatus(error, "send"));
    }
  }
  return std::make_shared<Container>(loop_, std::move(*parts), word, std::move(pidfd));
}

absl::StatusOr<std::shared_ptr<Container>> Launcher::Launch(const drivers::DomainKey& key, LaunchPlan plan,
                                                            const v1::DomainSpec& spec,
                                                            std::vector<util::UniqueFd> held,
                                                            std::vector<util::UniqueFd> passed,
                                                            const std::function<absl::Status()>& prepared,
                                                            std::optional<ContainerParts>* leftover) const {
  if (absl::Status status = PlanGroups(&plan); !status.ok()) return Refuse("plan the control groups", status);
  ContainerParts parts;
  parts.key = key;
  parts.plan = std::move(plan);
  absl::StatusOr<std::shared_ptr<Container>> container =
      Attempt(spec, std::move(held), std::move(passed), prepared, &parts);
  if (container.ok()) return container;
  if (absl::Status undone = RemoveParts(&parts); !undone.ok()) {
    *leftover = std::move(parts);
    return WithContext(absl::StrCat("(and not all could be undone at once: ", undone.message(), ")"),
                       container.status());
  }
  return container.status();
}

}  // namespace reeve::lxc
