#include "cli/documents.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "cli/text.h"
#include "util/errno.h"
#include "util/fd.h"

namespace reeve::cli {
namespace {

constexpr size_t kLimit = 1 << 20;

absl::StatusOr<std::string> ReadAll(int fd, const std::string& what) {
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t count = ::read(fd, buffer, sizeof(buffer));
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) return absl::CancelledError(absl::StrCat("reading ", what, " was interrupted"));
    if (count < 0) return util::ErrnoStatus(absl::StrCat("cannot read ", what));
    text.append(buffer, static_cast<size_t>(count));
    if (text.size() > kLimit) {
      return absl::InvalidArgumentError(absl::StrCat("cannot read ", what, ": it is larger than 1 MiB"));
    }
  }
}

}  // namespace

absl::StatusOr<std::string> ReadText(const std::string& file) {
  absl::StatusOr<std::string> text;
  if (file == "-") {
    text = ReadAll(STDIN_FILENO, "the standard input");
  } else {
    const util::UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return util::ErrnoStatus(absl::StrCat("cannot open ", file));
    text = ReadAll(fd.get(), file);
  }
  if (!text.ok()) return text.status();
  if (!IsUtf8(*text)) return absl::InvalidArgumentError(absl::StrCat("cannot read ", file, ": it is not UTF-8 text"));
  return text;
}

absl::StatusOr<v1::Document> ReadDocument(const std::string& file) {
  auto text = ReadText(file);
  if (!text.ok()) return text.status();
  v1::Document document;
  document.set_format(v1::Document::FORMAT_LIBVIRT_XML);
  document.set_text(*std::move(text));
  return document;
}

}  // namespace reeve::cli
