// The user's terminal.
#pragma once

#include <termios.h>

#include <cstddef>
#include <memory>

#include "absl/status/statusor.h"

namespace reeve::cli {

// Size in characters.
struct WindowSize {
  unsigned columns = 0;
  unsigned rows = 0;
};

// The size of the terminal behind a descriptor; all 0 if it is none, or does not know.
WindowSize GetWindowSize(int fd);

// Columns of the terminal that errors go to; 0 if it is none.
size_t ErrorTerminalColumns();

// A terminal in raw mode (cfmakeraw(3)): every key comes through as it is typed. The destructor sets it back. One at a
// time.
class RawTerminal {
 public:
  static absl::StatusOr<std::unique_ptr<RawTerminal>> Create(int fd);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  RawTerminal(int fd, const termios& before) : fd_(fd), before_(before) {}
  const int fd_;
  const termios before_;
};

// Counts the changes of the terminal's size (SIGWINCH), as long as it lives. One at a time in a process.
class ResizeWatch {
 public:
  ResizeWatch();
  ~ResizeWatch();
  // Whether there was one since the last question.
  bool Take();
};

}  // namespace reeve::cli
