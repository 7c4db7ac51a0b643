#include "drivers/lxc/id_ranges.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "proto/status.h"

namespace reeve::lxc {
namespace {

// The two files, in a directory that goes with it.
class Files {
 public:
  Files() {
    std::string pattern = (std::filesystem::temp_directory_path() / "id_ranges.XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Files() { std::filesystem::remove_all(path_); }
  void Write(const std::string& users, const std::string& groups) const {
    std::ofstream(path_ + "/subuid") << users;
    std::ofstream(path_ + "/subgid") << groups;
  }
  IdRanges::Options Options(const std::string& user = "") const {
    return {.users_file = path_ + "/subuid", .groups_file = path_ + "/subgid", .user = user};
  }

 private:
  std::string path_;
};

uint32_t FirstUser(IdRanges* ranges, const std::string& uid, uint32_t count = 65536) {
  v1::IdMap map;
  REQUIRE(ranges->Assign(uid, count, &map).ok());
  REQUIRE(map.users_size() == 1);
  CHECK(map.users(0).start() == 0);
  CHECK(map.users(0).count() == count);
  return map.users(0).target();
}

TEST_CASE("the lines of subuid(5)") {
  const std::string text =
      "root:100000:65536\nalice:165536:65536\nroot:1000000:10\nroot:x:5\nroot:5\nroot:0:10\nroot:4294967290:6\n0:7:1\n"
      "root:10:4294967295\n";
  CHECK(ParseSubordinateIds(text, "root") ==
        std::vector<SubordinateIds>{{100000, 65536}, {1000000, 10}, {7, 1}});
  CHECK(ParseSubordinateIds(text, "alice") == std::vector<SubordinateIds>{{165536, 65536}});
  CHECK(ParseSubordinateIds(text, "bob").empty());
  CHECK(ParseSubordinateIds("", "root").empty());
}

TEST_CASE("each domain has a range of its own, the same every time") {
  Files files;
  files.Write("root:100000:131072\n", "root:500000:131072\n");
  IdRanges ranges(files.Options());
  CHECK(FirstUser(&ranges, "a") == 100000);
  CHECK(FirstUser(&ranges, "b") == 165536);
  CHECK(FirstUser(&ranges, "a") == 100000);
  v1::IdMap map;
  REQUIRE(ranges.Assign("b", 65536, &map).ok());
  CHECK(map.groups(0).target() == 565536);

  const absl::Status full = ranges.Assign("c", 65536, &map);
  CHECK(ReasonOf(full) == v1::REASON_NO_ID_RANGE);
  CHECK_THAT(std::string(full.message()), Catch::Contains("usermod --add-subuids FIRST-LAST root"));

  // What was only tried is free again, and so is what is gone.
  ranges.Settle("a", {});
  CHECK(FirstUser(&ranges, "c") == 100000);
}

TEST_CASE("what domains have is taken, also by hand, also in part") {
  Files files;
  files.Write("root:100000:300000\n", "root:100000:300000\n");
  IdRanges ranges(files.Options());
  v1::IdMap by_hand;
  for (auto* list : {by_hand.mutable_users(), by_hand.mutable_groups()}) {
    auto* mapping = list->Add();
    mapping->set_target(100010);
    mapping->set_count(10);
  }
  ranges.Settle("by hand", {by_hand});
  CHECK(FirstUser(&ranges, "a") == 100020);
  // A range of another size is another one.
  CHECK(FirstUser(&ranges, "a", 10) == 100000);
  v1::IdMap a;
  REQUIRE(ranges.Assign("a", 65536, &a).ok());
  CHECK(a.users(0).target() == 100020);
  ranges.Settle("a", {a});
  CHECK(FirstUser(&ranges, "b", 10) == 100000);
}

TEST_CASE("a map outside of the ranges is not kept") {
  Files files;
  files.Write("root:100000:65536\n", "root:100000:65536\n");
  IdRanges ranges(files.Options());
  CHECK(FirstUser(&ranges, "a") == 100000);
  files.Write("root:900000:65536\n", "root:900000:65536\n");
  CHECK(FirstUser(&ranges, "a") == 900000);
}

TEST_CASE("without entries: the reserved ids, unless a user was named") {
  Files files;
  IdRanges none(files.Options());
  CHECK(FirstUser(&none, "a") == kReservedIds.first);
  files.Write("alice:100000:65536\n", "");
  IdRanges others(files.Options());
  CHECK(FirstUser(&others, "a") == kReservedIds.first);
  v1::IdMap map;
  IdRanges named(files.Options("reeve"));
  const absl::Status refused = named.Assign("a", 65536, &map);
  CHECK(ReasonOf(refused) == v1::REASON_NO_ID_RANGE);
  CHECK_THAT(std::string(refused.message()), Catch::Contains("to reeve") && Catch::Contains("ID_MAP_MODE_HOST"));
  // In one of the files only.
  files.Write("root:100000:65536\n", "");
  CHECK(ReasonOf(others.Assign("b", 65536, &map)) == v1::REASON_NO_ID_RANGE);
}

}  // namespace
}  // namespace reeve::lxc
