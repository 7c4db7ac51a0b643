// The small files of /proc and /sys.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::node {

// A file of one line, without the blanks around it. An error names the file.
absl::StatusOr<std::string> ReadLine(const std::string& path);

// A file of one number.
absl::StatusOr<uint64_t> ReadNumber(const std::string& path);

// The number in a line "MemTotal:       24576000 kB" (proc_meminfo(5)), also behind "Node 0 ".
std::optional<uint64_t> MemoryKib(absl::string_view meminfo, absl::string_view name);

// The numbers N of the entries of a directory that are called <prefix>N<suffix>, ascending; none when there is no such
// directory.
std::vector<uint64_t> NumberedEntries(const std::string& directory, absl::string_view prefix, absl::string_view suffix);

// `status` as NODE_CANNOT: the host has not got what is asked for.
absl::Status NodeCannot(const absl::Status& status);

// Writes a number into a file of the kernel; NODE_CANNOT with the file and the cause.
absl::Status WriteNumber(const std::string& path, uint64_t number);

}  // namespace reeve::node
