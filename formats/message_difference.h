// Where two messages differ. Pure function, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace reeve::formats {

// The paths, below `path`, of the fields that are not the same in two messages of one type, at most `limit`:
// "spec.devices.disks[1].source", or "spec.devices.disks" where the lists are of unequal length and what both have is
// the same. A message without any field is the same as none. Recursion is as deep as the type.
std::vector<std::string> FindDifferences(const google::protobuf::Message& left, const google::protobuf::Message& right,
                                         absl::string_view path, size_t limit);

}  // namespace reeve::formats
