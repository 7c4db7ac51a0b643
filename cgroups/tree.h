// The control group file systems of a host, as narrow as the classes here need them, so that tests run on a fake
// (fake_tree.h).
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "util/fd.h"

struct bpf_insn;

namespace reeve::cgroups {

// Every call returns 0 or an errno value. `hierarchy` is an index of Hierarchies::all(); a path is relative to the root
// of that hierarchy, without a leading "/", "" being the root itself. Thread-safe.
class Tree {
 public:
  virtual ~Tree() = default;
  virtual int MakeDirectory(int hierarchy, const std::string& path) = 0;
  virtual int RemoveDirectory(int hierarchy, const std::string& path) = 0;
  // Names of the groups directly below `path`.
  virtual int ListDirectories(int hierarchy, const std::string& path, std::vector<std::string>* names) = 0;
  // Names of the files of the group `path`.
  virtual int ListFiles(int hierarchy, const std::string& path, std::vector<std::string>* names) = 0;
  virtual int OpenDirectory(int hierarchy, const std::string& path, util::UniqueFd* directory) = 0;
  // For reading.
  virtual int OpenFile(int hierarchy, const std::string& path, util::UniqueFd* file) = 0;
  virtual bool Exists(int hierarchy, const std::string& path) = 0;
  virtual int Read(int hierarchy, const std::string& path, std::string* content) = 0;
  // One write(2).
  virtual int Write(int hierarchy, const std::string& path, absl::string_view value) = 0;
  // Gives a file or directory to another owner (fchownat(2)).
  virtual int ChangeOwner(int hierarchy, const std::string& path, uid_t user, gid_t group) = 0;
  // Reads the file until `done` says so of its content, ETIMEDOUT after `timeout`. In between it waits for the kernel's
  // notification (POLLPRI, v2's cgroup.events) where the file `notifies`; else it looks again in short, growing steps.
  virtual int Await(int hierarchy, const std::string& path, bool notifies, absl::Duration timeout,
                    const std::function<bool(absl::string_view)>& done) = 0;
  // Makes `program` the only device program of a v2 group. No process of the group sees a moment without one.
  // `log` is what the kernel's verifier says against it.
  virtual int ReplaceDeviceProgram(int hierarchy, const std::string& path, const std::vector<bpf_insn>& program,
                                   std::string* log) = 0;
  // kill(2).
  virtual int Signal(pid_t process, int signal) = 0;
  // Waits a moment and tells how long; `attempt` counts from 0 and makes it longer.
  virtual absl::Duration Pause(int attempt) = 0;
};

}  // namespace reeve::cgroups
