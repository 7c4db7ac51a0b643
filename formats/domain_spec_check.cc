#include "formats/domain_spec_check.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "formats/domain_metadata.h"
#include "formats/domain_spec_bounds.h"
#include "formats/domain_words.h"
#include "formats/signal_name.h"
#include "formats/spec_checker.h"
#include "formats/spec_faults.h"
#include "formats/text.h"
#include "formats/text_place.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr int kMaxArguments = 256;
// A shell script fits; the kernel takes 128 KiB (execve(2), MAX_ARG_STRLEN).
constexpr size_t kMaxArgumentBytes = 32768;
// The kernel's UID_GID_MAP_MAX_EXTENTS (user_namespaces(7)).
constexpr int kMaxIdMappings = 340;
// The id -1 stands for "none" in system calls.
constexpr uint64_t kIdEnd = 0xFFFFFFFF;

void CheckTexts(SpecChecker* check, const FieldPath& path, const v1::DomainSpec& spec) {
  check->Text({&path, "title"}, spec.title());
  check->Lines({&path, "description"}, spec.description());
}

void CheckMetadata(SpecChecker* check, const FieldPath& path, const v1::DomainSpec& spec) {
  if (!check->Count({&path, "metadata"}, spec.metadata_size(), kMaxMetadataElements)) return;
  for (int i = 0; i < spec.metadata_size(); ++i) {
    if (const auto fault = FindMetadataFault(spec.metadata(i))) {
      check->Fail({&path, "metadata", i},
                  absl::StrCat("is not one XML element in a namespace of its own: ",
                               ToString(PlaceOf(spec.metadata(i), fault->offset)), ": ", fault->description));
    }
  }
}

bool IsVariableName(absl::string_view name) {
  return !name.empty() && !absl::ascii_isdigit(name[0]) && std::all_of(name.begin(), name.end(), [](char character) {
    return absl::ascii_isalnum(character) || character == '_';
  });
}

void CheckOs(SpecChecker* check, const FieldPath& parent, const v1::OperatingSystem& os) {
  const FieldPath path{&parent, "os"};
  check->Word({&path, "type"}, os.type(), kOsTypes);
  check->Text({&path, "architecture"}, os.architecture(), 64);
  check->Text({&path, "machine"}, os.machine(), 64);
  check->Path({&path, "init"}, os.init());
  check->Path({&path, "init_directory"}, os.init_directory());
  check->Text({&path, "init_user"}, os.init_user(), 256);
  check->Text({&path, "init_group"}, os.init_group(), 256);
  check->Text({&path, "command_line"}, os.command_line());
  if (check->Count({&path, "init_arguments"}, os.init_arguments_size(), kMaxArguments)) {
    for (int i = 0; i < os.init_arguments_size(); ++i) {
      check->Lines({&path, "init_arguments", i}, os.init_arguments(i), kMaxArgumentBytes);
    }
  }
  if (!check->Count({&path, "init_environment"}, os.init_environment_size(), kMaxArguments)) return;
  for (int i = 0; i < os.init_environment_size(); ++i) {
    const FieldPath variable{&path, "init_environment", i};
    const std::string& name = os.init_environment(i).name();
    if (!IsVariableName(name)) {
      check->Fail({&variable, "name"}, absl::StrCat("is '", Printable(name), "', not the name of a variable"));
    }
    check->Lines({&variable, "value"}, os.init_environment(i).value(), kMaxArgumentBytes);
  }
}

bool Overlap(uint64_t start, uint64_t other_start, uint64_t count, uint64_t other_count) {
  return start < other_start + other_count && other_start < start + count;
}

void CheckMappings(SpecChecker* check, const FieldPath& parent, absl::string_view field,
                   const google::protobuf::RepeatedPtrField<v1::IdMapping>& mappings) {
  const FieldPath all{&parent, field};
  if (mappings.empty()) {
    check->Fail(all, "is missing: users and groups are mapped together");
    return;
  }
  if (!check->Count(all, mappings.size(), kMaxIdMappings)) return;
  for (int i = 0; i < mappings.size(); ++i) {
    const FieldPath path{&parent, field, i};
    const v1::IdMapping& mapping = mappings[i];
    if (i == 0 && mapping.start() != 0) check->Fail({&path, "start"}, "is not 0, where the first entry must start");
    if (!check->Range({&path, "count"}, mapping.count(), 1, kIdEnd)) continue;
    if (mapping.start() + uint64_t{mapping.count()} > kIdEnd) check->Fail(path, "goes beyond the last id of the guest");
    if (mapping.target() + uint64_t{mapping.count()} > kIdEnd) check->Fail(path, "goes beyond the last id of the host");
    for (int j = 0; j < i; ++j) {
      const v1::IdMapping& other = mappings[j];
      if (Overlap(mapping.start(), other.start(), mapping.count(), other.count())) {
        check->Fail(path, absl::StrCat("overlaps entry ", j, " in the guest"));
      } else if (Overlap(mapping.target(), other.target(), mapping.count(), other.count())) {
        check->Fail(path, absl::StrCat("overlaps entry ", j, " on the host"));
      }
    }
  }
}

