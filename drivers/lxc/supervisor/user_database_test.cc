#include "drivers/lxc/supervisor/user_database.h"

#include <catch2/catch.hpp>

namespace reeve::lxc {
namespace {

bool Find(const std::string& text, const std::string& name, UserEntry* entry) {
  return FindByName(text.data(), text.size(), name, entry);
}

TEST_CASE("users are found by name and by id") {
  const std::string text = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/:/bin/sh\nlast:x:5:6";
  UserEntry entry;
  REQUIRE(Find(text, "web", &entry));
  CHECK(entry.id == 33);
  CHECK(entry.group == 34);
  REQUIRE(Find(text, "last", &entry));
  CHECK(entry.group == 6);
  REQUIRE(FindById(text.data(), text.size(), 33, &entry));
  CHECK(entry.group == 34);
  CHECK_FALSE(Find(text, "we", &entry));
  CHECK_FALSE(Find(text, "webb", &entry));
  CHECK_FALSE(FindById(text.data(), text.size(), 7, &entry));
}

TEST_CASE("malformed lines are passed over") {
  UserEntry entry;
  for (const char* line : {"web", "web:x", "web:x:", "web:x:12", "web:x::5:", "web:x:-1:5:", "web:x:0x1:5:",
                           "web:x:99999999999:5:", "web:x:4294967295:5:", "web:x: 1:5:", ":::", ""}) {
    INFO(line);
    CHECK_FALSE(Find(line, "web", &entry));
    REQUIRE(Find(std::string(line) + "\nweb:x:1:2::\n", "web", &entry));
    CHECK(entry.id == 1);
  }
  CHECK_FALSE(Find(std::string("\0\0\0", 3), "web", &entry));
  CHECK_FALSE(Find(std::string(1 << 20, ':'), "web", &entry));
  CHECK_FALSE(Find(std::string(1 << 20, '\n'), "web", &entry));
}

TEST_CASE("an id is decimal digits and not the one that means no change") {
  uint32_t id = 0;
  const auto parse = [&](const std::string& text) { return ParseId(text.data(), text.data() + text.size(), &id); };
  CHECK(parse("0"));
  CHECK(parse("4294967294"));
  CHECK(id == 4294967294u);
  for (const char* text : {"", "4294967295", "-1", "+1", "1 ", "0x10", "11111111111"}) CHECK_FALSE(parse(text));
}

TEST_CASE("numbers are forced by a plus sign, and faults are named") {
  uint32_t uid = 1;
  uint32_t gid = 1;
  std::string fault;
  REQUIRE(FindUser("", "", &uid, &gid, &fault));
  CHECK(uid == 0);
  CHECK(gid == 0);
  REQUIRE(FindUser("+4000000", "+4000001", &uid, &gid, &fault));
  CHECK(uid == 4000000);
  CHECK(gid == 4000001);
  CHECK_FALSE(FindUser("+12x", "", &uid, &gid, &fault));
  CHECK(fault == "user +12x is no number");
  CHECK_FALSE(FindUser("no:such", "", &uid, &gid, &fault));
  CHECK_FALSE(FindUser("", "+", &uid, &gid, &fault));
}

}  // namespace
}  // namespace reeve::lxc
