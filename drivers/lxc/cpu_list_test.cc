#include "drivers/lxc/cpu_list.h"

#include <catch2/catch.hpp>

namespace reeve::lxc {
namespace {

TEST_CASE("sets become what the kernel takes") {
  CHECK(KernelList("0") == "0");
  CHECK(KernelList("0-3") == "0-3");
  CHECK(KernelList("0-3,^2,8") == "0-1,3,8");
  CHECK(KernelList("5,3,4") == "3-5");
  CHECK(KernelList("4095") == "4095");
}

TEST_CASE("what is no set is none") {
  for (const char* text : {"", "a", "1-", "-1", "3-1", "0,^0", "4096", "0-99999999999", "1,,2", "1-2-3"}) {
    INFO(text);
    CHECK_FALSE(KernelList(text));
  }
}

}  // namespace
}  // namespace reeve::lxc
