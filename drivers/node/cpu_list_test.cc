#include "drivers/node/cpu_list.h"

#include <catch2/catch.hpp>

namespace reeve::node {
namespace {

TEST_CASE("lists of CPUs as the kernel writes them") {
  CHECK(*ParseCpuList("0\n") == std::vector<int>{0});
  CHECK(*ParseCpuList("0-3,8,10-11\n") == std::vector<int>{0, 1, 2, 3, 8, 10, 11});
  CHECK(ParseCpuList("\n")->empty());
}

TEST_CASE("anything else is refused") {
  for (const char* text :
       {"x", "-1", "1-", "-", "3-1", "1,,2", "1,1", "5,2", "0-70000", "0-99999999999", "1-2-3", "+1"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseCpuList(text).ok());
  }
}

}  // namespace
}  // namespace reeve::node
