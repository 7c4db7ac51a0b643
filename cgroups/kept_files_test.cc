#include "cgroups/kept_files.h"

#include <catch2/catch.hpp>
#include <cerrno>

#include "cgroups/fake_tree.h"

namespace reeve::cgroups {
namespace {

TEST_CASE("files are kept open up to a number, and closed with their group") {
  auto tree = std::make_shared<FakeTree>();
  tree->files[{0, "machine/a/memory.stat"}] = "cache 1\n";
  tree->files[{0, "machine/a/pids.current"}] = "2\n";
  tree->files[{0, "machine/b/pids.current"}] = "3\n";
  tree->files[{1, "machine/a/pids.current"}] = "4\n";
  KeptFiles kept(tree, 3);
  const auto read = [&](int hierarchy, const std::string& path) {
    std::string content;
    REQUIRE(kept.Read(hierarchy, path, &content) == 0);
    return content;
  };
  for (int round = 0; round < 2; ++round) {
    CHECK(read(0, "machine/a/memory.stat") == "cache 1\n");
    CHECK(read(0, "machine/a/pids.current") == "2\n");
    CHECK(read(1, "machine/a/pids.current") == "4\n");
    CHECK(read(0, "machine/b/pids.current") == "3\n");
    CHECK(kept.size() == 3);
  }
  kept.Forget("machine/a");
  CHECK(kept.size() == 0);
  CHECK(read(0, "machine/b/pids.current") == "3\n");
  CHECK(kept.size() == 1);
  kept.Forget("machine/none");
  CHECK(kept.size() == 1);
  kept.Allow(0);
  CHECK(kept.size() == 0);
  CHECK(read(0, "machine/a/pids.current") == "2\n");
  CHECK(kept.size() == 0);
  kept.Allow(1);
  CHECK(read(0, "machine/a/pids.current") == "2\n");
  CHECK(kept.size() == 1);
}

TEST_CASE("what cannot be read is not kept, and long files come whole") {
  auto tree = std::make_shared<FakeTree>();
  const std::string text(10000, 'x');
  tree->files[{0, "a/long"}] = text;
  tree->files[{0, "a/page"}] = text.substr(0, 4096);
  tree->files[{0, "top"}] = "1";
  KeptFiles kept(tree, 10);
  std::string content;
  CHECK(kept.Read(0, "a/none", &content) == ENOENT);
  CHECK(kept.size() == 0);
  for (int round = 0; round < 2; ++round) {
    CHECK(kept.Read(0, "a/long", &content) == 0);
    CHECK(content == text);
    CHECK(kept.Read(0, "a/page", &content) == 0);
    CHECK(content.size() == 4096);
    CHECK(kept.Read(0, "top", &content) == 0);
    CHECK(content == "1");
  }
  CHECK(kept.size() == 3);
}

}  // namespace
}  // namespace reeve::cgroups
