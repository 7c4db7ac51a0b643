#include "formats/host_defaults.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "formats/domain_name.h"
#include "formats/text.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

using Guest = v1::GuestCapability;
using Type = v1::GuestDomainType;

constexpr absl::string_view kUsualEmulators[] = {"/usr/lib/xen/bin/qemu-system-i386", "/usr/libexec/libvirt_lxc"};

// "linux" is the older name of "xen".
absl::string_view OsTypeOf(absl::string_view type) {
  return type == "linux" ? "xen" : type;
}

const Type* TypeIn(const Guest& guest, absl::string_view hypervisor) {
  for (const Type& type : guest.domains()) {
    if (type.type() == hypervisor) return &type;
  }
  return nullptr;
}

struct Match {
  const Guest* guest = nullptr;
  const Type* type = nullptr;
};

Match Find(const v1::HostCapabilities& capabilities, absl::string_view hypervisor, const v1::OperatingSystem& os) {
  const std::string& host = capabilities.host().cpu().architecture();
  Match first;
  for (const Guest& guest : capabilities.guests()) {
    const Type* type = TypeIn(guest, hypervisor);
    if (type == nullptr) continue;
    if (!os.type().empty() && OsTypeOf(os.type()) != OsTypeOf(guest.os_type())) continue;
    if (!os.architecture().empty() && os.architecture() != guest.architecture()) continue;
    if (guest.architecture() == host) return {&guest, type};
    if (first.guest == nullptr) first = {&guest, type};
  }
  return first;
}

// The machine that the domain names, or the first of those that its type or its guest has.
std::string MachineOf(const Match& match, const std::string& wanted) {
  const auto& machines = match.type->machines().empty() ? match.guest->machines() : match.type->machines();
  if (!wanted.empty() || machines.empty()) return wanted;
  return machines.Get(0).name();
}

bool IsUsual(absl::string_view emulator) {
  return std::find(std::begin(kUsualEmulators), std::end(kUsualEmulators), emulator) != std::end(kUsualEmulators);
}

}  // namespace

absl::Status ApplyCapabilities(const v1::HostCapabilities& capabilities, bool replace_usual, v1::Domain* domain) {
  const DomainNameParts parts = SplitDomainResourceName(domain->name());
  v1::OperatingSystem* os = domain->mutable_spec()->mutable_os();
  const Match match = Find(capabilities, parts.hypervisor, *os);
  if (match.guest == nullptr) {
    return Error(v1::REASON_SPEC_UNSUPPORTED,
                 absl::StrCat("the host has no guest of type ", Printable(parts.hypervisor), ", operating system ",
                              os->type().empty() ? "any" : Printable(os->type()), " and architecture ",
                              os->architecture().empty() ? "any" : Printable(os->architecture())));
  }
  if (os->architecture().empty()) os->set_architecture(match.guest->architecture());
  if (const std::string machine = MachineOf(match, os->machine()); !machine.empty()) os->set_machine(machine);
  const std::string& emulator = match.type->emulator().empty() ? match.guest->emulator() : match.type->emulator();
  std::string* present = domain->mutable_spec()->mutable_devices()->mutable_emulator();
  if (!emulator.empty() && (present->empty() || (replace_usual && IsUsual(*present)))) *present = emulator;
  return absl::OkStatus();
}

}  // namespace reeve::formats
