// What may stand below <metadata>.
#pragma once

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"
#include "formats/xml_guard.h"

namespace reeve::formats {

inline constexpr size_t kMaxMetadataBytes = 65536;
inline constexpr int kMaxMetadataElements = 64;

// The first fault of one element below <metadata>, or nothing: it must be one well-formed element in a namespace that
// it declares itself, so that it means the same wherever it is written. Pure function, thread-safe.
inline std::optional<XmlFault> FindMetadataFault(absl::string_view text) {
  // Two levels of a document are above it.
  return FindXmlFault(text, XmlForm::kFragment, {.max_bytes = kMaxMetadataBytes, .max_depth = 62});
}

}  // namespace reeve::formats
