// Where commands print to.
#pragma once

#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "cli/color.h"

namespace reeve::cli {

// Results go to `out`, errors and notes to `error`. Colour is decided for each of them at the start. Not thread-safe;
// the files are not owned.
class Output {
 public:
  Output(FILE* out, FILE* error, bool out_color, bool error_color)
      : out_(out), error_(error), out_color_(out_color), error_color_(error_color) {}

  void Print(absl::string_view text) { Write(out_, text); }
  // "error: text", escaped.
  void PrintError(absl::string_view text);
  // A note beside the result, escaped.
  void PrintNote(absl::string_view text);
  // Text for the error file as it is, e.g. a progress bar.
  void PrintRaw(absl::string_view text);

  bool color() const { return out_color_; }
  // The reader of the results has closed the pipe.
  bool broken() const { return broken_; }
  // Writes out what is buffered. An error (a full disk) is told once here; CANCELLED: the reader has closed the pipe,
  // which is no news to anybody.
  absl::Status Flush();

 private:
  static void Write(FILE* file, absl::string_view text) { std::fwrite(text.data(), 1, text.size(), file); }

  FILE* const out_;
  FILE* const error_;
  const bool out_color_;
  const bool error_color_;
  bool broken_ = false;
};

}  // namespace reeve::cli
