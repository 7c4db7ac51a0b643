#include "cli/output.h"

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "cli/text.h"
#include "util/errno.h"

namespace reeve::cli {

void Output::PrintError(absl::string_view text) {
  std::fflush(out_);  // what went before stands before
  Write(error_, absl::StrCat(Styled("error:", Style::kBad, error_color_), " ", Escape(text), "\n"));
}

void Output::PrintNote(absl::string_view text) {
  std::fflush(out_);
  Write(error_, absl::StrCat(Escape(text), "\n"));
}

void Output::PrintRaw(absl::string_view text) {
  Write(error_, text);
  std::fflush(error_);
}

absl::Status Output::Flush() {
  errno = 0;
  if (std::fflush(out_) == 0 && std::ferror(out_) == 0) return absl::OkStatus();
  const int error = errno == 0 ? EIO : errno;
  std::clearerr(out_);
  broken_ = broken_ || error == EPIPE;
  if (error == EPIPE) return absl::CancelledError("the reader has closed the pipe");
  return util::ErrnoStatus(error, "write the result");
}

}  // namespace reeve::cli
