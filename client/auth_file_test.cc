#include "client/auth_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "util/files.h"

namespace reeve::client {
namespace {

// The cases of libvirt's own test of its lookup, in our words.
constexpr char kText[] = R"(
# credentials
[credentials-test]
username=fred
password=123456

[credentials-prod]
username = bar
password = letmein

[auth-reeve-test1.example.com]
credentials=test

[auth-reeve-test2.example.com]
credentials=test

[auth-reeve-demo3.example.com]
credentials=test

[auth-reeve-prod1.example.com]
credentials=prod

[auth-reeve-default]
credentials=prod

[auth-esx-nohost]
credentials=gone

[auth-esx-empty]
)";

std::string Found(const AuthFile& file, const char* service, const char* host, const char* key) {
  const auto found = file.Find(service, host, key);
  if (!found.ok()) return "error";
  return found->value_or("none");
}

TEST_CASE("credentials are found by service and host, else by the default of the service") {
  const AuthFile file = *AuthFile::Parse(kText);
  CHECK(Found(file, "reeve", "test1.example.com", "username") == "fred");
  CHECK(Found(file, "reeve", "demo3.example.com", "password") == "123456");
  CHECK(Found(file, "reeve", "prod1.example.com", "username") == "bar");
  CHECK(Found(file, "reeve", "prod1.example.com", "password") == "letmein");
  CHECK(Found(file, "reeve", "elsewhere.example.com", "username") == "bar");
  CHECK(Found(file, "reeve", "test1.example.com", "realm") == "none");
  CHECK(Found(file, "vnc", "test1.example.com", "username") == "none");
  CHECK(Found(file, "esx", "nohost", "username") == "error");
  CHECK(Found(file, "esx", "empty", "username") == "error");
}

TEST_CASE("mistakes are told with their line") {
  CHECK(AuthFile::Parse("a=b").status().message() == "line 1: stands before the first group");
  CHECK(AuthFile::Parse("[a]\n\nb").status().message() == "line 3: must be KEY=VALUE or [GROUP]");
  CHECK(AuthFile::Parse("[a").status().message() == "line 1: a group is [NAME]");
  CHECK(AuthFile::Parse("").ok());
}

TEST_CASE("a file with passwords is its owner's alone, and is found in the usual places") {
  char directory[] = "/tmp/reeve-auth-file-XXXXXX";
  REQUIRE(::mkdtemp(directory) != nullptr);
  const std::string home = directory;
  const std::string path = home + "/.config/reeve/auth.conf";
  REQUIRE(util::MakeDirectories(home + "/.config/reeve", 0700).ok());
  REQUIRE(util::ReplaceFile(path, kText, 0600).ok());
  CHECK(AuthFile::Read(path).ok());
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  CHECK(absl::IsFailedPrecondition(AuthFile::Read(path).status()));
  CHECK_FALSE(AuthFile::Read(home + "/none").ok());

  CHECK(FindAuthFile("/a", "/b", nullptr, home.c_str()) == "/a");
  CHECK(FindAuthFile(nullptr, "/b", nullptr, home.c_str()) == "/b");
  CHECK(FindAuthFile("", "", nullptr, home.c_str()) == path);
  CHECK(FindAuthFile(nullptr, "", (home + "/.config").c_str(), nullptr) == path);
  CHECK(FindAuthFile(nullptr, "", "/nowhere", home.c_str()) != path);
  REQUIRE(::unlink(path.c_str()) == 0);
  REQUIRE(::rmdir((home + "/.config/reeve").c_str()) == 0);
  REQUIRE(::rmdir((home + "/.config").c_str()) == 0);
  REQUIRE(::rmdir(home.c_str()) == 0);
}

}  // namespace
}  // namespace reeve::client
