// What the tests on the real kernel share.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cgroups/group.h"
#include "cgroups/subtree.h"

namespace reeve::cgroups {

// A partition of this test's own, removed at the end, and a child process that waits to be killed.
struct KernelFixture {
  explicit KernelFixture(Hierarchies of = *Hierarchies::Detect())
      : hierarchies(std::move(of)), partition(absl::StrCat("/reeve-test-", ::getpid())) {}
  ~KernelFixture() {
    EndChild();
    absl::Duration left = absl::Seconds(2);
    for (int hierarchy : hierarchies.used()) {
      CHECK(RemoveSubtree(hierarchies, hierarchy, partition.substr(1), &left).ok());
    }
  }
  KernelFixture(const KernelFixture&) = delete;
  KernelFixture& operator=(const KernelFixture&) = delete;

  // This host as it would be without BPF: its devices are v1's where they are mounted.
  static absl::StatusOr<Hierarchies> DetectWithoutDevicePrograms() {
    absl::StatusOr<Hierarchies::Texts> texts = Hierarchies::ReadTexts();
    if (!texts.ok()) return texts.status();
    texts->device_programs = false;
    return Hierarchies::Open(*texts);
  }

  // Starts a process in the group that calls `work` once and then waits.
  void StartChild(const Group& group, void (*work)() = nullptr) {
    int go[2];
    REQUIRE(::pipe2(go, O_CLOEXEC) == 0);
    child = ::fork();
    if (child == 0) {
      char byte = 0;
      ::close(go[1]);
      (void)!::read(go[0], &byte, 1);
      if (work != nullptr) work();
      while (true) ::pause();
    }
    ::close(go[0]);
    const auto targets = group.Targets();
    REQUIRE(targets.ok());
    for (const std::string& path : targets->v1_tasks) std::ofstream(path) << child << std::flush;
    const int unified = hierarchies.unified();
    if (unified >= 0) {
      REQUIRE(hierarchies.tree()->Write(unified, group.path() + "/cgroup.procs", absl::StrCat(child)) == 0);
    }
    ::close(go[1]);
  }

  // Its wait status; 0 without one.
  int EndChild(int signal = SIGKILL) {
    if (child <= 0) return 0;
    if (signal != 0) ::kill(child, signal);
    int status = 0;
    ::waitpid(child, &status, 0);
    child = 0;
    return status;
  }

  Hierarchies hierarchies;
  std::string partition;
  pid_t child = 0;
};

}  // namespace reeve::cgroups
