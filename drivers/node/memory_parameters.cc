#include "drivers/node/memory_parameters.h"

#include <unistd.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "drivers/node/read_fields.h"
#include "proto/invalid_request.h"
#include "proto/status.h"

namespace reeve::node {
namespace {

constexpr uint64_t kMostPages = INT32_MAX;
constexpr uint64_t kMostMilliseconds = UINT32_MAX;
constexpr uint64_t kRun = 1;  // 0: stop; 2: stop, and share no more

std::string DirectoryOf(const Sources& sources) {
  return sources.sys + "/kernel/mm/ksm";
}

absl::Status CheckDirectory(const std::string& directory) {
  if (access(directory.c_str(), F_OK) == 0) return absl::OkStatus();
  return Error(v1::REASON_NODE_CANNOT, absl::StrCat("the kernel shares no equal pages (KSM): there is no ", directory));
}

absl::Status OutOfBounds(absl::string_view field, uint64_t least, uint64_t most) {
  return Invalid(field, absl::StrCat("must be from ", least, " to ", most));
}

}  // namespace

absl::StatusOr<v1::NodeMemoryParameters> ReadMemoryParameters(const Sources& sources) {
  const std::string directory = DirectoryOf(sources);
  if (absl::Status status = CheckDirectory(directory); !status.ok()) return status;
  absl::Status status;
  const auto read = [&](absl::string_view file) -> uint64_t {
    const absl::StatusOr<uint64_t> number = ReadNumber(absl::StrCat(directory, "/", file));
    if (!number.ok() && status.ok()) status = number.status();
    return number.value_or(0);
  };
  v1::NodeMemoryParameters parameters;
  parameters.set_running(read("run") == kRun);
  parameters.set_pages_to_scan(read("pages_to_scan"));
  parameters.set_sleep_milliseconds(read("sleep_millisecs"));
  parameters.set_pages_shared(read("pages_shared"));
  parameters.set_pages_sharing(read("pages_sharing"));
  parameters.set_pages_unshared(read("pages_unshared"));
  parameters.set_pages_volatile(read("pages_volatile"));
  parameters.set_full_scans(read("full_scans"));
  if (!status.ok()) return status;
  parameters.set_merge_across_nodes(ReadNumber(directory + "/merge_across_nodes").value_or(0) != 0);
  return parameters;
}

absl::StatusOr<v1::NodeMemoryParameters> SetMemoryParameters(const Sources& sources,
                                                             const v1::SetNodeMemoryParametersRequest& request) {
  const std::string directory = DirectoryOf(sources);
  if (request.has_pages_to_scan() && (request.pages_to_scan() < 1 || request.pages_to_scan() > kMostPages)) {
    return OutOfBounds("pages_to_scan", 1, kMostPages);
  }
  if (request.has_sleep_milliseconds() && request.sleep_milliseconds() > kMostMilliseconds) {
    return OutOfBounds("sleep_milliseconds", 0, kMostMilliseconds);
  }
  if (absl::Status status = CheckDirectory(directory); !status.ok()) return status;
  absl::Status status;
  const auto write = [&](bool wanted, absl::string_view file, uint64_t number) {
    if (wanted && status.ok()) status = WriteNumber(absl::StrCat(directory, "/", file), number);
  };
  write(request.has_pages_to_scan(), "pages_to_scan", request.pages_to_scan());
  write(request.has_sleep_milliseconds(), "sleep_millisecs", request.sleep_milliseconds());
  write(request.has_merge_across_nodes(), "merge_across_nodes", request.merge_across_nodes() ? 1 : 0);
  write(request.has_running(), "run", request.running() ? kRun : 0);
  if (!status.ok()) return status;
  return ReadMemoryParameters(sources);
}

}  // namespace reeve::node
