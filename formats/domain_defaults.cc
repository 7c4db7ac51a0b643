#include "formats/domain_defaults.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "formats/disk_target.h"

namespace reeve::formats {
namespace {

// More controllers than this no bus address needs; beyond it the address is left to the driver to refuse.
constexpr uint32_t kMaxControllers = 256;

void AddControllers(v1::Devices* devices, const char* type, uint32_t last) {
  if (last >= kMaxControllers) return;
  for (uint32_t index = 0; index <= last; ++index) {
    const bool there = std::any_of(
        devices->controllers().begin(), devices->controllers().end(),
        [&](const v1::Controller& controller) { return controller.type() == type && controller.index() == index; });
    if (there) continue;
    v1::Controller* controller = devices->add_controllers();
    controller->set_type(type);
    controller->set_index(index);
  }
}

// Before the first disk of its bus that has a later name, else behind the last one of its bus, else at the end
// (virDomainDiskInsert).
void SortDisks(v1::Devices* devices) {
  google::protobuf::RepeatedPtrField<v1::Disk> old;
  old.Swap(devices->mutable_disks());
  auto* sorted = devices->mutable_disks();
  for (v1::Disk& disk : old) {
    const int64_t index = IndexOfDiskTarget(disk.target_device()).value_or(-1);
    int place = -1;
    for (int i = sorted->size(); i-- > 0;) {
      const v1::Disk& other = (*sorted)[i];
      if (other.target_bus() != disk.target_bus()) continue;
      const int64_t other_index = IndexOfDiskTarget(other.target_device()).value_or(-1);
      if (other_index > index) {
        place = i;
      } else if (place == -1) {
        place = i + 1;
      }
    }
    *sorted->Add() = std::move(disk);
    for (int i = sorted->size() - 1; place != -1 && i > place; --i) sorted->SwapElements(i, i - 1);
  }
}

void AddDiskControllers(v1::Devices* devices) {
  for (const char* bus : {"fdc", "ide", "scsi", "sata"}) {
    int64_t last = -1;
    for (const v1::Disk& disk : devices->disks()) {
      const bool here = disk.target_bus() == bus;
      if (here && disk.has_address()) last = std::max<int64_t>(last, disk.address().controller());
    }
    if (last >= 0) AddControllers(devices, bus, static_cast<uint32_t>(last));
  }
}

void AddChannelControllers(v1::Devices* devices) {
  for (const v1::CharacterDevice& channel : devices->channels()) {
    if (channel.address().type() == "virtio-serial")
      AddControllers(devices, "virtio-serial", channel.address().controller());
  }
}

void AddSmartcardControllers(v1::Devices* devices) {
  uint32_t next = 0;
  for (const v1::Smartcard& card : devices->smartcards()) {
    if (card.address().type() == "ccid" && card.address().controller() == 0) {
      next = std::max(next, card.address().slot() + 1);
    }
  }
  for (v1::Smartcard& card : *devices->mutable_smartcards()) {
    if (!card.has_address()) {
      card.mutable_address()->set_type("ccid");
      card.mutable_address()->set_controller(0);
      card.mutable_address()->set_slot(next++);
    }
    if (card.address().type() == "ccid") AddControllers(devices, "ccid", card.address().controller());
  }
}

}  // namespace

void AddLibvirtDefaults(v1::DomainSpec* spec) {
  v1::Devices* devices = spec->mutable_devices();
  SortDisks(devices);
  AddDiskControllers(devices);
  AddChannelControllers(devices);
  AddSmartcardControllers(devices);
}

}  // namespace reeve::formats
