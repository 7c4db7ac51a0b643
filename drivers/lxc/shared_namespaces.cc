#include "drivers/lxc/shared_namespaces.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "absl/strings/str_cat.h"
#include "drivers/lxc/steps.h"
#include "proto/status.h"
#include "util/errno.h"

namespace reeve::lxc {
namespace {

struct Kind {
  const char* file;  // below /proc/PID/ns
  int flag;
};
constexpr Kind kNetwork = {"net", CLONE_NEWNET};
constexpr Kind kIpc = {"ipc", CLONE_NEWIPC};
constexpr Kind kUts = {"uts", CLONE_NEWUTS};

absl::StatusOr<util::UniqueFd> Open(const std::string& path, int flag) {
  // O_NONBLOCK: what is below /run/netns may be anything.
  util::UniqueFd found(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!found) return util::ErrnoStatus(path);
  if (ioctl(found.get(), NS_GET_NSTYPE) != flag) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": is not such a namespace"));
  }
  return found;
}

absl::StatusOr<util::UniqueFd> OpenOfGuest(const std::string& name, Kind kind, const FindGuest& find_guest) {
  absl::StatusOr<FirstProcess> guest = find_guest(name);
  if (!guest.ok()) return WithContext(absl::StrCat("domain ", name), guest.status());
  absl::StatusOr<util::UniqueFd> found = Open(absl::StrCat("/proc/", guest->pid, "/ns/", kind.file), kind.flag);
  // Its pid may be another process's by now.
  pollfd ended = {guest->pidfd.get(), POLLIN, 0};
  if (poll(&ended, 1, 0) != 0) return absl::FailedPreconditionError(absl::StrCat("domain ", name, ": it has ended"));
  return found;
}

absl::Status Find(const v1::SharedNamespace& shared, Kind kind, const FindGuest& find_guest, LaunchPlan* plan,
                  int32_t* place, std::vector<util::UniqueFd>* held) {
  absl::StatusOr<util::UniqueFd> found = util::UniqueFd();
  switch (shared.kind()) {
    case v1::SharedNamespace::KIND_NAME:
      found = OpenOfGuest(shared.value(), kind, find_guest);
      break;
    case v1::SharedNamespace::KIND_PID:
      found = Open(absl::StrCat("/proc/", shared.value(), "/ns/", kind.file), kind.flag);
      break;
    case v1::SharedNamespace::KIND_NETNS:
      found = Open(absl::StrCat("/run/netns/", shared.value()), kind.flag);
      break;
    default:
      return absl::OkStatus();
  }
  if (!found.ok()) {
    return WithReason(v1::REASON_START_FAILED, WithContext(StepText(Step::kShareNamespace), found.status()));
  }
  plan->namespaces &= ~static_cast<uint64_t>(kind.flag);
  *place = static_cast<int32_t>(held->size());
  held->push_back(*std::move(found));
  return absl::OkStatus();
}

}  // namespace

absl::Status FindSharedNamespaces(const v1::DomainSpec& spec, const FindGuest& find_guest, LaunchPlan* plan,
                                  std::vector<util::UniqueFd>* held) {
  const v1::NamespaceSharing& sharing = spec.namespaces();
  absl::Status status = Find(sharing.network(), kNetwork, find_guest, plan, &plan->shared_network, held);
  if (status.ok()) status = Find(sharing.ipc(), kIpc, find_guest, plan, &plan->shared_ipc, held);
  if (status.ok()) status = Find(sharing.uts(), kUts, find_guest, plan, &plan->shared_uts, held);
  return status;
}

}  // namespace reeve::lxc
