#include "drivers/lxc/sealed_program.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace reeve::lxc {
namespace {

struct Directory {
  Directory() {
    char name[] = "/tmp/sealed-program-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = std::string(name) + "/program";
  }
  ~Directory() {
    unlink(path.c_str());
    rmdir(path.substr(0, path.rfind('/')).c_str());
  }
  // A copy of true(1) or false(1).
  void Install(const char* program) {
    unlink(path.c_str());
    std::ifstream from(program, std::ios::binary);
    std::ofstream to(path, std::ios::binary);
    to << from.rdbuf();
    to.close();
    REQUIRE(chmod(path.c_str(), 0755) == 0);
  }
  std::string path;
};

int Run(int fd) {
  const pid_t pid = fork();
  if (pid == 0) {
    const char* arguments[] = {"program", nullptr};
    execv(absl::StrCat("/proc/self/fd/", fd).c_str(), const_cast<char**>(arguments));
    _exit(99);
  }
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WEXITSTATUS(status);
}

TEST_CASE_METHOD(Directory, "the copy is executed, and follows the file") {
  SealedProgram program(path);
  CHECK_FALSE(program.Get().ok());
  Install("/bin/true");
  const auto first = program.Get();
  REQUIRE(first.ok());
  CHECK(Run((*first)->get()) == 0);
  CHECK(*program.Get() == *first);
  Install("/bin/false");
  const auto second = program.Get();
  REQUIRE(second.ok());
  CHECK(Run((*second)->get()) == 1);
  CHECK(Run((*first)->get()) == 0);
}

TEST_CASE_METHOD(Directory, "nobody writes it, by whatever way") {
  Install("/bin/true");
  SealedProgram program(path);
  const auto copy = program.Get();
  REQUIRE(copy.ok());
  const int fd = (*copy)->get();
  CHECK(write(fd, "x", 1) < 0);
  CHECK(ftruncate(fd, 0) < 0);
  CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) < 0);
  util::UniqueFd again(open(absl::StrCat("/proc/self/fd/", fd).c_str(), O_RDWR | O_CLOEXEC));
  if (again) {  // root may open it so
    CHECK(write(again.get(), "x", 1) < 0);
    CHECK(errno == EPERM);
    CHECK(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again.get(), 0) == MAP_FAILED);
  }
  // Who has it open so can at most hold up its execution, of this copy.
  if (again) CHECK(Run(fd) == 99);
  program.Forget();
  const auto next = program.Get();
  REQUIRE(next.ok());
  CHECK(Run((*next)->get()) == 0);
  again.Reset();
  CHECK(Run(fd) == 0);
}

TEST_CASE_METHOD(Directory, "what is no program is refused") {
  Install("/bin/true");
  REQUIRE(chmod(path.c_str(), 0644) == 0);
  SealedProgram program(path);
  CHECK_FALSE(program.Get().ok());
}

}  // namespace
}  // namespace reeve::lxc
