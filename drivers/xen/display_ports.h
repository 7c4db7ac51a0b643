// The TCP ports that the displays of guests listen on.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "reeve/v1/domain.pb.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::xen {

class DisplayPorts;

// Ports that no other guest is given meanwhile: held until the guest's device model listens on them. Move-only; the
// DisplayPorts outlive it.
class HeldPorts {
 public:
  HeldPorts(HeldPorts&& other) noexcept;
  HeldPorts& operator=(HeldPorts&&) = delete;
  ~HeldPorts();

 private:
  friend class DisplayPorts;
  explicit HeldPorts(DisplayPorts* all) : all_(all) {}

  DisplayPorts* all_;
  std::vector<uint16_t> ports_;
};

// Thread-safe.
class DisplayPorts {
 public:
  // VNC's displays are counted from port 5900: display 0 (QEMU's and every viewer's habit; RFC 6143 names no port).
  explicit DisplayPorts(uint16_t first = 5900) : first_(first) {}
  DisplayPorts(const DisplayPorts&) = delete;
  DisplayPorts& operator=(const DisplayPorts&) = delete;

  // Writes a port into each VNC display of `spec` that leaves it open (none, -1, or auto_port, which stays): the lowest
  // one that nobody listens on at the display's address. Those that the specification names are held as well, free or
  // not. FAILED_PRECONDITION when none is free.
  absl::StatusOr<HeldPorts> Choose(v1::DomainSpec* spec);

 private:
  friend class HeldPorts;
  void Hold(uint16_t port, HeldPorts* held) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const uint16_t first_;
  absl::Mutex mutex_;
  std::multiset<uint16_t> held_ ABSL_GUARDED_BY(mutex_);
};

// Whether a display's port is chosen at start.
bool LeavesPortOpen(const v1::Graphics& graphics);

// The address that the specification names for a display; "": none, Xen's own is meant.
std::string ListenAddress(const v1::Graphics& graphics);

// The address that a display's server listens on; Xen's 127.0.0.1 where the specification names none.
std::string DisplayAddress(const v1::Graphics& graphics);

// Gives `to`, another specification of the guest that runs with `from`, the ports that were chosen for it: displays do
// not change while it runs.
void KeepPorts(const v1::DomainSpec& from, v1::DomainSpec* to);

// What is told of a running guest with this specification, ports chosen.
std::vector<v1::DisplayStatus> DescribeDisplays(const v1::DomainSpec& spec);

}  // namespace reeve::xen
