// May this caller do this? The one question that every call is asked before its request is parsed.
#pragma once

#include <sys/types.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "reeve/v1/options.pb.h"

namespace reeve::auth {

// What a decision may rest on. Views are valid during the call only.
struct Subject {
  absl::string_view identity;  // "unix:alice(1000)"
  uid_t uid = 0;               // of the peer's process, for local transports
  bool read_only = false;      // came in by the read-only socket
};

// Thread-safe; lives as long as the server. Does not block: it is asked at every call.
class Permissions {
 public:
  virtual ~Permissions() = default;
  // OK, CONNECTION_READ_ONLY or PERMISSION_DENIED. `permission` ("domain.start") and `access` are the method's options.
  virtual absl::Status Check(const Subject& subject, absl::string_view permission, v1::Access access) const = 0;
};

// The socket decides: who could open the read-write socket (its mode and group say who) may do everything, who came by
// the read-only one may do what has access READ. A method without access is refused.
class SocketPermissions final : public Permissions {
 public:
  absl::Status Check(const Subject& subject, absl::string_view permission, v1::Access access) const override;
};

}  // namespace reeve::auth
