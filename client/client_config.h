// The user's and the host's settings of clients: names for URIs and the default one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::client {

// A file in TOML (https://toml.io):
//   default_uri = "web1"                      # a URI or an alias
//   [aliases]
//   web1 = "lxc+tls://web1.example.org/"
// An alias is made of letters, digits, '-', '_' and '.', so that none is taken for a URI. Immutable, thread-safe.
class ClientConfig {
 public:
  ClientConfig() = default;

  // `file_name` is for errors: INVALID_ARGUMENT "FILE:LINE:COLUMN: CAUSE", of an unknown key, a wrong type, a URI that
  // ParseUri refuses, or a default that is neither.
  static absl::StatusOr<ClientConfig> Parse(absl::string_view text, const std::string& file_name);
  // Reads the files that there are, each of at most 1 MiB; what an earlier one says counts.
  static absl::StatusOr<ClientConfig> Read(const std::vector<std::string>& paths);

  // The URI that an alias stands for; what is none stays as it is.
  std::string Resolve(absl::string_view uri_or_alias) const;
  // Resolved; empty: none.
  std::string default_uri() const { return Resolve(default_uri_); }
  // By name.
  const std::map<std::string, std::string>& aliases() const { return aliases_; }

 private:
  std::string default_uri_;
  std::map<std::string, std::string> aliases_;
};

// Where the files are: `environment` (REEVE_CLIENT_CONFIG) alone when it is given; else $XDG_CONFIG_HOME/reeve/client.toml
// (~/.config/reeve/client.toml) and /etc/reeve/client.toml.
std::vector<std::string> ClientConfigPaths(const char* environment, const char* config_home, const char* home);

}  // namespace reeve::client
