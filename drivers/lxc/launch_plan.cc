#include "drivers/lxc/launch_plan.h"

#include "drivers/lxc/codec.h"

namespace reeve::lxc {
namespace {

constexpr uint32_t kPlanVersion = 0x524c5801;  // "RLX", 1

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
void Fields(Archive& archive, InterfacePlan& plan) {
  archive(plan.bridge);
  archive(plan.mac);
  archive(plan.host_name);
  archive(plan.guest_name);
  archive(plan.up);
  archive(plan.mtu);
  archive(plan.addresses);
  archive(plan.routes);
}

template <typename Archive>
void Fields(Archive& archive, LaunchPlan& plan) {
  archive(plan.name);
  archive(plan.uid);
  archive(plan.run);
  archive(plan.namespaces);
  archive(plan.users);
  archive(plan.groups);
  archive(plan.root);
  archive(plan.root_read_only);
  archive(plan.filesystems);
  archive(plan.interfaces);
  archive(plan.hostname);
  archive(plan.consoles);
  archive(plan.init);
  archive(plan.arguments);
  archive(plan.environment);
  archive(plan.directory);
  archive(plan.user);
  archive(plan.group);
  archive(plan.capabilities);
  archive(plan.personality_32);
  archive(plan.restart_on_reboot);
  archive(plan.paused);
  archive(plan.shutdown_signal);
  archive(plan.reboot_signal);
  archive(plan.partition);
  archive(plan.v1_procs);
  archive(plan.memory_events);
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

}  // namespace reeve::lxc
