#include "cgroups/memory_statistics.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cgroups/controller_file.h"
#include "util/errno.h"

namespace reeve::cgroups {
namespace {

struct Key {
  absl::string_view v1;  // with what is below, as v2 counts
  absl::string_view v2;
  uint64_t MemoryStatistics::*member;
};
constexpr Key kKeys[] = {
    {"total_rss", "anon", &MemoryStatistics::anonymous},
    {"total_cache", "file", &MemoryStatistics::file},
    {"total_shmem", "shmem", &MemoryStatistics::shared},
    {"total_swap", "", &MemoryStatistics::swap},
    {"", "kernel", &MemoryStatistics::kernel},
    {"total_inactive_file", "inactive_file", &MemoryStatistics::inactive_file},
    {"total_active_file", "active_file", &MemoryStatistics::active_file},
    {"total_pgfault", "pgfault", &MemoryStatistics::page_faults},
    {"total_pgmajfault", "pgmajfault", &MemoryStatistics::major_page_faults},
};

// v1: an eventfd that memory.oom_control is registered with (cgroup-v1/memory.rst, "OOM Control").
absl::StatusOr<util::UniqueFd> Register(const Location& location, const ControllerFiles& files, int control) {
  util::UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return util::ErrnoStatus(absl::StrCat("watch the memory of ", location.path, ": make an eventfd"));
  absl::Status status = files.Write("cgroup.event_control", absl::StrCat(event.get(), " ", control));
  if (!status.ok()) return status;
  return event;
}

}  // namespace

absl::StatusOr<MemoryStatistics> ReadMemoryStatistics(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kMemory);
  if (!files.ok()) return files.status();
  const bool v1 = files->version() == 1;
  MemoryStatistics result;
  absl::Status status = files->ReadKeys("memory.stat", [&](absl::string_view name, uint64_t number) {
    for (const Key& key : kKeys) {
      if (name == (v1 ? key.v1 : key.v2)) result.*key.member = number;
    }
  });
  if (!status.ok()) return status;
  // v2 has swap in a file of its own, where it is counted at all; v1 has all kernel memory in one.
  absl::StatusOr<uint64_t> rest = files->ReadNumber(v1 ? "memory.kmem.usage_in_bytes" : "memory.swap.current");
  if (!rest.ok() && !absl::IsNotFound(rest.status())) return rest.status();
  if (rest.ok()) (v1 ? result.kernel : result.swap) = *rest;
  return result;
}

absl::StatusOr<OutOfMemoryWatch> OutOfMemoryWatch::Open(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kMemory);
  if (!files.ok()) return files.status();
  const bool v1 = files->version() == 1;
  const int hierarchy = location.hierarchies.Find(Controller::kMemory).hierarchy;
  const std::string path = JoinPath(location.path, v1 ? "memory.oom_control" : "memory.events");
  util::UniqueFd file;
  if (const int error = location.hierarchies.tree()->OpenFile(hierarchy, path, &file); error != 0) {
    return util::ErrnoStatus(error,
                             absl::StrCat("controller memory: open ", FullPath(location.hierarchies, hierarchy, path)));
  }
  if (v1) {
    absl::StatusOr<util::UniqueFd> event = Register(location, *files, file.get());
    if (!event.ok()) return event.status();
    return OutOfMemoryWatch(location, *std::move(event), POLLIN);
  }
  OutOfMemoryWatch watch(location, std::move(file), POLLPRI);
  // The first read arms the notification (kernfs).
  if (absl::StatusOr<uint64_t> armed = watch.Take(); !armed.ok()) return armed.status();
  return watch;
}

absl::StatusOr<uint64_t> OutOfMemoryWatch::Take() {
  char buffer[512];
  const ssize_t count =
      events_ == POLLIN ? ::read(fd_.get(), buffer, sizeof(uint64_t)) : ::pread(fd_.get(), buffer, sizeof buffer, 0);
  if (count < 0 && errno != EAGAIN) {
    return util::ErrnoStatus(absl::StrCat("controller memory: hear of ", location_.path));
  }
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location_, Controller::kMemory);
  if (!files.ok()) return files.status();
  absl::StatusOr<std::optional<uint64_t>> kills =
      files->ReadKey(events_ == POLLIN ? "memory.oom_control" : "memory.events", "oom_kill");
  if (!kills.ok()) return kills.status();
  return kills->value_or(0);
}

}  // namespace reeve::cgroups
