// One control file of one group, and the errors about it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

// A controller of a group: where its files are. Cheap, made when needed; not thread-safe.
class ControllerFiles {
 public:
  // FAILED_PRECONDITION with the reason why when the controller is missing.
  static absl::StatusOr<ControllerFiles> Find(const Location& location, Controller controller);
  // 1 or 2.
  int version() const { return version_; }
  // An error names controller, value and file, and what the parent has in it, for the parent often is the reason:
  // "controller cpuset: write "0-7" to /sys/fs/cgroup/cpuset/machine/a/cpuset.cpus: Permission denied (the parent has
  // "0-3")".
  absl::Status Write(absl::string_view file, absl::string_view value) const;
  absl::StatusOr<std::string> Read(absl::string_view file) const;
  // A number, the whole content; "max" is UINT64_MAX.
  absl::StatusOr<uint64_t> ReadNumber(absl::string_view file) const;
  // The number behind `key` in a file of "key number" lines; nothing when the key is not there.
  absl::StatusOr<std::optional<uint64_t>> ReadKey(absl::string_view file, absl::string_view key) const;
  // Calls `each` for every "key number" line; others are passed over.
  absl::Status ReadKeys(absl::string_view file,
                        const std::function<void(absl::string_view key, uint64_t number)>& each) const;
  // Whether the group has the file: kernels differ in what they offer.
  bool Has(absl::string_view file) const;
  // FAILED_PRECONDITION: "controller cpu: version 2 has no real-time budget (machine/a)".
  absl::Status Without(absl::string_view what) const;
  // INTERNAL: the file's content is not what the kernel documents.
  absl::Status Malformed(absl::string_view file, absl::string_view content) const;

 private:
  ControllerFiles(const Location& location, Controller controller, int hierarchy, int version)
      : location_(location), controller_(controller), hierarchy_(hierarchy), version_(version) {}
  std::string PathOf(absl::string_view file) const;
  std::string ParentsPart(absl::string_view file, int error) const;

  Location location_;
  Controller controller_;
  int hierarchy_;
  int version_;
};

// The absolute path of a file or group, for messages.
std::string FullPath(const Hierarchies& hierarchies, int hierarchy, absl::string_view path);
// "controller memory", "hierarchy name=systemd", "unified hierarchy".
std::string Label(const Hierarchies& hierarchies, int hierarchy);
// "machine" of "machine/web1", "" of "machine".
std::string ParentPath(absl::string_view path);
// `file` below `path`, which may be "".
std::string JoinPath(absl::string_view path, absl::string_view file);

}  // namespace reeve::cgroups
