#include "util/full_io.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "util/errno.h"

namespace reeve::util {
namespace {

constexpr size_t kPiece = 64 << 10;

}  // namespace

absl::Status WriteFully(int descriptor, absl::string_view bytes, absl::string_view what) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoStatus(what);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadUpTo(int descriptor, size_t count) {
  std::string bytes;
  while (bytes.size() < count) {
    const size_t have = bytes.size();
    bytes.resize(have + std::min(count - have, kPiece));
    const ssize_t got = ::read(descriptor, bytes.data() + have, bytes.size() - have);
    const int error = errno;
    bytes.resize(have + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && error == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(error, "read");
    if (got == 0) break;
  }
  return bytes;
}

}  // namespace reeve::util
