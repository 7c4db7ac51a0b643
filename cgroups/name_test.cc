#include "cgroups/name.h"

#include <catch2/catch.hpp>
#include <string>

namespace reeve::cgroups {
namespace {

TEST_CASE("A name becomes one directory that is no control file") {
  CHECK(*EscapeName("web1") == "web1");
  CHECK(*EscapeName("a b") == "a b");
  CHECK(*EscapeName("a/b") == "a%2Fb");
  CHECK(*EscapeName("..") == "_..");
  CHECK(*EscapeName(".") == "_.");
  CHECK(*EscapeName("_x") == "__x");
  CHECK(*EscapeName("tasks") == "_tasks");
  CHECK(*EscapeName("memory.max") == "_memory.max");
  CHECK(*EscapeName("memory") == "memory");
  CHECK(*EscapeName(std::string("a\nb\0c", 5)) == "a%0Ab%00c");
}

TEST_CASE("Different names stay different") {
  CHECK(*EscapeName("a/b") != *EscapeName("a%2Fb"));
  CHECK(*EscapeName("_tasks") != *EscapeName("tasks"));
}

TEST_CASE("Names that are empty or too long are refused") {
  CHECK(absl::IsInvalidArgument(EscapeName("").status()));
  CHECK(EscapeName(std::string(255, 'a')).ok());
  CHECK(absl::IsInvalidArgument(EscapeName(std::string(256, 'a')).status()));
  CHECK(absl::IsInvalidArgument(EscapeName(std::string(100, '/')).status()));
}

TEST_CASE("A partition is an absolute path of plain names") {
  CHECK(*ParsePartition("/machine/blue") == "machine/blue");
  CHECK(*ParsePartition("/") == "");
  for (const char* bad :
       {"", "machine", "/machine/", "//machine", "/../etc", "/a/./b", "/a/..", "/tasks", "/a/cpu.max"}) {
    INFO(bad);
    CHECK(absl::IsInvalidArgument(ParsePartition(bad).status()));
  }
  CHECK(absl::IsInvalidArgument(ParsePartition("/" + std::string(2000, 'a')).status()));
}

}  // namespace
}  // namespace reeve::cgroups
