#include "cli/device_commands.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/documents.h"
#include "cli/domain_changes.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

using DeviceMethod = UnaryMethod<v1::DeviceRequest, v1::Domain>;

int CallWithFile(Context& context, const Arguments& arguments, const DeviceMethod& method, const char* verb,
                 const char* done) {
  const std::string file = arguments.Get("file");
  const std::string failure = absl::StrCat("Failed to ", verb, " device from ", file);
  auto text = ReadText(file);
  if (!text.ok()) return context.Fail(failure, text.status());
  v1::DeviceRequest request;
  request.mutable_document()->set_format(v1::Document::FORMAT_LIBVIRT_XML);
  request.mutable_document()->set_text(*std::move(text));
  return ChangeDomain(context, arguments, method, std::move(request), failure, done);
}

int AttachDevice(Context& context, const Arguments& arguments) {
  return CallWithFile(context, arguments, methods::kAttachDevice, "attach", "Device attached successfully");
}
int DetachDevice(Context& context, const Arguments& arguments) {
  return CallWithFile(context, arguments, methods::kDetachDevice, "detach", "Device detached successfully");
}
int UpdateDevice(Context& context, const Arguments& arguments) {
  return CallWithFile(context, arguments, methods::kUpdateDevice, "update", "Device updated successfully");
}

int AttachDisk(Context& context, const Arguments& arguments) {
  v1::DeviceRequest request;
  v1::Disk& disk = *request.mutable_device()->add_disks();
  const std::string source = arguments.Get("source");
  const std::string type = arguments.Get("sourcetype", absl::StartsWith(source, "/dev/") ? "block" : "file");
  disk.set_type(type);
  disk.set_device("disk");
  disk.set_source(source);
  disk.set_target_device(arguments.Get("target"));
  disk.set_read_only(arguments.Get("mode") == "readonly");
  return ChangeDomain(context, arguments, methods::kAttachDevice, std::move(request), "Failed to attach disk",
                      "Disk attached successfully");
}

int DetachDisk(Context& context, const Arguments& arguments) {
  v1::DeviceRequest request;
  request.mutable_device()->add_disks()->set_target_device(arguments.Get("target"));
  return ChangeDomain(context, arguments, methods::kDetachDevice, std::move(request), "Failed to detach disk",
                      "Disk detached successfully");
}

// virsh's names of the types.
v1::Interface::Type TypeOf(const std::string& name) {
  if (name == "bridge") return v1::Interface::TYPE_BRIDGE;
  if (name == "network") return v1::Interface::TYPE_NETWORK;
  if (name == "direct") return v1::Interface::TYPE_DIRECT;
  return v1::Interface::TYPE_ETHERNET;
}

int AttachInterface(Context& context, const Arguments& arguments) {
  v1::DeviceRequest request;
  v1::Interface& interface = *request.mutable_device()->add_interfaces();
  interface.set_type(TypeOf(arguments.Get("type")));
  interface.set_source(arguments.Get("source"));
  interface.set_mac_address(absl::AsciiStrToLower(arguments.Get("mac")));
  interface.set_target_device(arguments.Get("target"));
  return ChangeDomain(context, arguments, methods::kAttachDevice, std::move(request), "Failed to attach interface",
                      "Interface attached successfully");
}

int DetachInterface(Context& context, const Arguments& arguments) {
  v1::DeviceRequest request;
  v1::Interface& interface = *request.mutable_device()->add_interfaces();
  interface.set_type(TypeOf(arguments.Get("type")));
  interface.set_mac_address(absl::AsciiStrToLower(arguments.Get("mac")));
  return ChangeDomain(context, arguments, methods::kDetachDevice, std::move(request), "Failed to detach interface",
                      "Interface detached successfully");
}

// The interface that the user calls by its MAC address or the name of the host's end.
absl::StatusOr<v1::Interface> FindInterface(Context& context, const Arguments& arguments) {
  auto domain = GetDomain(context, arguments.Get("domain"), v1::DOMAIN_VIEW_FULL);
  if (!domain.ok()) return domain.status();
  const std::string wanted = absl::AsciiStrToLower(arguments.Get("interface"));
  std::string mac = wanted;
  for (const v1::InterfaceStatus& interface : domain->status().interfaces()) {
    if (interface.host_name() == arguments.Get("interface")) mac = interface.mac_address();
  }
  for (const v1::Interface& interface : domain->spec().devices().interfaces()) {
    if (absl::AsciiStrToLower(interface.mac_address()) == mac || interface.target_device() == wanted) return interface;
  }
  return Error(v1::REASON_DEVICE_NOT_FOUND, absl::StrCat("there is no interface '", arguments.Get("interface"), "'"));
}

