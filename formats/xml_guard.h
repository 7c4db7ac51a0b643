// A strict look at XML text before a library builds a tree from it: in one pass, without recursion, it refuses all that
// is not well formed and all that can hurt (document types, processing instructions, depth, size). Pure function,
// thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace reeve::formats {

struct XmlLimits {
  size_t max_bytes = 1 << 20;
  int max_depth = 64;
  size_t max_attributes = 64;  // of one element
  size_t max_attribute_bytes = 65536;
  size_t max_name_bytes = 256;
};

enum class XmlForm {
  kDocument,  // one element, before it an XML declaration; white space and comments around it
  kFragment,  // one element and nothing around it, whose namespace prefixes are all declared inside it
};

struct XmlFault {
  size_t offset = 0;
  std::string description;  // "element <a> is not closed"
};

struct ByteRange {
  size_t begin = 0;
  size_t end = 0;
};

// The first fault of `text`, or nothing. When `metadata` is given, it receives where the children of the <metadata>
// elements directly below the root are.
std::optional<XmlFault> FindXmlFault(absl::string_view text, XmlForm form, const XmlLimits& limits = {},
                                     std::vector<ByteRange>* metadata = nullptr);

}  // namespace reeve::formats
