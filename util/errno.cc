#include "util/errno.h"

#include <system_error>

#include "absl/strings/str_cat.h"

namespace reeve::util {

absl::Status ErrnoStatus(int error, absl::string_view what) {
  // generic_category().message is thread-safe, unlike strerror.
  return absl::Status(absl::ErrnoToStatusCode(error),
                      absl::StrCat(what, ": ", std::generic_category().message(error)));
}

}  // namespace reeve::util
