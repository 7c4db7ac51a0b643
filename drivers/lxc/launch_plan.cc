#include "drivers/lxc/launch_plan.h"

#include "drivers/lxc/codec.h"

namespace reeve::lxc {
namespace {

constexpr uint32_t kPlanVersion = 0x524c5803;  // "RLX", 3

}  // namespace

template <typename Archive>
void Fields(Archive& archive, IdRange& range) {
  archive(range.inside);
  archive(range.outside);
  archive(range.count);
}

template <typename Archive>
void Fields(Archive& archive, FilesystemPlan& plan) {
  archive(plan.kind);
  archive(plan.source);
  archive(plan.target);
  archive(plan.read_only);
  archive(plan.ram_size_kib);
  archive(plan.always_shift);
  archive(plan.device);
  archive(plan.type);
  archive(plan.held);
}

template <typename Archive>
void Fields(Archive& archive, NodePlan& plan) {
  archive(plan.name);
  archive(plan.block);
  archive(plan.major);
  archive(plan.minor);
  archive(plan.read_only);
  archive(plan.held);
}

template <typename Archive>
void Fields(Archive& archive, AddressPlan& plan) {
  archive(plan.address);
  archive(plan.peer);
  archive(plan.prefix);
}

template <typename Archive>
void Fields(Archive& archive, RoutePlan& plan) {
  archive(plan.destination);
  archive(plan.gateway);
  archive(plan.prefix);
  archive(plan.metric);
}

template <typename Archive>
void Fields(Archive& archive, RatePlan& plan) {
  archive(plan.average);
  archive(plan.peak);
  archive(plan.burst);
}

template <typename Archive>
void Fields(Archive& archive, InterfacePlan& plan) {
  archive(plan.kind);
  archive(plan.bridge);
  archive(plan.parent);
  archive(plan.mode);
  archive(plan.mac);
  archive(plan.host_name);
  archive(plan.guest_name);
  archive(plan.up);
  archive(plan.mtu);
  archive(plan.addresses);
  archive(plan.routes);
  archive(plan.host_addresses);
  archive(plan.host_routes);
  archive(plan.isolated);
  archive(plan.to_guest);
  archive(plan.from_guest);
}

template <typename Archive>
void Fields(Archive& archive, ReplacedFile& plan) {
  archive(plan.path);
  archive(plan.source);
}

template <typename Archive>
void Fields(Archive& archive, ConsoleLogPlan& plan) {
  archive(plan.path);
  archive(plan.append);
}

template <typename Archive>
void Fields(Archive& archive, DevicePlan& plan) {
  archive(plan.filesystems);
  archive(plan.nodes);
  archive(plan.interfaces);
}

template <typename Archive>
void Fields(Archive& archive, LaunchPlan& plan) {
  archive(plan.name);
  archive(plan.uid);
  archive(plan.run);
  archive(plan.namespaces);
  archive(plan.users);
  archive(plan.groups);
  archive(plan.shared_network);
  archive(plan.shared_ipc);
  archive(plan.shared_uts);
  archive(plan.root);
  archive(plan.filesystems);
  archive(plan.nodes);
  archive(plan.interfaces);
  archive(plan.hostname);
  archive(plan.consoles);
  archive(plan.console_logs);
  archive(plan.init);
  archive(plan.arguments);
  archive(plan.environment);
  archive(plan.directory);
  archive(plan.user);
  archive(plan.group);
  archive(plan.capabilities);
  archive(plan.no_new_privileges);
  archive(plan.system_calls);
  archive(plan.system_writable);
  archive(plan.read_only_paths);
  archive(plan.hidden_paths);
  archive(plan.replaced_files);
  archive(plan.personality_32);
  archive(plan.restart_on_reboot);
  archive(plan.paused);
  archive(plan.shutdown_signal);
  archive(plan.reboot_signal);
  archive(plan.partition);
  archive(plan.v1_tasks);
  archive(plan.memory_events);
  archive(plan.warnings);
}

bool IsSame(const InterfacePlan& one, const InterfacePlan& other) {
  if (one.kind != other.kind) return false;
  return one.kind == InterfaceKind::kHost ? one.parent == other.parent : one.mac == other.mac;
}

std::string EncodePlan(LaunchPlan plan) {
  std::string bytes;
  Encoder encoder(&bytes);
  uint32_t version = kPlanVersion;
  encoder(version);
  encoder(plan);
  return bytes;
}

bool DecodePlan(const char* bytes, size_t size, LaunchPlan* plan) {
  if (size > kMaximumPlan) return false;
  Decoder decoder(bytes, size);
  uint32_t version = 0;
  decoder(version);
  if (!decoder.good() || version != kPlanVersion) return false;
  decoder(*plan);
  return decoder.Done();
}

std::string EncodeDevices(DevicePlan devices) {
  std::string bytes;
  Encoder encoder(&bytes);
  encoder(devices);
  return bytes;
}

bool DecodeDevices(const std::string& bytes, DevicePlan* devices) {
  Decoder decoder(bytes.data(), bytes.size());
  decoder(*devices);
  return decoder.Done();
}

}  // namespace reeve::lxc
