// What this process uses, for AdminService.GetDaemon.
#pragma once

#include <cstdint>

namespace reeve {

// 0 where /proc does not tell.
struct ProcessFacts {
  uint64_t resident_kib = 0;
  uint32_t file_descriptors = 0;
  uint32_t threads = 0;
};

ProcessFacts ReadProcessFacts();

}  // namespace reeve
