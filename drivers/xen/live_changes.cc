#include "drivers/xen/live_changes.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "drivers/xen/config_builder.h"
#include "formats/number_set.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::xen {
namespace {

constexpr int kDefaultWeight = 256;  // of the credit schedulers (xl(1))
const std::string kEverywhere = "0-1023";

absl::Status Unsupported(absl::string_view what) {
  return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, absl::StrCat("Xen cannot ", what, " of a guest that runs"));
}

uint64_t TargetOf(const v1::DomainSpec& spec) {
  return spec.has_current_memory_kib() ? spec.current_memory_kib() : spec.memory_kib();
}

Scheduling SchedulingOf(const v1::CpuTuning& tuning) {
  return {.scheduler = "",
          .weight = tuning.has_shares() ? static_cast<int>(tuning.shares()) : kDefaultWeight,
          .cap = CapOf(tuning)};
}

// Where each virtual CPU may run; "" is everywhere.
std::vector<std::string> PlacesOf(const v1::DomainSpec& spec, uint32_t count) {
  std::vector<std::string> places(count, spec.cpu_placement().cpuset());
  for (const v1::CpuPin& pin : spec.cpu_tuning().vcpu_pins()) {
    if (pin.id() < count) places[pin.id()] = pin.cpuset();
  }
  return places;
}

uint32_t CountOf(const v1::DomainSpec& spec) {
  return std::max<uint32_t>(spec.vcpus(), 1);
}

uint32_t OnlineOf(const v1::DomainSpec& spec) {
  return spec.cpu_placement().has_current() ? std::min(spec.cpu_placement().current(), CountOf(spec)) : CountOf(spec);
}

// The configuration has a controller for the device, which it would have had from its start.
absl::Status AttachUsb(Toolstack& toolstack, uint32_t domid, DomainConfig* config) {
  if (toolstack.CountUsbControllers(domid) == 0) {
    if ((*config)->usbctrls->type != LIBXL_USBCTRL_TYPE_DEVICEMODEL) {
      return Error(v1::REASON_UNSUPPORTED_BY_DRIVER,
                   "the guest has no USB controller, and can have one from its start only: define one of the type usb, "
                   "model qusb2");
    }
    // libxenlight 4.17 would note one in the xenstore and not tell QEMU of it.
    if (absl::Status status = toolstack.AddUsbController(domid, (*config)->usbctrls); !status.ok()) return status;
  }
  return toolstack.AddUsb(domid, (*config)->usbdevs);
}

absl::Status Attach(Toolstack& toolstack, uint32_t domid, DomainConfig* config) {
  if ((*config)->num_disks == 1) return toolstack.AddDisk(domid, (*config)->disks);
  if ((*config)->num_nics == 1) {
    (*config)->nics->devid = -1;  // the next that is free
    return toolstack.AddInterface(domid, (*config)->nics);
  }
  if ((*config)->num_pcidevs == 1) return toolstack.AddPci(domid, (*config)->pcidevs);
  if ((*config)->num_usbdevs == 1) return AttachUsb(toolstack, domid, config);
  return Unsupported("attach a device of this kind to");
}

absl::Status Detach(Toolstack& toolstack, uint32_t domid, const v1::Devices& device, DomainConfig* config) {
  if ((*config)->num_disks == 1) return toolstack.RemoveDisk(domid, device.disks(0).target_device());
  if ((*config)->num_nics == 1) return toolstack.RemoveInterface(domid, device.interfaces(0).mac_address());
  if ((*config)->num_pcidevs == 1) return toolstack.RemovePci(domid, (*config)->pcidevs);
  if ((*config)->num_usbdevs == 1) return toolstack.RemoveUsb(domid, *(*config)->usbdevs);
  return Unsupported("detach a device of this kind");
}

// The steps of a change; what is done is undone by the same step towards `to`.
absl::Status Apply(Toolstack& toolstack, uint32_t domid, const v1::DomainSpec& from, const v1::DomainSpec& to) {
  absl::Status status;
  // The limit first when it grows, last when it shrinks: the target is always below it.
  const bool grows = to.memory_kib() > from.memory_kib();
  if (grows) status = toolstack.SetMaximumMemory(domid, to.memory_kib());
  if (status.ok() && TargetOf(from) != TargetOf(to)) status = toolstack.SetMemoryTarget(domid, TargetOf(to));
  if (status.ok() && to.memory_kib() < from.memory_kib()) status = toolstack.SetMaximumMemory(domid, to.memory_kib());
  const Scheduling before = SchedulingOf(from.cpu_tuning());
  const Scheduling after = SchedulingOf(to.cpu_tuning());
  if (status.ok() && (before.weight != after.weight || before.cap != after.cap)) {
    status = toolstack.SetScheduling(domid, after);
  }
  if (!status.ok()) return status;
  if (OnlineOf(from) != OnlineOf(to)) {
    if (status = toolstack.SetOnlineVcpus(domid, OnlineOf(to)); !status.ok()) return status;
  }
  const std::vector<std::string> old_places = PlacesOf(from, CountOf(from));
  const std::vector<std::string> new_places = PlacesOf(to, CountOf(from));
  for (uint32_t vcpu = 0; vcpu < CountOf(from); ++vcpu) {
    if (old_places[vcpu] == new_places[vcpu]) continue;
    const std::string& cpus = new_places[vcpu].empty() ? kEverywhere : new_places[vcpu];
    const std::optional<std::set<uint32_t>> set = formats::ParseNumberSet(cpus);
    if (!set) return Error(v1::REASON_SPEC_INVALID, absl::StrCat("'", cpus, "' is no set of CPUs"));
    if (status = toolstack.Pin(domid, vcpu, *set); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ChangeGuestDevice(Toolstack& toolstack, const std::shared_ptr<const LibxlLibrary>& library,
                               const Guest& guest, drivers::DeviceChange change, const v1::Devices& device,
                               const v1::DomainSpec& after) {
  v1::DomainSpec alone = after;
  *alone.mutable_devices() = device;
  absl::StatusOr<DomainConfig> config = BuildDomainConfig(library, guest.key, alone);
  if (!config.ok()) return config.status();
  switch (change) {
    case drivers::DeviceChange::kAttach:
      return Attach(toolstack, guest.domid, &*config);
    case drivers::DeviceChange::kDetach:
      return Detach(toolstack, guest.domid, device, &*config);
    case drivers::DeviceChange::kUpdate:
      if ((*config)->num_disks == 1 && (*config)->disks->is_cdrom) {
        return toolstack.InsertMedium(guest.domid, (*config)->disks);
      }
      return Unsupported("change a device, except for what is in a CD-ROM drive,");
  }
  return Unsupported("change a device");
}

absl::Status TuneGuest(Toolstack& toolstack, const Guest& guest, const v1::DomainSpec& before,
                       const v1::DomainSpec& after) {
  absl::Status status = Apply(toolstack, guest.domid, before, after);
  if (status.ok()) return status;
  if (absl::Status undone = Apply(toolstack, guest.domid, after, before); !undone.ok()) {
    util::LogError("change ", guest.key.name, " back: ", undone.message());
  }
  return status;
}

}  // namespace reeve::xen