void CheckIdMap(SpecChecker* check, const FieldPath& parent, const v1::IdMap& map) {
  if (map.users().empty() && map.groups().empty()) return;
  const FieldPath path{&parent, "id_map"};
  CheckMappings(check, path, "users", map.users());
  CheckMappings(check, path, "groups", map.groups());
}

void CheckFeatures(SpecChecker* check, const FieldPath& parent, const v1::Features& features) {
  const FieldPath path{&parent, "features"};
  const FieldPath capabilities{&path, "capabilities"};
  const auto& policy = features.capabilities();
  if (!v1::CapabilityPolicy::Policy_IsValid(policy.policy())) check->Fail({&capabilities, "policy"}, "is not known");
  if (!check->Count({&capabilities, "states"}, policy.states_size(), kCapabilities.size())) return;
  for (int i = 0; i < policy.states_size(); ++i) {
    const FieldPath state{&capabilities, "states", i};
    const std::string& name = policy.states(i).name();
    if (!check->Required({&state, "name"}, name) || !check->Word({&state, "name"}, name, kCapabilities)) continue;
    for (int j = 0; j < i; ++j) {
      if (policy.states(j).name() == name) check->Fail({&state, "name"}, absl::StrCat("is the same as in entry ", j));
    }
  }
}

void CheckClock(SpecChecker* check, const FieldPath& parent, const v1::Clock& clock) {
  const FieldPath path{&parent, "clock"};
  const std::string& offset = clock.offset();
  check->Word({&path, "offset"}, offset, kClockOffsets);
  check->Word({&path, "basis"}, clock.basis(), kClockBases);
  check->Text({&path, "time_zone"}, clock.time_zone(), 256);
  if (!clock.basis().empty() && offset != "variable") check->Fail({&path, "basis"}, "is only for a variable offset");
  if (clock.time_zone().empty() != (offset != "timezone")) {
    check->Fail({&path, "time_zone"}, "goes with the offset timezone, and with no other");
  }
  if (clock.has_start_seconds() != (offset == "absolute")) {
    check->Fail({&path, "start_seconds"}, "goes with the offset absolute, and with no other");
  }
  int64_t seconds = 0;
  const std::string& adjustment = clock.adjustment();
  const bool takes_reset = offset.empty() || offset == "utc" || offset == "localtime";
  const bool sound =
      adjustment.empty() || (takes_reset && adjustment == "reset") ||
      (offset == "variable" && absl::SimpleAtoi(adjustment, &seconds) && absl::StrCat(seconds) == adjustment);
  if (!sound) {
    check->Fail({&path, "adjustment"},
                absl::StrCat("is '", Printable(adjustment), "', which the offset '", offset, "' does not take"));
  }
  if (!check->Count({&path, "timers"}, clock.timers_size(), kTimerNames.size())) return;
  for (int i = 0; i < clock.timers_size(); ++i) {
    const FieldPath timer{&path, "timers", i};
    const std::string& name = clock.timers(i).name();
    check->Required({&timer, "name"}, name);
    check->Word({&timer, "name"}, name, kTimerNames);
    check->Word({&timer, "tick_policy"}, clock.timers(i).tick_policy(), kTickPolicies);
    check->Word({&timer, "track"}, clock.timers(i).track(), kTimerTracks);
    for (int j = 0; j < i; ++j) {
      if (clock.timers(j).name() == name) check->Fail({&timer, "name"}, absl::StrCat("is the same as in entry ", j));
    }
  }
}

void CheckLifecycle(SpecChecker* check, const FieldPath& parent, const v1::DomainSpec& spec) {
  const FieldPath actions{&parent, "lifecycle_actions"};
  check->Word({&actions, "on_poweroff"}, spec.lifecycle_actions().on_poweroff(), kLifecycleActions);
  check->Word({&actions, "on_reboot"}, spec.lifecycle_actions().on_reboot(), kLifecycleActions);
  check->Word({&actions, "on_crash"}, spec.lifecycle_actions().on_crash(), kLifecycleActions);
  const FieldPath signals{&parent, "shutdown_signals"};
  const auto signal = [check, &signals](absl::string_view field, const std::string& text) {
    if (text.empty() || ParseSignal(text)) return;
    check->Fail({&signals, field}, absl::StrCat("is '", Printable(text), "', not a signal"));
  };
  signal("shutdown", spec.shutdown_signals().shutdown());
  signal("reboot", spec.shutdown_signals().reboot());
}

