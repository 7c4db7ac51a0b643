#include "formats/lxc_conf.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "formats/domain_name.h"
#include "formats/domain_words.h"
#include "formats/lxc_conf_lines.h"
#include "formats/lxc_conf_sections.h"
#include "formats/text.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr uint64_t kDefaultMemoryKib = 64 * 1024;
constexpr char kEmulator[] = "/usr/libexec/libvirt_lxc";
// Far beyond what lxc gives; the consoles of one guest are few.
constexpr int64_t kMaxConsoles = 256;
constexpr int64_t kMaxId = 0xFFFFFFFF;

constexpr std::array<absl::string_view, 14> kArchitectures = {"x86_64", "i686",    "aarch64", "armv6l", "armv7l",
                                                              "armv7b", "ppc64",   "ppc64le", "ppc",    "s390x",
                                                              "s390",   "riscv64", "mips",    "mips64"};

void ReadArchitecture(LxcConfLines* lines, v1::DomainSpec* spec) {
  const LxcConfLine* line = lines->Take({"lxc.arch"});
  if (line == nullptr) return;
  absl::string_view name = line->value;
  if (name == "x86") name = "i686";
  if (name == "amd64") name = "x86_64";
  if (std::find(kArchitectures.begin(), kArchitectures.end(), name) == kArchitectures.end()) {
    lines->Warn(*line, absl::StrCat("has '", Printable(name), "', which is not known, and is ignored"));
    return;
  }
  spec->mutable_os()->set_architecture(std::string(name));
}

absl::Status ReadConsoles(LxcConfLines* lines, v1::DomainSpec* spec) {
  const LxcConfLine* line = lines->Take({"lxc.tty.max", "lxc.tty"});
  if (line == nullptr) return absl::OkStatus();
  const auto count = LxcConfNumber(*line, line->value, 0, kMaxConsoles);
  if (!count.ok()) return count.status();
  lines->Remember("spec.devices.consoles", *line);
  for (int64_t port = 0; port < *count; ++port) {
    v1::Console* console = spec->mutable_devices()->add_consoles();
    console->set_type("pty");
    console->set_target_type("lxc");
    console->set_target_port(static_cast<uint32_t>(port));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadName(LxcConfLines* lines) {
  const LxcConfLine* line = lines->Take({"lxc.uts.name", "lxc.utsname"});
  if (line == nullptr) {
    LxcConfLine nowhere;
    nowhere.line = nowhere.column = 1;
    nowhere.key = "lxc.uts.name";
    return LxcConfError(nowhere, "is missing");
  }
  if (const absl::Status status = CheckDomainName(line->value); !status.ok()) {
    return LxcConfError(*line, status.message());
  }
  return DomainResourceName("lxc", line->value);
}

}  // namespace

// The manual page has the guest's id before the host's, libvirt reads them the other way round. Since the first id of
// a guest is 0, the first entry of each kind tells which was meant.
absl::Status ReadLxcIdMap(LxcConfLines* lines, v1::DomainSpec* spec) {
  struct Kind {
    bool any = false;
    bool host_first = true;
  };
  Kind users;
  Kind groups;
  for (LxcConfLine& line : lines->lines()) {
    if (line.key != "lxc.idmap" && line.key != "lxc.id_map") continue;
    line.used = true;
    const std::vector<absl::string_view> words = LxcConfWords(line.value);
    if (words.size() != 4 || (words[0] != "u" && words[0] != "g" && words[0] != "b")) {
      return LxcConfError(line, absl::StrCat("has '", Printable(line.value), "', not u, g or b and three numbers"));
    }
    std::array<uint32_t, 3> numbers = {};
    for (size_t i = 0; i < numbers.size(); ++i) {
      const auto number = LxcConfNumber(line, words[i + 1], 0, kMaxId);
      if (!number.ok()) return number.status();
      numbers[i] = static_cast<uint32_t>(*number);
    }
    const auto add = [&](Kind* kind, absl::string_view field, v1::IdMapping* mapping) {
      if (!kind->any) {
        kind->any = true;
        kind->host_first = numbers[1] == 0;
        lines->Remember(absl::StrCat("spec.id_map.", field), line);
      }
      mapping->set_start(kind->host_first ? numbers[1] : numbers[0]);
      mapping->set_target(kind->host_first ? numbers[0] : numbers[1]);
      mapping->set_count(numbers[2]);
    };
    if (words[0] != "g") add(&users, "users", spec->mutable_id_map()->add_users());
    if (words[0] != "u") add(&groups, "groups", spec->mutable_id_map()->add_groups());
  }
  return absl::OkStatus();
}

// Several lines add up, and an empty one takes back those before it (lxc.container.conf(5)).
absl::Status ReadLxcCapabilities(LxcConfLines* lines, v1::DomainSpec* spec) {
  std::vector<bool> dropped(kCapabilities.size());
  for (LxcConfLine& line : lines->lines()) {
    if (line.key != "lxc.cap.drop") continue;
    line.used = true;
    const std::vector<absl::string_view> words = LxcConfWords(line.value);
    if (words.empty()) dropped.assign(dropped.size(), false);
    for (const absl::string_view word : words) {
      const auto found = std::find(kCapabilities.begin(), kCapabilities.end(), word);
      if (found == kCapabilities.end()) {
        lines->Warn(line, absl::StrCat("has '", Printable(word), "', which is not a capability, and is ignored"));
        continue;
      }
      dropped[static_cast<size_t>(found - kCapabilities.begin())] = true;
    }
  }
  v1::CapabilityPolicy* policy = spec->mutable_features()->mutable_capabilities();
  policy->set_policy(v1::CapabilityPolicy::POLICY_ALLOW);
  for (size_t i = 0; i < kCapabilities.size(); ++i) {
    if (!dropped[i]) continue;
    v1::CapabilityState* state = policy->add_states();
    state->set_name(std::string(kCapabilities[i]));
    state->set_on(false);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Domain> ParseLxcConf(absl::string_view text, std::vector<Warning>* warnings) {
  auto lines = LxcConfLines::Create(text);
  if (!lines.ok()) return lines.status();
  v1::Domain domain;
  absl::Status faults;
  if (auto name = ReadName(&*lines); name.ok()) {
    domain.set_name(*std::move(name));
  } else {
    faults = name.status();
  }
  v1::DomainSpec* spec = domain.mutable_spec();
  spec->set_memory_kib(kDefaultMemoryKib);
  spec->set_current_memory_kib(kDefaultMemoryKib);
  spec->set_vcpus(1);
  spec->mutable_os()->set_type("exe");
  spec->mutable_os()->set_init("/sbin/init");
  spec->mutable_clock()->set_offset("utc");
  spec->mutable_lifecycle_actions()->set_on_poweroff("destroy");
  spec->mutable_lifecycle_actions()->set_on_reboot("restart");
  spec->mutable_lifecycle_actions()->set_on_crash("destroy");
  spec->mutable_devices()->set_emulator(kEmulator);
  ReadArchitecture(&*lines, spec);
  for (auto* read :
       {&ReadLxcFilesystems, &ReadLxcNetworks, &ReadConsoles, &ReadLxcIdMap, &ReadLxcCgroups, &ReadLxcCapabilities}) {
    if (const absl::Status status = read(&*lines, spec); !status.ok()) AddFaults(status, &faults);
  }
  if (!faults.ok()) return faults;
  if (const absl::Status status = lines->CheckSpec(*spec); !status.ok()) return status;
  if (warnings != nullptr) *warnings = lines->Warnings();
  return domain;
}

}  // namespace reeve::formats
