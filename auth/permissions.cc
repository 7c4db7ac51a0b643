#include "auth/permissions.h"

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::auth {

absl::Status SocketPermissions::Check(const Subject& subject, absl::string_view permission, v1::Access access) const {
  switch (access) {
    case v1::ACCESS_READ:
      return absl::OkStatus();
    case v1::ACCESS_WRITE:
      if (!subject.read_only) return absl::OkStatus();
      return Error(v1::REASON_CONNECTION_READ_ONLY, absl::StrCat(permission, " is refused on a read-only connection"),
                   {{"permission", permission}, {"identity", subject.identity}});
    default:
      return Error(v1::REASON_PERMISSION_DENIED,
                   absl::StrCat(permission, " is refused: the method does not say what access it needs"),
                   {{"permission", permission}, {"identity", subject.identity}});
  }
}

}  // namespace reeve::auth
