// A control group file system in memory, for tests.
#pragma once

#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cgroups/tree.h"

namespace reeve::cgroups {

// Keeps directories and files by (hierarchy, path). A new directory gets the files of `templates` for its hierarchy, as
// the kernel gives them. Not thread-safe.
class FakeTree final : public Tree {
 public:
  using Place = std::pair<int, std::string>;

  // What a new group of a hierarchy has.
  std::map<int, std::map<std::string, std::string>> templates;
  std::map<Place, std::string> files;
  std::set<Place> directories;
  // Errors to give, by call and place: {"write", {0, "a/cgroup.kill"}} -> EIO.
  std::map<std::pair<std::string, Place>, int> errors;
  // Called after a successful write, and each time an Await looks again or a Pause passes.
  std::function<void(const Place&, const std::string& value)> on_write;
  std::function<void()> on_wait;
  // What was written, in order: "0:a/cpu.shares=1024".
  std::vector<std::string> writes;
  std::vector<std::pair<pid_t, int>> signals;
  // The device program of a group, and owners that were given.
  std::map<Place, std::vector<bpf_insn>> programs;
  std::map<Place, std::pair<uid_t, gid_t>> owners;
  int pauses = 0;

  int MakeDirectory(int hierarchy, const std::string& path) override {
    if (int error = Injected("mkdir", {hierarchy, path})) return error;
    const size_t slash = path.rfind('/');
    if (slash != std::string::npos && !directories.count({hierarchy, path.substr(0, slash)})) return ENOENT;
    if (!directories.insert({hierarchy, path}).second) return EEXIST;
    for (const auto& [name, content] : templates[hierarchy])
      files[{hierarchy, absl::StrCat(path, "/", name)}] = content;
    return 0;
  }

  int RemoveDirectory(int hierarchy, const std::string& path) override {
    if (int error = Injected("rmdir", {hierarchy, path})) return error;
    if (!directories.count({hierarchy, path})) return ENOENT;
    for (const Place& other : directories) {
      if (other.first == hierarchy && absl::StartsWith(other.second, absl::StrCat(path, "/"))) return EBUSY;
    }
    const auto processes = files.find({hierarchy, absl::StrCat(path, "/cgroup.procs")});
    if (processes != files.end() && !processes->second.empty()) return EBUSY;
    directories.erase({hierarchy, path});
    for (auto file = files.begin(); file != files.end();) {
      const bool below =
          file->first.first == hierarchy && absl::StartsWith(file->first.second, absl::StrCat(path, "/"));
      file = below ? files.erase(file) : std::next(file);
    }
    return 0;
  }

  int ListDirectories(int hierarchy, const std::string& path, std::vector<std::string>* names) override {
    names->clear();
    if (!directories.count({hierarchy, path})) return ENOENT;
    const std::string prefix = path.empty() ? "" : absl::StrCat(path, "/");
    for (const Place& other : directories) {
      if (other.second.empty() || other.first != hierarchy || !absl::StartsWith(other.second, prefix)) continue;
      const std::string rest = other.second.substr(prefix.size());
      if (rest.find('/') == std::string::npos) names->push_back(rest);
    }
    return 0;
  }

  int ListFiles(int hierarchy, const std::string& path, std::vector<std::string>* names) override {
    names->clear();
    if (!directories.count({hierarchy, path})) return ENOENT;
    const std::string prefix = path.empty() ? "" : absl::StrCat(path, "/");
    for (const auto& [place, content] : files) {
      if (place.first != hierarchy || !absl::StartsWith(place.second, prefix)) continue;
      const std::string rest = place.second.substr(prefix.size());
      if (rest.find('/') == std::string::npos) names->push_back(rest);
    }
    return 0;
  }

  int OpenDirectory(int hierarchy, const std::string& path, util::UniqueFd* directory) override {
    directory->Reset();
    return directories.count({hierarchy, path}) ? 0 : ENOENT;
  }

  // A file of its own with the present content.
  int OpenFile(int hierarchy, const std::string& path, util::UniqueFd* file) override {
    std::string content;
    if (int error = Read(hierarchy, path, &content)) return error;
    file->Reset(::memfd_create("control", MFD_CLOEXEC));
    return ::pwrite(file->get(), content.data(), content.size(), 0) < 0 ? errno : 0;
  }

  bool Exists(int hierarchy, const std::string& path) override {
    return files.count({hierarchy, path}) != 0 || directories.count({hierarchy, path}) != 0;
  }

  int ChangeOwner(int hierarchy, const std::string& path, uid_t user, gid_t group) override {
    if (int error = Injected("chown", {hierarchy, path})) return error;
    if (!Exists(hierarchy, path)) return ENOENT;
    owners[{hierarchy, path}] = {user, group};
    return 0;
  }

  int ReplaceDeviceProgram(int hierarchy, const std::string& path, const std::vector<bpf_insn>& program,
                           std::string* log) override {
    log->clear();
    if (int error = Injected("bpf", {hierarchy, path})) return error;
    if (!directories.count({hierarchy, path})) return ENOENT;
    programs[{hierarchy, path}] = program;
    return 0;
  }

  int Read(int hierarchy, const std::string& path, std::string* content) override {
    if (int error = Injected("read", {hierarchy, path})) return error;
    const auto file = files.find({hierarchy, path});
    if (file == files.end()) return ENOENT;
    *content = file->second;
    return 0;
  }

  int Write(int hierarchy, const std::string& path, absl::string_view value) override {
    if (int error = Injected("write", {hierarchy, path})) return error;
    const auto file = files.find({hierarchy, path});
    if (file == files.end()) return ENOENT;
    file->second = std::string(value);
    writes.push_back(absl::StrCat(hierarchy, ":", path, "=", value));
    if (on_write) on_write({hierarchy, path}, std::string(value));
    return 0;
  }

  int Await(int hierarchy, const std::string& path, bool /*notifies*/, absl::Duration timeout,
            const std::function<bool(absl::string_view)>& done) override {
    for (absl::Duration waited; waited <= timeout; waited += absl::Milliseconds(1)) {
      std::string content;
      if (int error = Read(hierarchy, path, &content)) return error;
      if (done(content)) return 0;
      if (on_wait) on_wait();
    }
    return ETIMEDOUT;
  }

  int Signal(pid_t process, int signal) override {
    signals.emplace_back(process, signal);
    return 0;
  }

  absl::Duration Pause(int /*attempt*/) override {
    ++pauses;
    if (on_wait) on_wait();
    return absl::Milliseconds(1);
  }

 private:
  int Injected(const std::string& call, const Place& place) const {
    const auto error = errors.find({call, place});
    return error == errors.end() ? 0 : error->second;
  }
};

}  // namespace reeve::cgroups
