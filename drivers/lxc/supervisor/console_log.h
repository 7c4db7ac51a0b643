// What a console writes, kept in a file as well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "drivers/lxc/supervisor/failure.h"
#include "util/fd.h"

namespace reeve::lxc {

// A file of at most kMaximumLog bytes, and kOlderLogs older ones beside it ("web1.log.0" is the newest of them): a guest that
// floods its console fills no disk. Not thread-safe.
class ConsoleLog {
 public:
  static constexpr uint64_t kMaximumLog = 2 << 20;
  static constexpr int kOlderLogs = 3;

  // Makes the file, for its owner only, or empties it, or goes on at its end with `append`. A symbolic link is refused.
  bool Open(const std::string& path, bool append, Failure* failure);
  bool is_open() const { return static_cast<bool>(file_); }
  // What cannot be written (a full disk) is lost: the guest does not wait for its log.
  void Write(const char* bytes, size_t size);

 private:
  void TurnOver();

  std::string path_;
  util::UniqueFd file_;
  uint64_t size_ = 0;
};

}  // namespace reeve::lxc
