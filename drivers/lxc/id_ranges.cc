#include "drivers/lxc/id_ranges.h"

#include <algorithm>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/status.h"
#include "util/files.h"

namespace reeve::lxc {
namespace {

constexpr uint64_t kIdEnd = 0xFFFFFFFF;  // the last stands for "none" in system calls

// The first `count` ids that are in one of `ranges` and in none of `taken`, which is sorted.
std::optional<uint64_t> FindFree(const std::vector<SubordinateIds>& ranges,
                                 const std::multiset<std::pair<uint64_t, uint64_t>>& taken, uint64_t count) {
  for (const SubordinateIds& range : ranges) {
    uint64_t first = range.first;
    for (const auto& [begin, end] : taken) {
      if (end <= first) continue;
      if (begin >= first + count) break;
      first = end;
    }
    if (first + count <= range.first + range.count) return first;
  }
  return std::nullopt;
}

bool IsWithin(const v1::IdMapping& mapping, const std::vector<SubordinateIds>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const SubordinateIds& range) {
    return mapping.target() >= range.first &&
           uint64_t{mapping.target()} + mapping.count() <= range.first + range.count;
  });
}

// Whether the map is one that Assign could have given.
bool IsOne(const v1::IdMap& map, uint32_t count, const std::vector<SubordinateIds>& users,
           const std::vector<SubordinateIds>& groups) {
  if (map.users_size() != 1 || map.groups_size() != 1) return false;
  for (const v1::IdMapping* mapping : {&map.users(0), &map.groups(0)}) {
    if (mapping->start() != 0 || mapping->count() != count) return false;
  }
  return IsWithin(map.users(0), users) && IsWithin(map.groups(0), groups);
}

absl::Status NoRange(absl::string_view kind, absl::string_view file, absl::string_view user, uint32_t count,
                     bool has_some) {
  const absl::string_view option = kind == "user" ? "--add-subuids" : "--add-subgids";
  return Error(
      v1::REASON_NO_ID_RANGE,
      absl::StrCat(file, has_some ? " has no free range of " : " gives no subordinate ids, of which ", count,
                   has_some ? absl::StrCat(" subordinate ", kind, " ids left for ", user)
                            : absl::StrCat(" are needed, to ", user),
                   ": add one (usermod ", option,
                   " FIRST-LAST ", user,
                   "), or give the domain an id map of its own, or let it into the host's user namespace "
                   "(lxc.id_map_mode: ID_MAP_MODE_HOST)"),
      {{"file", file}, {"user", user}});
}

void Fill(google::protobuf::RepeatedPtrField<v1::IdMapping>* mappings, uint64_t first, uint32_t count) {
  v1::IdMapping* mapping = mappings->Add();
  mapping->set_start(0);
  mapping->set_target(static_cast<uint32_t>(first));
  mapping->set_count(count);
}

}  // namespace

std::vector<SubordinateIds> ParseSubordinateIds(absl::string_view text, absl::string_view user) {
  std::vector<SubordinateIds> ranges;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ':');
    if (fields.size() != 3 || (fields[0] != user && !(user == "root" && fields[0] == "0"))) continue;
    SubordinateIds range;
    if (!absl::SimpleAtoi(fields[1], &range.first) || !absl::SimpleAtoi(fields[2], &range.count)) continue;
    if (range.count == 0 || range.first == 0 || range.first >= kIdEnd || range.count > kIdEnd - range.first) continue;
    ranges.push_back(range);
  }
  return ranges;
}

absl::Status IdRanges::Assign(const std::string& uid, uint32_t count, v1::IdMap* map) {
  // A file that is not there gives nobody anything.
  absl::StatusOr<std::string> users_text = util::ReadFile(options_.users_file);
  absl::StatusOr<std::string> groups_text = util::ReadFile(options_.groups_file);
  for (const auto* text : {&users_text, &groups_text}) {
    if (!text->ok() && !absl::IsNotFound(text->status())) return WithReason(v1::REASON_NO_ID_RANGE, text->status());
  }
  const std::string user = options_.user.empty() ? "root" : options_.user;
  std::vector<SubordinateIds> users = ParseSubordinateIds(users_text.value_or(""), user);
  std::vector<SubordinateIds> groups = ParseSubordinateIds(groups_text.value_or(""), user);
  if (options_.user.empty() && users.empty() && groups.empty()) {
    users.push_back(kReservedIds);
    groups.push_back(kReservedIds);
  }
  absl::MutexLock lock(&mutex_);
  if (const auto found = maps_.find(uid); found != maps_.end()) {
    for (const v1::IdMap& had : found->second) {
      if (!IsOne(had, count, users, groups)) continue;
      *map = had;
      return absl::OkStatus();
    }
  }
  const std::optional<uint64_t> first_user = FindFree(users, users_, count);
  if (!first_user) return NoRange("user", options_.users_file, user, count, !users.empty());
  const std::optional<uint64_t> first_group = FindFree(groups, groups_, count);
  if (!first_group) return NoRange("group", options_.groups_file, user, count, !groups.empty());
  map->Clear();
  Fill(map->mutable_users(), *first_user, count);
  Fill(map->mutable_groups(), *first_group, count);
  maps_[uid].push_back(*map);
  Count(*map, true);
  return absl::OkStatus();
}

void IdRanges::Settle(const std::string& uid, std::vector<v1::IdMap> maps) {
  absl::MutexLock lock(&mutex_);
  if (const auto found = maps_.find(uid); found != maps_.end()) {
    for (const v1::IdMap& map : found->second) Count(map, false);
    maps_.erase(found);
  }
  if (maps.empty()) return;
  for (const v1::IdMap& map : maps) Count(map, true);
  maps_[uid] = std::move(maps);
}

void IdRanges::Keep(const std::string& uid, const v1::IdMap& map) {
  absl::MutexLock lock(&mutex_);
  std::vector<v1::IdMap>& maps = maps_[uid];
  const auto same = [&](const v1::IdMap& had) { return had.SerializeAsString() == map.SerializeAsString(); };
  if (std::any_of(maps.begin(), maps.end(), same)) return;
  maps.push_back(map);
  Count(map, true);
}

void IdRanges::Count(const v1::IdMap& map, bool add) {
  const auto count = [add](const auto& mappings, std::multiset<Interval>* taken) {
    for (const v1::IdMapping& mapping : mappings) {
      const Interval interval{mapping.target(), uint64_t{mapping.target()} + mapping.count()};
      if (add) {
        taken->insert(interval);
      } else if (const auto found = taken->find(interval); found != taken->end()) {
        taken->erase(found);
      }
    }
  };
  count(map.users(), &users_);
  count(map.groups(), &groups_);
}

}  // namespace reeve::lxc
