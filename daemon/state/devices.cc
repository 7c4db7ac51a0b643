// Devices of domains that are there already.
#include <google/protobuf/reflection.h>

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "daemon/state/change.h"
#include "proto/invalid_request.h"
#include "util/log.h"

namespace reeve::state {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The list that the one device is in; null unless there is exactly one.
const FieldDescriptor* ListOf(const v1::Devices& devices) {
  std::vector<const FieldDescriptor*> fields;
  devices.GetReflection()->ListFields(devices, &fields);
  if (fields.size() != 1 || !fields[0]->is_repeated() || fields[0]->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE ||
      devices.GetReflection()->FieldSize(devices, fields[0]) != 1) {
    return nullptr;
  }
  return fields[0];
}

// By what a device is told apart from others of its kind, "interface 52:54:00:12:34:56". Empty: by all of it.
std::string PlaceOf(const Message& device) {
  if (const auto* interface = dynamic_cast<const v1::Interface*>(&device)) {
    return absl::AsciiStrToLower(interface->mac_address());
  }
  if (const auto* disk = dynamic_cast<const v1::Disk*>(&device)) return disk->target_device();
  if (const auto* filesystem = dynamic_cast<const v1::Filesystem*>(&device)) return filesystem->target();
  return "";
}

// "interface" for the list "interfaces".
std::string KindOf(const FieldDescriptor& list) {
  static const std::pair<const char*, const char*> kNames[] = {
      {"host_devices", "hostdev"}, {"disks", "disk"}, {"filesystems", "filesystem"}, {"interfaces", "interface"}};
  for (const auto& [field, name] : kNames) {
    if (list.name() == field) return name;
  }
  std::string name = list.name();
  if (!name.empty() && name.back() == 's') name.pop_back();
  return absl::StrReplaceAll(name, {{"_", " "}});
}

std::string NameOf(const FieldDescriptor& list, const Message& device) {
  const std::string place = PlaceOf(device);
  return place.empty() ? KindOf(list) : absl::StrCat(KindOf(list), " ", util::EscapeControlCharacters(place));
}

// The place in `devices` of the device that `wanted` names; -1: none.
absl::StatusOr<int> Find(const v1::Devices& devices, const FieldDescriptor& list, const Message& wanted) {
  const Reflection& reflection = *devices.GetReflection();
  const int count = reflection.FieldSize(devices, &list);
  const std::string place = PlaceOf(wanted);
  const bool by_place = list.message_type() == v1::Interface::descriptor() ||
                        list.message_type() == v1::Disk::descriptor() ||
                        list.message_type() == v1::Filesystem::descriptor();
  if (by_place && place.empty()) {
    if (count > 1) {
      return Invalid("device", absl::StrCat("does not say which of the ", count, " ", KindOf(list), "s is meant"));
    }
    return count - 1;
  }
  for (int i = 0; i < count; ++i) {
    const Message& present = reflection.GetRepeatedMessage(devices, &list, i);
    if (by_place ? PlaceOf(present) == place : present.SerializeAsString() == wanted.SerializeAsString()) return i;
  }
  return -1;
}

absl::Status Missing(const FieldDescriptor& list, const Message& device) {
  const std::string name = NameOf(list, device);
  return Error(v1::REASON_DEVICE_NOT_FOUND, absl::StrCat("there is no ", name), {{"device", name}});
}

absl::Status Edit(const v1::Devices& one, const FieldDescriptor& list, drivers::DeviceChange change,
                  v1::Devices* devices) {
  const Reflection& reflection = *one.GetReflection();
  const Message& device = reflection.GetRepeatedMessage(one, &list, 0);
  absl::StatusOr<int> found = change == drivers::DeviceChange::kAttach && PlaceOf(device).empty()
                                  ? absl::StatusOr<int>(-1)
                                  : Find(*devices, list, device);
  if (!found.ok()) return found.status();
  switch (change) {
    case drivers::DeviceChange::kAttach:
      if (*found >= 0) {
        const std::string name = NameOf(list, device);
        return Error(v1::REASON_DEVICE_EXISTS, absl::StrCat("there is a ", name, " already"), {{"device", name}});
      }
      reflection.AddMessage(devices, &list)->CopyFrom(device);
      return absl::OkStatus();
    case drivers::DeviceChange::kDetach:
      if (*found < 0) return Missing(list, device);
      for (int i = *found; i + 1 < reflection.FieldSize(*devices, &list); ++i) {
        reflection.SwapElements(devices, &list, i, i + 1);
      }
      reflection.RemoveLast(devices, &list);
      return absl::OkStatus();
    case drivers::DeviceChange::kUpdate: {
      if (*found < 0) return Missing(list, device);
      Message* present = reflection.MutableRepeatedMessage(devices, &list, *found);
      const std::string place = PlaceOf(*present);
      present->CopyFrom(device);
      // A device that was meant without its name keeps it.
      if (auto* interface = dynamic_cast<v1::Interface*>(present)) interface->set_mac_address(place);
      return absl::OkStatus();
    }
  }
  return absl::InternalError("no such change");
}

// The device that `one` names, as it is in `devices`.
v1::Devices Present(const v1::Devices& devices, const FieldDescriptor& list, const v1::Devices& one) {
  const Reflection& reflection = *one.GetReflection();
  v1::Devices present;
  const absl::StatusOr<int> found = Find(devices, list, reflection.GetRepeatedMessage(one, &list, 0));
  if (found.ok() && *found >= 0) {
    reflection.AddMessage(&present, &list)->CopyFrom(reflection.GetRepeatedMessage(devices, &list, *found));
  }
  return present;
}

drivers::DeviceChange Opposite(drivers::DeviceChange change) {
  if (change == drivers::DeviceChange::kAttach) return drivers::DeviceChange::kDetach;
  if (change == drivers::DeviceChange::kDetach) return drivers::DeviceChange::kAttach;
  return change;
}

void Describe(drivers::DeviceChange change, const std::string& name, v1::Event* event) {
  switch (change) {
    case drivers::DeviceChange::kAttach:
      event->set_type(v1::EVENT_TYPE_DEVICE_ADDED);
      event->clear_detail();
      break;
    case drivers::DeviceChange::kDetach:
      event->set_type(v1::EVENT_TYPE_DEVICE_REMOVED);
      event->clear_detail();
      break;
    case drivers::DeviceChange::kUpdate:
      event->set_type(v1::EVENT_TYPE_CHANGED);
      event->set_detail(v1::EVENT_DETAIL_CHANGED_DEVICE);
      break;
  }
  event->set_device(name);
}

}  // namespace

