// Ctrl-C.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "client/wakeup.h"

namespace reeve::cli {

// Turns SIGINT and SIGTERM into a flag that poll(2) can wait for, as long as it lives: a command can then end what it
// has begun, and the shell goes on. System calls are interrupted (no SA_RESTART). One at a time in a process. SIGPIPE
// is ignored too, so that a closed pipe is an error of write(2).
class Interrupt {
 public:
  static absl::StatusOr<std::unique_ptr<Interrupt>> Create();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Readable since the signal, until Clear.
  int fd() const { return wakeup_.fd(); }
  bool IsSet() const;
  void Clear() { wakeup_.Clear(); }

 private:
  explicit Interrupt(client::Wakeup wakeup) : wakeup_(std::move(wakeup)) {}
  const client::Wakeup wakeup_;
};

}  // namespace reeve::cli