int SetLink(Context& context, const Arguments& arguments) {
  auto interface = FindInterface(context, arguments);
  if (!interface.ok()) {
    return FailDomain(context, "Failed to get interface", arguments.Get("domain"), interface.status());
  }
  interface->set_link_up(arguments.Get("state") == "up");
  v1::DeviceRequest request;
  *request.mutable_device()->add_interfaces() = *std::move(interface);
  return ChangeDomain(context, arguments, methods::kUpdateDevice, std::move(request), "Failed to update interface",
                      "Device updated successfully");
}

int GetLink(Context& context, const Arguments& arguments) {
  auto interface = FindInterface(context, arguments);
  if (!interface.ok()) {
    return FailDomain(context, "Failed to get interface", arguments.Get("domain"), interface.status());
  }
  if (context.json()) return context.PrintJson(*interface);
  const bool down = interface->has_link_up() && !interface->link_up();
  context.output().Print(absl::StrCat(arguments.Get("interface"), down ? " down\n\n" : " up\n\n"));
  return kExitOk;
}

Option OneOf(Option option, std::vector<const char*> words) {
  option.completion = Completion::kWords;
  option.words = std::move(words);
  return option;
}

}  // namespace

CommandGroup DeviceCommands() {
  const Option domain = DomainArgument(Completion::kDomain);
  const Option file =
      Argument("file", "FILE", "one device of libvirt domain XML; - is the standard input", Completion::kFile);
  const Option persistent = Flag("persistent", "as --config, also of the running guest with --live");
  Option mac = Value("mac", "ADDRESS", "MAC address");
  Option needed_type = Argument("type", "TYPE", "bridge, network, direct or ethernet", Completion::kNone);
  needed_type = OneOf(needed_type, {"bridge", "network", "direct", "ethernet"});
  Option source = Argument("source", "SOURCE", "bridge, network or device", Completion::kNone);
  source.required = false;
  return {
      "Devices",
      {
          {.name = "attach-device",
           .summary = "add a device",
           .examples = "reeve attach-device web1 nic.xml --live --config",
           .options = WithAffect({domain, file, persistent}),
           .run = AttachDevice},
          {.name = "detach-device",
           .summary = "take a device away",
           .description = "It is found by the target of a disk or file system, or the MAC address of an interface.",
           .options = WithAffect({domain, file, persistent}),
           .run = DetachDevice},
          {.name = "update-device",
           .summary = "change a device in its place",
           .options = WithAffect({domain, file, persistent}),
           .run = UpdateDevice},
          {.name = "attach-disk",
           .summary = "add a disk",
           .examples = "reeve attach-disk web1 /dev/vg/data sdb --live",
           .options = WithAffect({domain, Argument("source", "SOURCE", "block device or file", Completion::kFile),
                                  Argument("target", "TARGET", "name in the guest", Completion::kNone),
                                  OneOf(Value("sourcetype", "TYPE", "block or file"), {"block", "file"}),
                                  OneOf(Value("mode", "MODE", "readonly"), {"readonly"}), persistent}),
           .run = AttachDisk},
          {.name = "detach-disk",
           .summary = "take a disk away",
           .options =
               WithAffect({domain, Argument("target", "TARGET", "name in the guest", Completion::kNone), persistent}),
           .run = DetachDisk},
          {.name = "attach-interface",
           .summary = "add a network interface",
           .examples = "reeve attach-interface web1 bridge br0 --live",
           .options = WithAffect(
               {domain, needed_type, source, mac, Value("target", "NAME", "name of the host's end"), persistent}),
           .run = AttachInterface},
          {.name = "detach-interface",
           .summary = "take a network interface away",
           .options = WithAffect({domain, needed_type, mac, persistent}),
           .run = DetachInterface},
          {.name = "domif-setlink",
           .summary = "set the state of a link",
           .examples = "reeve domif-setlink web1 vnet0 down",
           .options = WithAffect(
               {domain, Argument("interface", "INTERFACE", "MAC address or name of the host's end", Completion::kNone),
                OneOf(Argument("state", "STATE", "up or down", Completion::kNone), {"up", "down"})}),
           .run = SetLink},
          {.name = "domif-getlink",
           .summary = "show the state of a link",
           .options = {domain,
                       Argument("interface", "INTERFACE", "MAC address or name of the host's end", Completion::kNone)},
           .run = GetLink},
      }};
}

}  // namespace reeve::cli
