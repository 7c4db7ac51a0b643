#include "util/directory_watch.h"

#include <poll.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace reeve::util {
namespace {

class Directory {
 public:
  Directory() {
    char path[] = "/tmp/reeve-watch-XXXXXX";
    REQUIRE(::mkdtemp(path) != nullptr);
    path_ = path;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

void Write(const std::string& path) {
  std::ofstream(path) << "x";
}

bool Readable(const DirectoryWatch& watch) {
  pollfd polled = {watch.fd(), POLLIN, 0};
  return ::poll(&polled, 1, 0) == 1;
}

TEST_CASE("a change in a file's directory is told once it is there") {
  const Directory directory;
  auto watch = DirectoryWatch::Create();
  REQUIRE(watch.ok());
  REQUIRE(watch->WatchFiles({directory / "a.pem"}).ok());
  CHECK_FALSE(Readable(*watch));
  CHECK_FALSE(watch->Take());
  Write(directory / "b~");
  std::filesystem::rename(directory / "b~", directory / "a.pem");
  CHECK(Readable(*watch));
  CHECK(watch->Take());
  CHECK_FALSE(Readable(*watch));
}

TEST_CASE("a directory that comes later, and the target of a link, are watched, too") {
  const Directory directory;
  std::filesystem::create_directory(directory / "real");
  Write(directory / "real/a.pem");
  std::filesystem::create_symlink(directory / "real/a.pem", directory / "a.pem");
  auto watch = DirectoryWatch::Create();
  REQUIRE(watch.ok());
  REQUIRE(watch->WatchFiles({directory / "a.pem", directory / "later/key.pem"}).ok());
  Write(directory / "real/a.pem");
  CHECK(watch->Take());
  std::filesystem::create_directory(directory / "later");
  CHECK(watch->Take());
  REQUIRE(watch->WatchFiles({directory / "later/key.pem"}).ok());
  Write(directory / "real/a.pem");
  CHECK_FALSE(watch->Take());
  Write(directory / "later/key.pem");
  CHECK(watch->Take());
}

}  // namespace
}  // namespace reeve::util
