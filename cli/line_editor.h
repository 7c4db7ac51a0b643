// Reading lines from a terminal.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "cli/context.h"

namespace reeve::cli {

// libedit with history and completion. The history is read at the start and written at the end; where that fails the
// shell works without. One at a time, on the standard input. The context must outlive it.
class LineEditor {
 public:
  enum class Result { kLine, kInterrupted, kEnd };

  static absl::StatusOr<std::unique_ptr<LineEditor>> Create(Context* context);
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // Shows the prompt and reads one line.
  Result ReadLine(const std::string& prompt, std::string* line);

 private:
  struct State;
  explicit LineEditor(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

// "$XDG_STATE_HOME/reeve/history" or "~/.local/state/reeve/history"; empty if there is no home.
std::string HistoryPath(const char* state_home, const char* home);

// What all candidates have in common at their start.
std::string CommonPrefix(const std::vector<std::string>& candidates);

}  // namespace reeve::cli
