// One control file of one group, and the errors about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/hierarchies.h"

namespace reeve::cgroups {

// A controller of a group: where its files are. Cheap, made when needed; not thread-safe.
class ControllerFiles {
 public:
  // `path` is the group's path. FAILED_PRECONDITION with the reason why when the controller is missing.
  static absl::StatusOr<ControllerFiles> Find(const Hierarchies& hierarchies, Controller controller,
                                              const std::string& path);
  // 1 or 2.
  int version() const { return version_; }
  // "controller memory: write "4096" to /sys/fs/cgroup/memory/machine/a/memory.limit_in_bytes: Invalid argument".
  absl::Status Write(absl::string_view file, absl::string_view value) const;
  absl::StatusOr<std::string> Read(absl::string_view file) const;
  // A number, the whole content; "max" is UINT64_MAX.
  absl::StatusOr<uint64_t> ReadNumber(absl::string_view file) const;
  // The number behind `key` in a file of "key number" lines; nothing when the key is not there.
  absl::StatusOr<std::optional<uint64_t>> ReadKey(absl::string_view file, absl::string_view key) const;

 private:
  ControllerFiles(const Hierarchies& hierarchies, Controller controller, int hierarchy, int version, std::string path)
      : hierarchies_(hierarchies),
        controller_(controller),
        hierarchy_(hierarchy),
        version_(version),
        path_(std::move(path)) {}

  Hierarchies hierarchies_;
  Controller controller_;
  int hierarchy_;
  int version_;
  std::string path_;
};

// The absolute path of a file or group, for messages.
std::string FullPath(const Hierarchies& hierarchies, int hierarchy, absl::string_view path);
// "controller memory", "hierarchy name=systemd", "unified hierarchy".
std::string Label(const Hierarchies& hierarchies, int hierarchy);

}  // namespace reeve::cgroups
