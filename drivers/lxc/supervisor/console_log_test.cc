#include "drivers/lxc/supervisor/console_log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace reeve::lxc {
namespace {

std::string Content(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

struct Directory {
  Directory() {
    char name[] = "/tmp/console-log-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Directory() {
    for (const char* name : {"log", "log.0", "log.1", "log.2", "log.3", "link"}) unlink((path + "/" + name).c_str());
    rmdir(path.c_str());
  }
  std::string path;
};

TEST_CASE_METHOD(Directory, "a log is made for its owner, goes on or begins anew") {
  Failure failure;
  const std::string file = path + "/log";
  for (const auto& [append, expected] : {std::pair(false, "one"), std::pair(true, "oneone"), std::pair(false, "one")}) {
    ConsoleLog log;
    REQUIRE(log.Open(file, append, &failure));
    log.Write("one", 3);
    CHECK(Content(file) == expected);
  }
  struct stat status = {};
  REQUIRE(stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE_METHOD(Directory, "a flood is bounded, and the newest of it is kept") {
  Failure failure;
  const std::string file = path + "/log";
  ConsoleLog log;
  REQUIRE(log.Open(file, false, &failure));
  const std::string block(64 * 1024, 'x');
  for (int i = 0; i < 200; ++i) log.Write(block.data(), block.size());
  log.Write("end", 3);
  struct stat status = {};
  for (const char* name : {"/log", "/log.0", "/log.1", "/log.2"}) {
    REQUIRE(stat((path + name).c_str(), &status) == 0);
    CHECK(static_cast<uint64_t>(status.st_size) <= ConsoleLog::kMaximumLog);
  }
  CHECK(stat((path + "/log.3").c_str(), &status) < 0);
  CHECK(Content(file).substr(Content(file).size() - 3) == "end");
}

TEST_CASE_METHOD(Directory, "links and what is no file are refused") {
  Failure failure;
  ConsoleLog log;
  REQUIRE(symlink("log", (path + "/link").c_str()) == 0);
  CHECK_FALSE(log.Open(path + "/link", false, &failure));
  CHECK(failure.step == Step::kOpenLog);
  CHECK_FALSE(log.Open(path, false, &failure));
  CHECK_FALSE(log.Open("/dev/null", false, &failure));
  CHECK_FALSE(log.is_open());
}

}  // namespace
}  // namespace reeve::lxc
