// Device rules on this host's real hierarchies, by v1 lists and by v2 programs. Needs root; leaves nothing behind.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "cgroups/devices.h"
#include "cgroups/kernel_fixture.h"

namespace reeve::cgroups {
namespace {

// In a process of the group: the errno of opening a device, or of making one, after `change` was called outside.
class Prober {
 public:
  explicit Prober(const Location& group) {
    REQUIRE(::pipe2(questions_, O_CLOEXEC) == 0);
    REQUIRE(::pipe2(answers_, O_CLOEXEC) == 0);
    child_ = ::fork();
    if (child_ == 0) Answer();
    const int hierarchy = group.hierarchies.Find(Controller::kDevices).hierarchy;
    REQUIRE(group.hierarchies.tree()->Write(hierarchy, group.path + "/cgroup.procs", std::to_string(child_)) == 0);
  }
  ~Prober() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    for (int fd : {questions_[0], questions_[1], answers_[0], answers_[1]}) ::close(fd);
  }

  int Open(const char* path, int flags) { return Ask({.flags = flags}, path); }
  // Makes a device in /tmp, and removes it.
  int Make(mode_t type, unsigned major, unsigned minor) {
    return Ask({.flags = -1, .type = type, .device = makedev(major, minor)}, "");
  }

 private:
  struct Question {
    int flags = 0;
    mode_t type = 0;
    dev_t device = 0;
    char path[64] = {};
  };

  int Ask(Question question, const char* path) {
    ::strncpy(question.path, path, sizeof question.path - 1);
    REQUIRE(::write(questions_[1], &question, sizeof question) == sizeof question);
    int error = -1;
    REQUIRE(::read(answers_[0], &error, sizeof error) == sizeof error);
    return error;
  }

  [[noreturn]] void Answer() {
    Question question;
    while (::read(questions_[0], &question, sizeof question) == sizeof question) {
      int error = 0;
      if (question.flags >= 0) {
        const int fd = ::open(question.path, question.flags | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) error = errno;
        if (fd >= 0) ::close(fd);
      } else {
        const std::string path = "/tmp/reeve-device-" + std::to_string(::getpid());
        if (::mknod(path.c_str(), question.type | 0600, question.device) < 0) error = errno;
        ::unlink(path.c_str());
      }
      (void)!::write(answers_[1], &error, sizeof error);
    }
    ::_exit(0);
  }

  int questions_[2];
  int answers_[2];
  pid_t child_ = 0;
};

DeviceRules Rules(const std::vector<const char*>& texts) {
  DeviceRules rules;
  for (const char* text : texts) REQUIRE(rules.Add(*ParseDeviceRule(text)).ok());
  return rules;
}

void Exercise(const Hierarchies& hierarchies) {
  KernelFixture fixture(hierarchies);
  auto group = Group::Create(hierarchies, fixture.partition, "a");
  INFO(group.status());
  REQUIRE(group.ok());
  Prober prober(*group);
  CHECK(prober.Open("/dev/null", O_RDWR) == 0);

  absl::Status status = SetDeviceRules(*group, Rules({"c 1:3 rw", "c 1:5 r"}));
  INFO(status);
  REQUIRE(status.ok());
  CHECK(prober.Open("/dev/null", O_RDWR) == 0);
  CHECK(prober.Open("/dev/zero", O_RDONLY) == 0);
  CHECK(prober.Open("/dev/zero", O_RDWR) == EPERM);
  CHECK(prober.Open("/dev/random", O_RDONLY) == EPERM);
  CHECK(prober.Make(S_IFCHR, 1, 3) == EPERM);
  CHECK(prober.Make(S_IFBLK, 7, 200) == EPERM);

  // Live: one more, one less.
  REQUIRE(SetDeviceRules(*group, Rules({"c 1:3 rwm", "c 1:8 r", "b *:* m"})).ok());
  CHECK(prober.Open("/dev/null", O_RDWR) == 0);
  CHECK(prober.Open("/dev/random", O_RDONLY) == 0);
  CHECK(prober.Open("/dev/zero", O_RDONLY) == EPERM);
  CHECK(prober.Make(S_IFCHR, 1, 3) == 0);
  CHECK(prober.Make(S_IFCHR, 1, 5) == EPERM);
  CHECK(prober.Make(S_IFBLK, 7, 200) == 0);

  REQUIRE(SetDeviceRules(*group, {}).ok());
  CHECK(prober.Open("/dev/null", O_RDONLY) == EPERM);

  // As many as may be.
  DeviceRules many;
  for (uint32_t minor = 0; minor < DeviceRules::kMaximum - 1; ++minor) {
    REQUIRE(many.Add({DeviceRule::Type::kBlock, 250, minor, kDeviceRead}).ok());
  }
  REQUIRE(many.Add({DeviceRule::Type::kCharacter, 1, 3, kDeviceRead}).ok());
  REQUIRE(SetDeviceRules(*group, many).ok());
  CHECK(prober.Open("/dev/null", O_RDONLY) == 0);
  CHECK(prober.Open("/dev/null", O_RDWR) == EPERM);
}

TEST_CASE("A v2 group is held to its device rules by a program") {
  const auto hierarchies = Hierarchies::Detect();
  REQUIRE(hierarchies.ok());
  if (hierarchies->Find(Controller::kDevices).version != 2) {
    WARN("not tried: " << hierarchies->Describe());
    return;
  }
  Exercise(*hierarchies);
}

TEST_CASE("A v1 group is held to its device rules by a list") {
  const auto hierarchies = KernelFixture::DetectWithoutDevicePrograms();
  if (!hierarchies.ok() || hierarchies->Find(Controller::kDevices).version != 1) {
    WARN("not tried: this host has no v1 devices controller");
    return;
  }
  Exercise(*hierarchies);
}

}  // namespace
}  // namespace reeve::cgroups
