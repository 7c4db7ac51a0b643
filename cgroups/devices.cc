#include "cgroups/devices.h"

#include <linux/bpf.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cgroups/controller_file.h"
#include "cgroups/device_program.h"
#include "util/errno.h"

namespace reeve::cgroups {
namespace {

// What devices.list shows; `everything` is its line "a *:* rwm", the state of a new group below one that denies
// nothing.
absl::StatusOr<DeviceRules> ReadList(const ControllerFiles& files, bool* everything) {
  absl::StatusOr<std::string> content = files.Read("devices.list");
  if (!content.ok()) return content.status();
  DeviceRules rules;
  *everything = false;
  for (absl::string_view line : absl::StrSplit(*content, '\n', absl::SkipEmpty())) {
    if (absl::StartsWith(line, "a ")) {
      *everything = true;
      continue;
    }
    absl::StatusOr<DeviceRule> rule = ParseDeviceRule(line);
    if (!rule.ok()) return files.Malformed("devices.list", line);
    if (absl::Status status = rules.Add(*rule); !status.ok()) return status;
  }
  return rules;
}

absl::Status SetList(const ControllerFiles& files, const DeviceRules& rules) {
  bool everything = false;
  absl::StatusOr<DeviceRules> present = ReadList(files, &everything);
  if (!present.ok()) return present.status();
  if (everything) {
    if (absl::Status status = files.Write("devices.deny", "a"); !status.ok()) return status;
    present = DeviceRules();
  }
  // First what is new, so that nothing that both lists allow is ever denied.
  DeviceRules missing = rules;
  for (const DeviceRule& rule : present->List()) missing.Remove(rule);
  for (const DeviceRule& rule : missing.List()) {
    if (absl::Status status = files.Write("devices.allow", FormatDeviceRule(rule)); !status.ok()) return status;
  }
  DeviceRules surplus = *std::move(present);
  for (const DeviceRule& rule : rules.List()) surplus.Remove(rule);
  for (const DeviceRule& rule : surplus.List()) {
    if (absl::Status status = files.Write("devices.deny", FormatDeviceRule(rule)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SetDeviceRules(const Location& location, const DeviceRules& rules) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kDevices);
  if (!files.ok()) return files.status();
  if (files->version() == 1) return SetList(*files, rules);
  std::string log;
  const int hierarchy = location.hierarchies.Find(Controller::kDevices).hierarchy;
  const int error =
      location.hierarchies.tree()->ReplaceDeviceProgram(hierarchy, location.path, BuildDeviceProgram(rules), &log);
  if (error == 0) return absl::OkStatus();
  const absl::Status status =
      util::ErrnoStatus(error, absl::StrCat("controller devices: attach a program of ", rules.List().size(),
                                            " rules to ", FullPath(location.hierarchies, hierarchy, location.path)));
  return log.empty() ? status : absl::Status(status.code(), absl::StrCat(status.message(), ": ", log));
}

}  // namespace reeve::cgroups