absl::StatusOr<v1::Domain> Core::DeviceJob(ChangeContext& context, const Target& target,
                                           const v1::DeviceRequest& request, drivers::DeviceChange change) {
  v1::Devices one;
  switch (request.source_case()) {
    case v1::DeviceRequest::kDevice:
      one = request.device();
      break;
    case v1::DeviceRequest::kDocument: {
      if (request.document().format() != v1::Document::FORMAT_LIBVIRT_XML || !options_.formats.parse_device) {
        return Invalid("document.format", "is not one that is known");
      }
      absl::StatusOr<v1::Devices> parsed = options_.formats.parse_device(request.document().text());
      if (!parsed.ok()) return parsed.status();
      one = *std::move(parsed);
      break;
    }
    default:
      return Invalid("source", "is missing");
  }
  const FieldDescriptor* list = ListOf(one);
  if (list == nullptr) return Invalid("device", "must be exactly one device");
  if (change == drivers::DeviceChange::kAttach) {
    // What the driver fills in is the same for guest and definition.
    absl::StatusOr<EntryPointer> entry = Expect(target, request.etag());
    if (!entry.ok()) return entry.status();
    absl::StatusOr<drivers::HypervisorDriver*> driver = AvailableDriverOf(target.hypervisor);
    if (!driver.ok()) return driver.status();
    const store::v1::DomainRecord record = RecordOf(**entry);
    v1::DomainSpec draft = record.has_running_spec() ? record.running_spec() : record.domain().spec();
    const Reflection& reflection = *one.GetReflection();
    // Both have a say in what is free.
    if (record.has_running_spec()) draft.mutable_devices()->MergeFrom(record.domain().spec().devices());
    reflection.AddMessage(draft.mutable_devices(), list)->CopyFrom(reflection.GetRepeatedMessage(one, list, 0));
    const absl::Cleanup settle = [&] { Settle(*driver, (*entry)->key->uid); };
    if (absl::Status status = (*driver)->Complete(KeyOf(**entry), &draft); !status.ok()) return status;
    const int last = reflection.FieldSize(draft.devices(), list) - 1;
    reflection.MutableRepeatedMessage(&one, list, 0)
        ->CopyFrom(reflection.GetRepeatedMessage(draft.devices(), list, last));
  }
  const std::string name = NameOf(*list, one.GetReflection()->GetRepeatedMessage(one, list, 0));
  Modification modification;
  modification.etag = request.etag();
  modification.live = request.live();
  modification.config = request.config();
  modification.edit = [one, list, change](v1::DomainSpec* spec) {
    return Edit(one, *list, change, spec->mutable_devices());
  };
  // Called once more, with the specifications the other way round, when the change has to be taken back.
  modification.apply = [one, list, change, first = true](drivers::HypervisorDriver* driver,
                                                         const drivers::DomainKey& key, const v1::DomainSpec& before,
                                                         const v1::DomainSpec& after) mutable {
    const drivers::DeviceChange now = std::exchange(first, false) ? change : Opposite(change);
    const v1::Devices device =
        Present(now == drivers::DeviceChange::kDetach ? before.devices() : after.devices(), *list, one);
    return driver->ChangeDevice(key, now, device, before, after);
  };
  modification.interfaces = true;
  modification.describe = [change, name](v1::Event* event) { Describe(change, name, event); };
  return ModifyJob(context, target, modification);
}

void Core::ChangeDevice(const Caller& caller, v1::DeviceRequest request, drivers::DeviceChange change,
                        Done<v1::Domain> done) {
  const char* verb = change == drivers::DeviceChange::kAttach   ? "attach a device to"
                     : change == drivers::DeviceChange::kDetach ? "detach a device from"
                                                                : "update a device of";
  Do<v1::Domain>(
      caller, request, verb, [&] { return TargetOf(caller, request.name()); }, true, std::move(done),
      [this, request, change](ChangeContext& context, const Target& target) {
        return DeviceJob(context, target, request, change);
      });
}

void ManagerImpl::AttachDevice(const Caller& caller, v1::DeviceRequest request, Done<v1::Domain> done) {
  core_->ChangeDevice(caller, std::move(request), drivers::DeviceChange::kAttach, std::move(done));
}
void ManagerImpl::DetachDevice(const Caller& caller, v1::DeviceRequest request, Done<v1::Domain> done) {
  core_->ChangeDevice(caller, std::move(request), drivers::DeviceChange::kDetach, std::move(done));
}
void ManagerImpl::UpdateDevice(const Caller& caller, v1::DeviceRequest request, Done<v1::Domain> done) {
  core_->ChangeDevice(caller, std::move(request), drivers::DeviceChange::kUpdate, std::move(done));
}

}  // namespace reeve::state
