#include "daemon/state/passed_files.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/invalid_request.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

constexpr int kMaxFiles = 32;

}  // namespace

absl::StatusOr<drivers::PassedFiles> TakeFiles(const Options& options, const drivers::HypervisorDriver& driver,
                                               uint64_t connection,
                                               const google::protobuf::RepeatedField<int32_t>& numbers,
                                               const v1::DomainSpec& spec) {
  if (numbers.size() > kMaxFiles) {
    return Invalid("descriptors", absl::StrCat("are ", numbers.size(), ", at most ", kMaxFiles, " are allowed"));
  }
  for (const int32_t number : numbers) {
    if (number < 0) return Invalid("descriptors", absl::StrCat("has ", number, ", which is none"));
  }
  // Before the caller is looked at: what the driver cannot do is the same for everybody.
  if (absl::Status status = driver.CheckFiles(spec, {.from_root = true}); !status.ok()) return status;
  if (!options.take_files) {
    return Error(v1::REASON_DESCRIPTOR_INVALID, "there is no process of this host that open files could be taken from");
  }
  absl::StatusOr<drivers::PassedFiles> files =
      options.take_files(connection, std::vector<int>(numbers.begin(), numbers.end()));
  if (!files.ok()) return files.status();
  if (absl::Status status = driver.CheckFiles(spec, *files); !status.ok()) return status;
  return files;
}

}  // namespace reeve::state