void CheckLabels(SpecChecker* check, const FieldPath& parent, const v1::DomainSpec& spec) {
  if (!check->Count({&parent, "security_labels"}, spec.security_labels_size(), 8)) return;
  for (int i = 0; i < spec.security_labels_size(); ++i) {
    const FieldPath path{&parent, "security_labels", i};
    const v1::SecurityLabel& label = spec.security_labels(i);
    check->Word({&path, "type"}, label.type(), kSecurityLabelTypes);
    check->Text({&path, "model"}, label.model(), 64);
    check->Text({&path, "label"}, label.label());
    check->Text({&path, "base_label"}, label.base_label());
    check->Text({&path, "image_label"}, label.image_label());
    const bool has_more =
        label.has_relabel() || !label.label().empty() || !label.base_label().empty() || !label.image_label().empty();
    if (label.type() == "none" && has_more) check->Fail(path, "is of type none and has more than a model");
    if (label.type() == "static" && label.label().empty()) check->Fail({&path, "label"}, "is missing for type static");
  }
}

bool IsLowerCaseName(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char character) {
    return absl::ascii_islower(character) || absl::ascii_isdigit(character) || character == '_';
  });
}

bool IsAccess(const std::string& text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (absl::string_view("rwm").find(text[i]) == absl::string_view::npos || text.find(text[i], i + 1) != text.npos) {
      return false;
    }
  }
  return true;
}

void CheckLxcOptions(SpecChecker* check, const FieldPath& parent, const v1::DomainSpec& spec) {
  const v1::LxcOptions& options = spec.lxc();
  const FieldPath path{&parent, "lxc"};
  if (!v1::LxcOptions::IdMapMode_IsValid(options.id_map_mode())) check->Fail({&path, "id_map_mode"}, "is not known");
  if (options.has_id_map_count()) check->Range({&path, "id_map_count"}, options.id_map_count(), 1, 1 << 24);
  if (options.id_map_mode() == v1::LxcOptions::ID_MAP_MODE_HOST && spec.has_id_map()) {
    check->Fail({&path, "id_map_mode"}, "is that of the host, but there is an id map");
  }
  const FieldPath calls{&path, "system_calls"};
  const auto& rules = options.system_calls().rules();
  if (!v1::SystemCallPolicy::Policy_IsValid(options.system_calls().policy())) {
    check->Fail({&calls, "policy"}, "is not known");
  }
  if (check->Count({&calls, "rules"}, rules.size(), 512)) {
    for (int i = 0; i < rules.size(); ++i) {
      const FieldPath rule{&calls, "rules", i};
      if (!IsLowerCaseName(rules[i].name())) check->Fail({&rule, "name"}, "is not the name of a system call");
      check->Word({&rule, "error"}, rules[i].error(), kSystemCallErrors);
      if (rules[i].on() && !rules[i].error().empty()) check->Fail({&rule, "error"}, "is there, but the call is on");
      for (int j = 0; j < i; ++j) {
        if (rules[j].name() == rules[i].name())
          check->Fail({&rule, "name"}, absl::StrCat("is the same as in entry ", j));
      }
    }
  }
  if (check->Count({&path, "open_paths"}, options.open_paths_size(), 64)) {
    for (int i = 0; i < options.open_paths_size(); ++i) {
      if (options.open_paths(i) != "all") check->Path({&path, "open_paths", i}, options.open_paths(i));
    }
  }
  if (!check->Count({&path, "devices"}, options.devices_size(), 256)) return;
  for (int i = 0; i < options.devices_size(); ++i) {
    const FieldPath device{&path, "devices", i};
    check->Required({&device, "type"}, options.devices(i).type());
    check->Word({&device, "type"}, options.devices(i).type(), kDeviceTypes);
    check->Range({&device, "major"}, options.devices(i).major(), 0, 4095);
    check->Range({&device, "minor"}, options.devices(i).minor(), 0, 1048575);
    if (!IsAccess(options.devices(i).access())) {
      check->Fail({&device, "access"}, "is not of the letters r, w and m, each once");
    }
  }
}

}  // namespace

std::vector<SpecFault> FindSpecFaults(const v1::DomainSpec& spec) {
  SpecChecker check;
  const FieldPath path{nullptr, "spec"};
  CheckTexts(&check, path, spec);
  CheckMetadata(&check, path, spec);
  CheckTuning(&check, path, spec);
  CheckOs(&check, path, spec.os());
  CheckIdMap(&check, path, spec.id_map());
  CheckFeatures(&check, path, spec.features());
  CheckClock(&check, path, spec.clock());
  CheckLifecycle(&check, path, spec);
  CheckDevices(&check, path, spec);
  CheckLabels(&check, path, spec);
  CheckLxcOptions(&check, path, spec);
  return std::move(check).Take();
}

absl::Status CheckDomainSpec(const v1::DomainSpec& spec) {
  absl::Status status;
  std::vector<SpecFault> faults = FindSpecFaults(spec);
  AddBoundFaults(spec, &faults);
  for (const SpecFault& fault : faults) {
    if (status.ok()) {
      status = Error(v1::REASON_SPEC_INVALID, absl::StrCat(fault.field, " ", fault.cause), {{"field", fault.field}});
    }
    AddFieldViolation(&status, fault.field, fault.cause);
  }
  return status;
}

}  // namespace reeve::formats
