// Ranges of the host's subordinate ids, one for each domain that brings no id map of its own.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::lxc {

// Consecutive ids of the host.
struct SubordinateIds {
  uint64_t first = 0;
  uint64_t count = 0;
  bool operator==(const SubordinateIds&) const = default;
};

// What subuid(5) or subgid(5) gives a user, in the order of the text. Lines that are malformed, or reach beyond the last
// id, give nothing. Pure.
std::vector<SubordinateIds> ParseSubordinateIds(absl::string_view text, absl::string_view user);

// Without an entry in either file: ids that no tool gives to users (shadow's end at 600100000) and that systemd sets
// apart for containers (https://systemd.io/UIDS-GIDS).
inline constexpr SubordinateIds kReservedIds = {0x30000000, 0x40000000};
inline constexpr uint32_t kDefaultIdCount = 65536;

// Thread-safe. Which ranges are taken follows from what the caller says that domains have (Settle) and from what was
// assigned since. The files are read anew each time: they are small, and an administrator may add a range at any time.
class IdRanges {
 public:
  struct Options {
    std::string users_file = "/etc/subuid";
    std::string groups_file = "/etc/subgid";
    std::string user;  // whose ranges; empty: root's where root has some in either file, else kReservedIds
  };

  explicit IdRanges(Options options) : options_(std::move(options)) {}

  // Gives the domain a range of `count` ids that no other has: the one that it has already, when it is one of those that
  // may be given. NO_ID_RANGE tells how to get one.
  absl::Status Assign(const std::string& uid, uint32_t count, v1::IdMap* map);

  // `maps` are all that the domain uses, the definition's first; what else it was assigned is free again. Empty: it is
  // gone.
  void Settle(const std::string& uid, std::vector<v1::IdMap> maps);

  // The domain has this map, too, unless it has it already.
  void Keep(const std::string& uid, const v1::IdMap& map);

 private:
  using Interval = std::pair<uint64_t, uint64_t>;  // first, past the last

  void Count(const v1::IdMap& map, bool add) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  absl::Mutex mutex_;
  std::map<std::string, std::vector<v1::IdMap>> maps_ ABSL_GUARDED_BY(mutex_);
  std::multiset<Interval> users_ ABSL_GUARDED_BY(mutex_);
  std::multiset<Interval> groups_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::lxc
