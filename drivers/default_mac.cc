#include "drivers/default_mac.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace reeve::drivers {

std::string DefaultMac(absl::string_view prefix, absl::string_view uid, int index) {
  // FNV-1a: the value must not change from build to build, as that of absl::Hash does.
  uint64_t hash = 14695981039346656037u;
  for (unsigned char byte : absl::StrCat(uid, "/", index)) hash = (hash ^ byte) * 1099511628211u;
  hash ^= hash >> 32;
  return absl::StrFormat("%s:%02x:%02x:%02x", prefix, static_cast<unsigned>(hash >> 16 & 0xff),
                         static_cast<unsigned>(hash >> 8 & 0xff), static_cast<unsigned>(hash & 0xff));
}

}  // namespace reeve::drivers
