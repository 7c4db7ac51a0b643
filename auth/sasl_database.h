// The users of SASL mechanisms with passwords: a file of Cyrus SASL (sasldb).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::auth {

// Changes the file, whether a daemon runs or not: the new file takes the place of the old one at once. It has no
// passwords but SCRAM verifiers, unless a password is to be stored in the clear. Not thread-safe; one process at a
// time.
class SaslDatabase {
 public:
  // `path` need not exist; its directory must. UNAVAILABLE when Cyrus lacks its plugin.
  static absl::StatusOr<std::unique_ptr<SaslDatabase>> Open(std::string path);
  virtual ~SaslDatabase() = default;

  struct User {
    std::string name;
    bool clear_text = false;  // its password is stored in the clear, too
  };
  // Ordered by name.
  virtual absl::StatusOr<std::vector<User>> List() = 0;
  // A new user, or another password. `clear_text`: so that PLAIN can be checked. INVALID_ARGUMENT for a name or
  // password that cannot be.
  virtual absl::Status Put(absl::string_view name, absl::string_view password, bool clear_text) = 0;
  virtual absl::Status Remove(absl::string_view name) = 0;
};

// 1 to 128 bytes of printable ASCII without blanks, '@', ',', '=' and '\'.
absl::Status CheckUserName(absl::string_view name);

}  // namespace reeve::auth
