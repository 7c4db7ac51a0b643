#include "drivers/lxc/host_devices.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "drivers/lxc/loop_device.h"
#include "drivers/lxc/steps.h"
#include "proto/status.h"
#include "util/errno.h"

namespace reeve::lxc {
namespace {

absl::Status Refuse(Step step, const absl::Status& status) {
  return WithReason(v1::REASON_START_FAILED, WithContext(StepText(step), status));
}

absl::Status FindFilesystem(FilesystemPlan* plan, Step step, std::vector<util::UniqueFd>* held) {
  if (plan->kind != FilesystemKind::kImage && plan->kind != FilesystemKind::kBlock) return absl::OkStatus();
  absl::StatusOr<BlockDevice> device = plan->kind == FilesystemKind::kImage
                                           ? AttachLoopDevice(plan->source, plan->read_only)
                                           : OpenBlockDevice(plan->source, true);
  if (!device.ok()) return Refuse(step, device.status());
  absl::StatusOr<std::string> type = FindFilesystemType(*device);
  if (!type.ok()) return Refuse(step, WithContext(plan->source, type.status()));
  plan->device = device->path;
  plan->type = *std::move(type);
  if (plan->kind == FilesystemKind::kImage) {
    plan->held = static_cast<int32_t>(held->size());
    held->push_back(std::move(device->descriptor));
  }
  plan->kind = FilesystemKind::kBlock;
  return absl::OkStatus();
}

absl::Status AddDisk(const v1::Disk& disk, LaunchPlan* plan, std::vector<util::UniqueFd>* held) {
  const bool image = disk.type().empty() || disk.type() == "file";
  absl::StatusOr<BlockDevice> device = image ? AttachLoopDevice(disk.source(), disk.read_only())
                                             : OpenBlockDevice(disk.source(), disk.read_only());
  if (!device.ok()) return device.status();
  plan->nodes.push_back({.name = disk.target_device(),
                         .block = true,
                         .major = device->major,
                         .minor = device->minor,
                         .read_only = disk.read_only()});
  if (image) {
    plan->nodes.back().held = static_cast<int32_t>(held->size());
    held->push_back(std::move(device->descriptor));
  }
  return absl::OkStatus();
}

// A node of the guest's /dev like one of the host's.
absl::Status AddNode(const std::string& path, const std::string& name, bool block, LaunchPlan* plan) {
  struct stat status = {};
  if (stat(path.c_str(), &status) < 0) return util::ErrnoStatus(path);
  if (block ? !S_ISBLK(status.st_mode) : !S_ISCHR(status.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is no ", block ? "block" : "character", " device"));
  }
  plan->nodes.push_back(
      {.name = name, .block = block, .major = major(status.st_rdev), .minor = minor(status.st_rdev)});
  return absl::OkStatus();
}

std::string NodeNameOf(const std::string& path) {
  return std::string(absl::StripPrefix(path, "/dev/"));
}

absl::Status AddHostDevice(const v1::HostDevice& device, LaunchPlan* plan) {
  const bool block = device.has_storage_block();
  if (!block && !device.has_misc_character()) return absl::OkStatus();
  const std::string& path = block ? device.storage_block() : device.misc_character();
  return AddNode(path, NodeNameOf(path), block, plan);
}

}  // namespace

std::string NodeNameOf(const v1::Devices& devices) {
  if (!devices.disks().empty()) return devices.disks(0).target_device();
  if (devices.host_devices().empty()) return "";
  const v1::HostDevice& device = devices.host_devices(0);
  return NodeNameOf(device.has_storage_block() ? device.storage_block() : device.misc_character());
}

absl::Status FindAddedDevices(const v1::Devices& devices, DevicePlan* plan, std::vector<util::UniqueFd>* held) {
  LaunchPlan found;
  for (FilesystemPlan& filesystem : plan->filesystems) {
    if (absl::Status status = FindFilesystem(&filesystem, Step::kOpenSource, held); !status.ok()) return status;
  }
  for (const v1::Disk& disk : devices.disks()) {
    if (absl::Status status = AddDisk(disk, &found, held); !status.ok()) return Refuse(Step::kMakeDevices, status);
  }
  for (const v1::HostDevice& device : devices.host_devices()) {
    if (absl::Status status = AddHostDevice(device, &found); !status.ok()) return Refuse(Step::kMakeDevices, status);
  }
  plan->nodes = std::move(found.nodes);
  return absl::OkStatus();
}

absl::Status FindHostDevices(const v1::DomainSpec& spec, LaunchPlan* plan, std::vector<util::UniqueFd>* held) {
  if (absl::Status status = FindFilesystem(&plan->root, Step::kOpenRoot, held); !status.ok()) return status;
  for (FilesystemPlan& filesystem : plan->filesystems) {
    if (absl::Status status = FindFilesystem(&filesystem, Step::kOpenSource, held); !status.ok()) return status;
  }
  plan->nodes.clear();
  for (const v1::Disk& disk : spec.devices().disks()) {
    if (absl::Status status = AddDisk(disk, plan, held); !status.ok()) return Refuse(Step::kMakeDevices, status);
  }
  for (const v1::HostDevice& device : spec.devices().host_devices()) {
    if (absl::Status status = AddHostDevice(device, plan); !status.ok()) return Refuse(Step::kMakeDevices, status);
  }
  for (const v1::ClockTimer& timer : spec.clock().timers()) {
    if (!timer.present()) continue;
    absl::Status status = AddNode(timer.name() == "rtc" ? "/dev/rtc0" : "/dev/hpet", timer.name(), false, plan);
    if (!status.ok()) return Refuse(Step::kMakeDevices, status);
  }
  return absl::OkStatus();
}

}  // namespace reeve::lxc
