#include "daemon/paths.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "daemon/temporary_directory.h"

namespace reeve {
namespace {

mode_t ModeOfFile(const std::string& path) {
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

TEST_CASE("all paths are below the root") {
  CHECK(Paths::Create("/")->config_file() == "/etc/reeve/reeved.toml");
  CHECK(Paths::Create("/")->root().empty());
  CHECK(Paths::Create("/srv/x/")->state_directory() == "/srv/x/var/lib/reeve");
  CHECK(Paths::Create("/srv//x/./y/..")->lock_file() == "/srv/x/run/reeve/reeved.lock");
  CHECK(Paths::Create("/srv/x")->Below("/run/reeve/reeve.sock") == "/srv/x/run/reeve/reeve.sock");
  CHECK(Paths::Create("relative")->root() == std::filesystem::current_path().string() + "/relative");
  CHECK_FALSE(Paths::Create("").ok());
}

TEST_CASE("directories are made with their modes, whatever the umask") {
  const TemporaryDirectory directory;
  const auto paths = Paths::Create(directory.Below("new/root"));
  const mode_t old_umask = umask(0077);
  const absl::Status made = paths->MakeDirectories();
  umask(0);
  const absl::Status again = paths->MakeDirectories();
  umask(old_umask);
  REQUIRE(made.ok());
  REQUIRE(again.ok());
  CHECK(ModeOfFile(paths->run_directory()) == 0755);
  CHECK(ModeOfFile(paths->state_directory()) == 0700);
  CHECK(ModeOfFile(paths->log_directory()) == 0750);
  CHECK(ModeOfFile(paths->Below("/etc/reeve")) == 0755);
  CHECK(ModeOfFile(paths->Below("/var/lib")) == 0755);
}

TEST_CASE("a directory in which others could put files is refused") {
  const TemporaryDirectory directory;
  const auto paths = Paths::Create(directory.path());
  REQUIRE(paths->MakeDirectories().ok());
  REQUIRE(chmod(paths->state_directory().c_str(), 0770) == 0);
  const absl::Status refused = paths->MakeDirectories();
  CHECK(refused.code() == absl::StatusCode::kFailedPrecondition);
  CHECK_THAT(std::string(refused.message()), Catch::Contains(paths->state_directory()));
  // A stricter one is left as the administrator made it.
  REQUIRE(chmod(paths->state_directory().c_str(), 0500) == 0);
  CHECK(paths->MakeDirectories().ok());
  CHECK(ModeOfFile(paths->state_directory()) == 0500);
}

TEST_CASE("a file in the way is an error that names it") {
  const TemporaryDirectory directory;
  std::ofstream(directory.Below("var")) << "file";
  const absl::Status refused = Paths::Create(directory.path())->MakeDirectories();
  CHECK_FALSE(refused.ok());
  CHECK_THAT(std::string(refused.message()), Catch::Contains(directory.Below("var")));
}

}  // namespace
}  // namespace reeve
