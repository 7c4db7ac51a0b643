// Protocol Buffers' wire format, as far as messages are put together from serialized parts
// (https://protobuf.dev/programming-guides/encoding).
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace reeve::state {

inline void AppendVarint(std::string* out, uint64_t value) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>((value & 0x7f) | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

// A field of type message, string or bytes.
inline void AppendBytesField(std::string* out, uint32_t field, absl::string_view bytes) {
  AppendVarint(out, (uint64_t{field} << 3) | 2);
  AppendVarint(out, bytes.size());
  out->append(bytes.data(), bytes.size());
}

// A field of type int64, uint64 or bool; the default is left out.
inline void AppendVarintField(std::string* out, uint32_t field, uint64_t value) {
  if (value == 0) return;
  AppendVarint(out, uint64_t{field} << 3);
  AppendVarint(out, value);
}

}  // namespace reeve::state
