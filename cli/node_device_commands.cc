#include "cli/node_device_commands.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/context.h"
#include "cli/domain_changes.h"
#include "cli/node_device_text.h"
#include "formats/node_device_xml.h"

namespace reeve::cli {
namespace {

constexpr char kPci[] = "pci";
constexpr char kUsb[] = "usb_device";

void KeepKinds(const std::vector<std::string>& kinds, v1::ListNodeDevicesResponse* list) {
  const auto is_unwanted = [&](const v1::NodeDevice& device) {
    const bool is_usb = device.capabilities_size() > 0 && device.capabilities(0).has_usb_device();
    return std::find(kinds.begin(), kinds.end(), is_usb ? kUsb : kPci) == kinds.end();
  };
  auto& devices = *list->mutable_devices();
  devices.erase(std::remove_if(devices.begin(), devices.end(), is_unwanted), devices.end());
}

int List(Context& context, const Arguments& arguments) {
  const std::vector<std::string> kinds = absl::StrSplit(arguments.Get("cap"), ',', absl::SkipEmpty());
  for (const std::string& kind : kinds) {
    if (kind != kPci && kind != kUsb) {
      return BadOption(context, "--cap", "must be of pci and usb_device: no other devices are listed");
    }
  }
  auto list = context.Call(methods::kListNodeDevices, v1::ListNodeDevicesRequest());
  if (!list.ok()) return context.Fail("Failed to list node devices", list.status());
  if (!kinds.empty()) KeepKinds(kinds, &*list);
  if (context.json()) return context.PrintJson(*list);
  context.output().Print(absl::StrCat(arguments.Has("tree") ? NodeDeviceTree(*list) : NodeDeviceLines(*list), "\n"));
  return kExitOk;
}

int Dumpxml(Context& context, const Arguments& arguments) {
  v1::GetNodeDeviceRequest request;
  request.set_name(NodeDeviceName(arguments.Get("device")));
  auto device = context.Call(methods::kGetNodeDevice, std::move(request));
  if (!device.ok()) {
    return context.Fail(absl::StrCat("Could not find matching device '", arguments.Get("device"), "'"),
                        device.status());
  }
  if (context.json()) return context.PrintJson(*device);
  context.output().Print(absl::StrCat(formats::WriteNodeDeviceXml(*device), "\n"));
  return kExitOk;
}

// `failure` and `done` are what stands before and behind the device's name.
int Change(Context& context, const Arguments& arguments,
           const UnaryMethod<v1::NodeDeviceRequest, v1::NodeDevice>& method, absl::string_view failure,
           absl::string_view done) {
  const std::string device = arguments.Get("device");
  const std::string failed = absl::StrCat(failure, " ", device);
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failed, connection.status());
  v1::NodeDeviceRequest request;
  request.set_name(NodeDeviceName(device));
  request.set_hypervisor((*connection)->Hypervisor());
  auto changed = context.Call(method, std::move(request));
  if (!changed.ok()) return context.Fail(failed, changed.status());
  if (context.json()) return context.PrintJson(*changed);
  return context.Done(absl::StrCat("Device ", device, " ", done));
}

int Detach(Context& context, const Arguments& arguments) {
  if (arguments.Has("driver") && arguments.Get("driver") != "xen") {
    return BadOption(context, "--driver", "must be xen: the host has no other for guests");
  }
  return Change(context, arguments, methods::kDetachNodeDevice, "Failed to detach device", "detached");
}

int Reattach(Context& context, const Arguments& arguments) {
  return Change(context, arguments, methods::kReattachNodeDevice, "Failed to re-attach device", "re-attached");
}

int Reset(Context& context, const Arguments& arguments) {
  return Change(context, arguments, methods::kResetNodeDevice, "Failed to reset device", "reset");
}

}  // namespace

CommandGroup NodeDeviceCommands() {
  const Option device =
      Argument("device", "DEVICE", "its name, e.g. pci_0000_00_1f_2, or address, e.g. 00:1f.2", Completion::kNone);
  const Option cap = Value("cap", "KIND[,KIND]", "those of these kinds: pci, usb_device");
  Option driver = Value("driver", "DRIVER", "which back end gets it; there is xen only");
  driver.completion = Completion::kWords;
  driver.words = {"xen"};
  Command detach = {.name = "nodedev-detach",
                    .summary = "take a device from the host's driver, for guests",
                    .description =
                        "It stays so until nodedev-reattach or the end of the host. With Xen it is the kernel's "
                        "module xen-pciback that keeps it: load it before.",
                    .examples = "reeve -c xen:/// nodedev-detach pci_0000_00_1f_2",
                    .options = {device, driver},
                    .run = Detach};
  Command misspelt = detach;  // by virsh of old
  misspelt.name = "nodedev-dettach";
  misspelt.hidden = true;
  return {"Devices of the host",
          {{.name = "nodedev-list",
            .summary = "list the PCI and USB devices of the host",
            .examples = "reeve nodedev-list --tree\nreeve nodedev-list --cap usb_device",
            .options = {cap, Flag("tree", "with what hangs on what")},
            .run = List},
           {.name = "nodedev-dumpxml",
            .summary = "print the XML of a device of the host",
            .examples = "reeve nodedev-dumpxml 0000:00:1f.2",
            .options = {device},
            .run = Dumpxml},
           std::move(detach),
           std::move(misspelt),
           {.name = "nodedev-reattach",
            .summary = "give a device back to the host's driver",
            .options = {device},
            .run = Reattach},
           {.name = "nodedev-reset",
            .summary = "bring a device of the host into the state after power on",
            .description = "Not while a guest or a driver of the host has it.",
            .options = {device},
            .run = Reset}}};
}

}  // namespace reeve::cli
