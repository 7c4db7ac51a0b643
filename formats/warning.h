// What a reader of a document accepted without effect, and how much it accepts.
#pragma once

#include <cstddef>
#include <string>

namespace reeve::formats {

// What becomes of elements, attributes and keys that a reader does not know. Values that are not known are refused in
// any case: what is asked for would become something else.
enum class Strictness {
  kStrict,   // refused (DOCUMENT_UNKNOWN)
  kLenient,  // left out, with a warning each
};

// Line and column count from 1; columns count characters, not bytes.
struct Warning {
  int line = 0;
  int column = 0;
  std::string message;  // "attribute id of <domain> is of the running guest and is ignored"
  // It was not known and is left out: a strict reading refuses it.
  bool unknown = false;
};

// A lenient reader that finds more than these that it does not know refuses the document: it is none of its kind.
inline constexpr size_t kMaxUnknown = 100;

}  // namespace reeve::formats
