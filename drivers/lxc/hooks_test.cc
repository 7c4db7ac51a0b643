#include "drivers/lxc/hooks.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace reeve::lxc {
namespace {

class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hooks.XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    std::filesystem::create_directory(path_ + "/lxc.d");
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::string Read(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream(path_ + "/" + name).rdbuf();
    return text.str();
  }
  void Script(const std::string& name, const std::string& text, mode_t mode = 0755) const {
    std::ofstream(path_ + "/" + name) << "#!/bin/sh\n" << text << "\n";
    REQUIRE(chmod((path_ + "/" + name).c_str(), mode) == 0);
  }
  absl::Status Run(Hooks::Point point = Hooks::Point::kPrepare, const std::string& domain = "web1",
                   absl::Duration timeout = absl::Seconds(30)) const {
    return Hooks(path_, timeout).Run(point, domain, [] { return std::string("<domain/>"); });
  }

 private:
  std::string path_;
};

TEST_CASE("without scripts nothing happens") {
  Directory directory;
  bool asked = false;
  CHECK_FALSE(Hooks(directory.path(), absl::Seconds(1)).Any());
  CHECK(Hooks(directory.path() + "/none", absl::Seconds(1))
            .Run(Hooks::Point::kStart, "web1", [&] {
              asked = true;
              return std::string();
            })
            .ok());
  CHECK_FALSE(asked);
}

TEST_CASE("each script gets name, point and document, one after the other") {
  Directory directory;
  const std::string log = directory.path() + "/log";
  for (const std::string name : {"lxc.d/20-b", "lxc.d/10-a", "lxc"}) {
    directory.Script(name, absl::StrCat("echo \"", name, " $# $*\" >> ", log, "; cat >> ", log, "; echo >> ", log));
  }
  directory.Script("lxc.d/15-off", absl::StrCat("echo off >> ", log), 0644);
  REQUIRE(directory.Run(Hooks::Point::kStopped, "a 'b' $(c)").ok());
  CHECK(directory.Read("log") ==
        "lxc 4 a 'b' $(c) stopped end -\n<domain/>\nlxc.d/10-a 4 a 'b' $(c) stopped end -\n<domain/>\n"
        "lxc.d/20-b 4 a 'b' $(c) stopped end -\n<domain/>\n");
}

TEST_CASE("the daemon's environment and descriptors stay with it") {
  Directory directory;
  directory.Script("lxc", absl::StrCat("{ env; ls /proc/self/fd; } > ", directory.path(), "/log"));
  REQUIRE(setenv("SECRET", "x", 1) == 0);
  REQUIRE(directory.Run().ok());
  CHECK_THAT(directory.Read("log"), !Catch::Contains("SECRET") && Catch::Contains("PATH="));
}

TEST_CASE("a failure ends it and tells how") {
  Directory directory;
  directory.Script("lxc", "echo no licence >&2; exit 3");
  directory.Script("lxc.d/later", absl::StrCat("touch ", directory.path(), "/later"));
  const absl::Status status = directory.Run(Hooks::Point::kStart);
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK_THAT(std::string(status.message()),
             Catch::StartsWith("hook start: ") && Catch::Contains("code 3") && Catch::Contains("no licence"));
  CHECK_FALSE(std::filesystem::exists(directory.path() + "/later"));
  directory.Script("lxc", "kill -9 $$");
  CHECK_THAT(std::string(directory.Run().message()), Catch::Contains("signal 9"));
}

TEST_CASE("one that hangs is killed with its children") {
  Directory directory;
  directory.Script("lxc", "sleep 1000 & sleep 1000");
  const absl::Status status = directory.Run(Hooks::Point::kPrepare, "web1", absl::Milliseconds(200));
  CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("one that ends and leaves a child behind, or floods its output, stops nobody") {
  Directory directory;
  directory.Script("lxc", "sleep 1000 & exit 0");
  CHECK(directory.Run().ok());
  directory.Script("lxc", "head -c 10000000 /dev/zero | tr '\\0' x");
  CHECK(directory.Run().ok());
}

TEST_CASE("what others may write is not executed") {
  Directory directory;
  directory.Script("lxc", absl::StrCat("touch ", directory.path(), "/ran"), 0777);
  CHECK(directory.Run().code() == absl::StatusCode::kPermissionDenied);
  CHECK_FALSE(std::filesystem::exists(directory.path() + "/ran"));
}

}  // namespace
}  // namespace reeve::lxc
