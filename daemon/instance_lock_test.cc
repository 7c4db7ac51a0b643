#include "daemon/instance_lock.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <optional>

#include "absl/strings/str_cat.h"
#include "daemon/temporary_directory.h"

namespace reeve {
namespace {

TEST_CASE("a second daemon is told who runs, until the first has ended") {
  const TemporaryDirectory directory;
  const std::string path = directory.Below("reeved.lock");
  auto first = InstanceLock::Acquire(path);
  REQUIRE(first.ok());
  // flock(2) locks belong to the open file, so a second open in this process conflicts as another process would.
  const auto second = InstanceLock::Acquire(path);
  CHECK(second.status().code() == absl::StatusCode::kAlreadyExists);
  CHECK_THAT(std::string(second.status().message()), Catch::Contains(absl::StrCat("pid ", getpid(), " ")));
  { const InstanceLock ended = *std::move(first); }
  CHECK(InstanceLock::Acquire(path).ok());
}

TEST_CASE("what is left of an earlier daemon does not matter") {
  const TemporaryDirectory directory;
  const std::string path = directory.Below("reeved.lock");
  std::ofstream(path) << "4194304 and some more";
  const auto lock = InstanceLock::Acquire(path);
  REQUIRE(lock.ok());
  std::string line;
  std::getline(std::ifstream(path), line);
  CHECK(line == absl::StrCat(getpid()));
}

TEST_CASE("a lock file with strange content is not repeated") {
  const TemporaryDirectory directory;
  const std::string path = directory.Below("reeved.lock");
  const auto lock = InstanceLock::Acquire(path);
  std::ofstream(path) << "12\nforged line";
  CHECK_THAT(std::string(InstanceLock::Acquire(path).status().message()), Catch::Contains("pid unknown"));
}

TEST_CASE("a symlink is not followed, a missing directory is named") {
  const TemporaryDirectory directory;
  std::filesystem::create_symlink(directory.Below("elsewhere"), directory.Below("reeved.lock"));
  CHECK_FALSE(InstanceLock::Acquire(directory.Below("reeved.lock")).ok());
  CHECK_FALSE(std::filesystem::exists(directory.Below("elsewhere")));
  const auto missing = InstanceLock::Acquire(directory.Below("none/reeved.lock"));
  CHECK_THAT(std::string(missing.status().message()), Catch::Contains(directory.Below("none/reeved.lock")));
}

}  // namespace
}  // namespace reeve
