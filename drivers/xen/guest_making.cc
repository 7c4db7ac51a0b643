#include "drivers/xen/guest_making.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "drivers/xen/config_builder.h"
#include "drivers/xen/guest_note.h"
#include "drivers/xen/host_memory.h"
#include "drivers/xen/managed_save.h"
#include "drivers/xen/usb_addresses.h"
#include "util/log.h"

namespace reeve::xen {
namespace {

absl::StatusOr<uint32_t> MakeMachine(DriverContext& context, const drivers::DomainKey& key, DomainConfig* config) {
  absl::StatusOr<std::optional<uint32_t>> restored = RestoreManagedSave(context, key, config);
  if (!restored.ok()) return restored.status();
  if (restored->has_value()) return **restored;
  return context.toolstack().Create(config);
}

}  // namespace

absl::StatusOr<PreparedGuest> PrepareGuest(DriverContext& context, const drivers::DomainKey& key, v1::DomainSpec spec) {
  absl::Status found = FindUsbDevices(context.sysfs(), AbsentUsb::kByPolicy, spec.mutable_devices());
  if (!found.ok()) return found;
  absl::StatusOr<HeldPorts> ports = context.display_ports().Choose(&spec);
  if (!ports.ok()) return ports.status();
  absl::StatusOr<DomainConfig> config = BuildDomainConfig(context.library(), key, spec, {.ports_are_chosen = true});
  if (!config.ok()) return config.status();
  std::shared_lock<std::shared_mutex> host_devices(context.host_devices(), std::defer_lock);
  if ((*config)->num_pcidevs > 0) host_devices.lock();
  return PreparedGuest{std::move(spec), *std::move(config), *std::move(ports), std::move(host_devices)};
}

absl::StatusOr<Guest> MakeGuest(DriverContext& context, const drivers::DomainKey& key, const v1::DomainSpec& spec,
                                bool paused) {
  absl::StatusOr<PreparedGuest> prepared = PrepareGuest(context, key, spec);
  if (!prepared.ok()) return prepared.status();
  if (absl::Status room = MakeRoom(context.toolstack(), &prepared->config); !room.ok()) return room;
  absl::StatusOr<uint32_t> domid = MakeMachine(context, key, &prepared->config);
  if (!domid.ok()) return domid.status();
  return FinishGuest(context, key, prepared->spec, *domid, paused);
}

absl::StatusOr<Guest> FinishGuest(DriverContext& context, const drivers::DomainKey& key, const v1::DomainSpec& spec,
                                  uint32_t domid, bool paused) {
  Toolstack& toolstack = context.toolstack();
  absl::Status status = WriteNote(toolstack, domid, key, spec);
  if (status.ok()) status = toolstack.Watch(domid);
  if (status.ok() && !paused) status = toolstack.Unpause(domid);
  if (!status.ok()) {
    const absl::Status destroyed = toolstack.Destroy(domid);
    if (!destroyed.ok()) util::LogError("destroy the half-made guest ", key.name, ": ", destroyed.message());
    return status;
  }
  return Guest{.key = key,
               .spec = spec,
               .domid = domid,
               .paused = paused,
               .foreign = false,
               .start_time = absl::Now(),
               .reboot_asked = false,
               .console = std::make_shared<PtyConsole>()};
}

}  // namespace reeve::xen
