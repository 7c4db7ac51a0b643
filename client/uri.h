// Connection URIs after libvirt's rules: driver[+transport]://[user@][host][:port]/[path][?parameters].
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::client {

// How the daemon is reached. TCP in clear text does not exist.
enum class Transport { kUnix, kTls, kSsh, kLibssh, kLibssh2, kExt };

// "unix", "tls", ...
absl::string_view TransportName(Transport transport);

// A parsed URI, percent-decoded and checked.
struct Uri {
  std::string driver;  // lower case: "lxc", "xen", "test"
  Transport transport = Transport::kUnix;
  std::string user;
  std::string host;                                             // without the brackets of an IPv6 address
  uint16_t port = 0;                                            // 0: the transport's default
  std::string path;                                             // "", "/", "/system", "/default"
  std::vector<std::pair<std::string, std::string>> parameters;  // in the order of the URI, each name once

  // The value of a parameter, or `fallback`.
  std::string Parameter(absl::string_view name, absl::string_view fallback = "") const;
  // Whether a parameter that is a number is there and not 0.
  bool IsSet(absl::string_view name) const;

  // Whether nobody can read along between this program and the daemon (virConnectIsEncrypted): tls and the ssh
  // transports. What a program of transport ext does is not known.
  bool Encrypted() const;
  // Encrypted to a far end that is the one that is meant, or on this host alone (virConnectIsSecure). Not with
  // no_verify: whoever stands between could have taken the daemon's place.
  bool Secure() const;
};

// Parses and checks a URI of at most 4096 bytes. No transport means tls with a host and unix without one; tls and
// ssh without a host mean localhost, as for libvirt. What is refused, by INVALID_ARGUMENT: a malformed URI, an unknown
// transport, unix with a host, a host or user that ssh would take for an option, ext without a command, a path that the
// driver does not have, and parameters that are unknown, given twice, do not belong to the transport, or have a value
// that they cannot have. `name` (the URI that the far end opens) is followed: driver and path are those of its value
// then.
absl::StatusOr<Uri> ParseUri(absl::string_view text);

// Path of the Unix socket that a URI of transport unix stands for: its parameter `socket`, else the system daemon's
// read-write or read-only socket.
std::string SocketPath(const Uri& uri, bool read_only);

// The URI to use when the user names none: `explicit_uri` (--connect), else `environment_uri` (REEVE_DEFAULT_URI), else
// `configured_uri` (client_config.h), else lxc:///. An empty text counts as absent.
std::string DefaultUri(absl::string_view explicit_uri, const char* environment_uri, absl::string_view configured_uri);

}  // namespace reeve::client
