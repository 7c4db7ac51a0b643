#include "drivers/xen/host_memory.h"

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "util/log.h"

namespace reeve::xen {
namespace {

constexpr int kTries = 3;  // as xl: what is freed may go to another before it is used

}  // namespace

bool HostMayShrink(const HostFacts& host) {
  for (const absl::string_view word : absl::StrSplit(host.command_line, ' ')) {
    if (absl::StartsWith(word, "dom0_mem=")) return false;
  }
  return true;
}

absl::Status MakeRoom(Toolstack& toolstack, DomainConfig* config) {
  const absl::StatusOr<HostFacts> host = toolstack.Host();
  if (!host.ok()) return host.status();
  if (!HostMayShrink(*host)) return absl::OkStatus();
  const absl::StatusOr<uint64_t> needed = toolstack.MemoryNeeded(config);
  if (!needed.ok()) return needed.status();
  uint64_t free = 0;
  for (int round = 0; round <= kTries; ++round) {
    const absl::StatusOr<uint64_t> now = toolstack.FreeMemory();
    if (!now.ok()) return now.status();
    free = *now;
    if (free >= *needed) return absl::OkStatus();
    if (round == kTries) break;
    util::LogInfo("Domain-0 gives ", *needed - free, " KiB for a guest");
    if (absl::Status status = toolstack.ShrinkHost(*needed - free); !status.ok()) return status;
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("the guest takes ", *needed, " KiB, ", free, " KiB are free, and Domain-0 gives no more"));
}

}  // namespace reeve::xen
