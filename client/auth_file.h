// Credentials in a file, in the form of libvirt's auth.conf.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::client {

// Groups of KEY=VALUE lines: [credentials-NAME] has what is to be known (username or authname, password, realm), and
// [auth-SERVICE-HOST] says, by credentials=NAME, which of them are for a host; HOST may be "default". Lines that begin
// with
// '#' or ';' are comments. Immutable, thread-safe.
class AuthFile {
 public:
  // INVALID_ARGUMENT names the line.
  static absl::StatusOr<AuthFile> Parse(absl::string_view text);
  // A file of at most 1 MiB, which must not be readable by others than its owner: it may have passwords
  // (FAILED_PRECONDITION).
  static absl::StatusOr<AuthFile> Read(const std::string& path);

  // The value of `key` for the service on the host: of the group [auth-SERVICE-HOST], else of [auth-SERVICE-default].
  // None when no group is for the host, or its credentials do not have the key; INVALID_ARGUMENT when a group names
  // none, or credentials that there are not.
  absl::StatusOr<std::optional<std::string>> Find(absl::string_view service, absl::string_view host,
                                                  absl::string_view key) const;

 private:
  std::map<std::string, std::map<std::string, std::string>> groups_;
};

// Where the file is: the first that is given of `environment` (REEVE_AUTH_FILE) and `parameter` (?authfile=), else the
// first that is there of $XDG_CONFIG_HOME/reeve/auth.conf (~/.config/reeve/auth.conf) and /etc/reeve/auth.conf; empty:
// none.
std::string FindAuthFile(const char* environment, const std::string& parameter, const char* config_home,
                         const char* home);

}  // namespace reeve::client
