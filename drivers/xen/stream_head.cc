#include "drivers/xen/stream_head.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "util/errno.h"

namespace reeve::xen {
namespace {

// Eight letters, the version, and options: bit 0 is of a big-endian machine, bit 1 of a converted stream of version 1.
constexpr absl::string_view kHead("LibxlFmt\0\0\0\2\0\0\0\0", 16);

ssize_t LookAhead(int descriptor, char* bytes, size_t size) {
  const off_t place = lseek(descriptor, 0, SEEK_CUR);
  if (place >= 0) return pread(descriptor, bytes, size, place);
  return recv(descriptor, bytes, size, MSG_PEEK | MSG_WAITALL);
}

}  // namespace

absl::Status CheckStreamHead(int descriptor) {
  char bytes[kHead.size()];
  ssize_t got = -1;
  do {
    got = LookAhead(descriptor, bytes, sizeof(bytes));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return util::ErrnoStatus("read the beginning of the guest's memory");
  const absl::string_view head(bytes, static_cast<size_t>(got));
  if (head == kHead) return absl::OkStatus();
  return absl::InvalidArgumentError(
      head.size() < kHead.size()
          ? absl::StrCat("the guest's memory is missing: there are ", head.size(), " bytes of it")
          : std::string("the guest's memory is no stream of libxenlight of version 2 for this machine"));
}

}  // namespace reeve::xen
