// libvirt's capabilities document (https://libvirt.org/formatcaps.html): what the host is and what guests it takes.
// Pure function, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace reeve::formats {

// Where a CPU sits.
struct HostCpuPlace {
  uint32_t socket_id = 0;
  uint32_t die_id = 0;
  uint32_t core_id = 0;
  std::string siblings;  // the CPUs of the same core, itself included: "0,4"
};

struct HostCpu {
  uint32_t id = 0;
  std::optional<HostCpuPlace> place;
};

// A memory node.
struct HostCell {
  uint32_t id = 0;
  uint64_t memory_kib = 0;
  std::vector<HostCpu> cpus;
};

// A kind of guest.
struct GuestCapability {
  std::string os_type;       // "exe", "hvm", "linux", "xen"
  std::string architecture;  // "x86_64", "i686"
  uint32_t word_size = 64;   // 32 or 64
  std::string emulator;      // absolute path; empty: none
  std::string domain_type;   // "lxc", "test", "xen"
  std::vector<std::string> machines;
};

struct HostFacts {
  std::string uuid;          // of the host; empty: not told
  std::string architecture;  // "x86_64"
  uint32_t cpus = 1;         // online; used, with memory_kib, where cells is empty: one cell with all
  uint64_t memory_kib = 0;
  std::vector<HostCell> cells;
  std::vector<GuestCapability> guests;
};

// The document, with a final line end.
std::string WriteCapabilitiesXml(const HostFacts& host);

}  // namespace reeve::formats
