// Block devices: the blkio controller of v1, io of v2 (cgroup-v1/blkio-controller.rst, block/bfq-iosched.rst,
// cgroup-v2.rst).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

// A block device, not a partition: the kernel limits whole devices.
struct BlockDevice {
  uint32_t major = 0;
  uint32_t minor = 0;
  auto operator<=>(const BlockDevice&) const = default;
};

// The io.weight of v2 for a weight of v1: 10..1000 onto 1..10000 in a straight line, as OCI runtimes do it.
uint64_t IoWeightFromWeight(uint64_t weight);

// 10 to 1000. Written to whatever the kernel weighs with: CFQ's or BFQ's file on v1; BFQ's and io.weight on v2.
// NOT_FOUND when there is none.
absl::Status SetBlockWeight(const Location& location, uint64_t weight);
// For one device; 0 takes it away, so that the group's weight counts. The device's scheduler must weigh.
absl::Status SetBlockDeviceWeight(const Location& location, const BlockDevice& device, uint64_t weight);

// Limits of one device, per second. 0: no limit. What is not given stays.
struct BlockLimits {
  std::optional<uint64_t> read_bytes;
  std::optional<uint64_t> write_bytes;
  std::optional<uint64_t> read_operations;
  std::optional<uint64_t> write_operations;
};
absl::Status SetBlockLimits(const Location& location, const BlockDevice& device, const BlockLimits& limits);

// What went through one device.
struct BlockUsage {
  BlockDevice device;
  uint64_t read_bytes = 0;
  uint64_t write_bytes = 0;
  uint64_t read_operations = 0;
  uint64_t write_operations = 0;
};
// Of the group and all below it, by device; those that were not used are left out.
absl::StatusOr<std::vector<BlockUsage>> ReadBlockUsage(const Location& location);

}  // namespace reeve::cgroups
