#include "client/uri.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/percent.h"

namespace reeve::client {
namespace {

constexpr size_t kMaxUri = 4096;
constexpr char kSocket[] = "/run/reeve/reeve.sock";
constexpr char kReadOnlySocket[] = "/run/reeve/reeve-ro.sock";

struct TransportEntry {
  absl::string_view name;
  Transport transport;
};
constexpr std::array<TransportEntry, 6> kTransports = {{{"unix", Transport::kUnix},
                                                        {"tls", Transport::kTls},
                                                        {"ssh", Transport::kSsh},
                                                        {"libssh", Transport::kLibssh},
                                                        {"libssh2", Transport::kLibssh2},
                                                        {"ext", Transport::kExt}}};

// Which transports take a parameter (https://libvirt.org/uri.html#transport-configuration): one bit a transport.
constexpr unsigned Bit(Transport transport) {
  return 1u << static_cast<unsigned>(transport);
}
constexpr unsigned kAnyTransport = 0x3f;
constexpr unsigned kAnySsh = Bit(Transport::kSsh) | Bit(Transport::kLibssh) | Bit(Transport::kLibssh2);
struct ParameterEntry {
  absl::string_view name;
  unsigned transports;
  bool integer = false;
  absl::string_view values = "";  // with commas between; empty: any
};
constexpr std::array<ParameterEntry, 17> kParameters = {{
    {"name", kAnyTransport},
    {"socket", Bit(Transport::kUnix) | kAnySsh},
    {"auth", kAnyTransport},
    {"authfile", kAnyTransport},
    {"command", Bit(Transport::kSsh) | Bit(Transport::kExt)},
    {"proxy", kAnySsh, false, "auto,native,netcat"},
    {"netcat", kAnySsh},
    {"keyfile", kAnySsh},
    {"no_verify", kAnySsh | Bit(Transport::kTls), true},
    {"no_tty", Bit(Transport::kSsh), true},
    {"known_hosts", Bit(Transport::kLibssh) | Bit(Transport::kLibssh2)},
    {"known_hosts_verify", Bit(Transport::kLibssh) | Bit(Transport::kLibssh2)},
    {"sshauth", Bit(Transport::kLibssh) | Bit(Transport::kLibssh2)},
    {"pkipath", Bit(Transport::kTls)},
    {"tls_priority", Bit(Transport::kTls)},
    {"minimum_version", Bit(Transport::kTls), false, "1.2,1.3"},  // ours
    {"no_sanity", Bit(Transport::kTls), true},
}};

// The paths that a driver opens; a driver that is not here is left to the daemon to judge.
struct PathEntry {
  absl::string_view driver;
  std::array<absl::string_view, 3> paths;
};
constexpr std::array<PathEntry, 3> kPaths = {
    {{"lxc", {"", "/", "/system"}}, {"xen", {"", "/", "/system"}}, {"test", {"/default", "/default", "/default"}}}};

bool IsSsh(Transport transport) {
  return (kAnySsh & Bit(transport)) != 0;
}

absl::Status Refuse(absl::string_view text, absl::string_view cause) {
  return absl::InvalidArgumentError(absl::StrCat("URI '", text, "': ", cause));
}

// scheme = ALPHA *( ALPHA / DIGIT / "-" / "." ) (RFC 3986 3.1, where "+" divides driver and transport for us).
bool IsSchemeName(absl::string_view name) {
  return !name.empty() && absl::ascii_isalpha(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '.'; });
}

std::optional<Transport> FindTransport(absl::string_view name) {
  for (const auto& entry : kTransports) {
    if (absl::EqualsIgnoreCase(entry.name, name)) return entry.transport;
  }
  return std::nullopt;
}

// [user@][host][:port]
absl::Status ParseAuthority(absl::string_view authority, Uri* uri) {
  if (const size_t at = authority.rfind('@'); at != absl::string_view::npos) {
    auto user = PercentDecode(authority.substr(0, at));
    if (!user.ok()) return user.status();
    if (user->empty()) return absl::InvalidArgumentError("the user before '@' is empty");
    if (absl::StrContains(*user, ':')) return absl::InvalidArgumentError("a password does not belong into a URI");
    uri->user = *std::move(user);
    authority.remove_prefix(at + 1);
  }
  absl::string_view host = authority;
  absl::string_view port;
  bool has_port = false;
  if (absl::StartsWith(authority, "[")) {
    const size_t end = authority.find(']');
    if (end == absl::string_view::npos) return absl::InvalidArgumentError("the address has no closing ']'");
    host = authority.substr(1, end - 1);
    const absl::string_view rest = authority.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return absl::InvalidArgumentError("text after the address's ']'");
    if (host.empty()) return absl::InvalidArgumentError("the address between '[' and ']' is empty");
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else if (const size_t colon = authority.find(':'); colon != absl::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
    has_port = true;
  }
  auto decoded = PercentDecode(host);
  if (!decoded.ok()) return decoded.status();
  uri->host = *std::move(decoded);
  if (!has_port) return absl::OkStatus();
  uint32_t number = 0;
  const bool digits = std::all_of(port.begin(), port.end(), absl::ascii_isdigit);
  if (!digits || !absl::SimpleAtoi(port, &number) || number == 0 || number > 65535) {
    return absl::InvalidArgumentError(absl::StrCat("port '", port, "' is not a number from 1 to 65535"));
  }
  if (uri->host.empty()) return absl::InvalidArgumentError("a port without a host");
  uri->port = static_cast<uint16_t>(number);
  return absl::OkStatus();
}

absl::Status CheckParameter(absl::string_view name, absl::string_view value, Transport transport) {
  if (name == "mode") {
    return absl::InvalidArgumentError("parameter 'mode' chooses between libvirt's daemons; Reeve has one daemon");
  }
  const auto* entry = std::find_if(kParameters.begin(), kParameters.end(),
                                   [name](const ParameterEntry& known) { return known.name == name; });
  if (entry == kParameters.end()) return absl::InvalidArgumentError(absl::StrCat("unknown parameter '", name, "'"));
  if ((entry->transports & Bit(transport)) == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("parameter '", name, "' does not belong to transport ", TransportName(transport)));
  }
  int64_t number = 0;
  if (entry->integer && !absl::SimpleAtoi(value, &number)) {
    return absl::InvalidArgumentError(absl::StrCat("parameter '", name, "' is '", value, "', not a number"));
  }
  const std::vector<absl::string_view> values = absl::StrSplit(entry->values, ',', absl::SkipEmpty());
  if (!values.empty() && std::find(values.begin(), values.end(), value) == values.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("parameter '", name, "' is '", value, "', not one of ", absl::StrJoin(values, ", ")));
  }
  if (name == "tls_priority") {
    return absl::InvalidArgumentError(
        "parameter 'tls_priority' is a text for GnuTLS, which is not used here; minimum_version=1.2 allows TLS 1.2");
  }
  if (name == "socket" && !absl::StartsWith(value, "/")) {
    return absl::InvalidArgumentError(absl::StrCat("parameter 'socket' is '", value, "', not an absolute path"));
  }
  return absl::OkStatus();
}

// Parameters are divided by '&' or ';', as libvirt divides them; empty ones are passed over.
absl::Status ParseQuery(absl::string_view query, Uri* uri) {
  for (absl::string_view part : absl::StrSplit(query, absl::ByAnyChar("&;"), absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    auto name = PercentDecode(pair.first);
    if (!name.ok()) return name.status();
    auto value = PercentDecode(pair.second);
    if (!value.ok()) return value.status();
    for (const auto& known : uri->parameters) {
      if (known.first == *name)
        return absl::InvalidArgumentError(absl::StrCat("parameter '", *name, "' is given twice"));
    }
    if (absl::Status status = CheckParameter(*name, *value, uri->transport); !status.ok()) return status;
    uri->parameters.emplace_back(*std::move(name), *std::move(value));
  }
  return absl::OkStatus();
}

absl::Status CheckPath(const Uri& uri) {
  for (const auto& entry : kPaths) {
    if (entry.driver != uri.driver) continue;
    if (std::find(entry.paths.begin(), entry.paths.end(), uri.path) != entry.paths.end()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("path '", uri.path, "' is unknown, try ", uri.driver, "://", entry.paths[2]));
  }
  return absl::OkStatus();
}

absl::Status ParseInto(absl::string_view text, Uri* uri) {
  const size_t scheme_end = text.find("://");
  if (scheme_end == absl::string_view::npos) {
    return absl::InvalidArgumentError("it has no '://', write e.g. lxc:///");
  }
  const std::pair<absl::string_view, absl::string_view> scheme =
      absl::StrSplit(text.substr(0, scheme_end), absl::MaxSplits('+', 1));
  if (!IsSchemeName(scheme.first)) {
    return absl::InvalidArgumentError(absl::StrCat("'", scheme.first, "' is not a driver's name"));
  }
  uri->driver = absl::AsciiStrToLower(scheme.first);
  const bool has_transport = absl::StrContains(text.substr(0, scheme_end), '+');

  absl::string_view rest = text.substr(scheme_end + 3);
  if (absl::StrContains(rest, '#')) return absl::InvalidArgumentError("a fragment ('#') has no meaning in it");
  const size_t query_start = rest.find('?');
  const absl::string_view query = query_start == absl::string_view::npos ? "" : rest.substr(query_start + 1);
  rest = rest.substr(0, query_start);
  const size_t path_start = rest.find('/');
  if (absl::Status status = ParseAuthority(rest.substr(0, path_start), uri); !status.ok()) return status;
  if (path_start != absl::string_view::npos) {
    auto path = PercentDecode(rest.substr(path_start));
    if (!path.ok()) return path.status();
    uri->path = *std::move(path);
  }

  if (has_transport) {
    if (absl::EqualsIgnoreCase(scheme.second, "tcp")) {
      return absl::InvalidArgumentError("transport 'tcp' does not exist: Reeve never sends in clear text, use tls");
    }
    const auto transport = FindTransport(scheme.second);
    if (!transport) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown transport '", scheme.second, "', known are unix, tls, ssh, libssh, libssh2, ext"));
    }
    uri->transport = *transport;
  } else {
    uri->transport = uri->host.empty() ? Transport::kUnix : Transport::kTls;
  }
  if (uri->transport == Transport::kUnix && !uri->host.empty()) {
    return absl::InvalidArgumentError("transport 'unix' takes no host");
  }
  if (uri->transport == Transport::kUnix && !uri->user.empty()) {
    return absl::InvalidArgumentError("transport 'unix' takes no user");
  }
  const bool remote = uri->transport != Transport::kUnix && uri->transport != Transport::kExt;
  if (remote && uri->host.empty()) uri->host = "localhost";
  if (IsSsh(uri->transport)) {
    // CVE-2017-1000117 and its kin: a name that ssh takes for an option.
    for (const std::string& word : {uri->host, uri->user}) {
      if (absl::StartsWith(word, "-")) {
        return absl::InvalidArgumentError(absl::StrCat("'", word, "' is no name of a host or user"));
      }
    }
  }
  if (absl::Status status = ParseQuery(query, uri); !status.ok()) return status;
  if (uri->transport == Transport::kExt && uri->Parameter("command").empty()) {
    return absl::InvalidArgumentError("transport 'ext' needs the parameter 'command'");
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view TransportName(Transport transport) {
  for (const auto& entry : kTransports) {
    if (entry.transport == transport) return entry.name;
  }
  return "unknown";
}

std::string Uri::Parameter(absl::string_view name, absl::string_view fallback) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return std::string(fallback);
}

bool Uri::IsSet(absl::string_view name) const {
  int64_t number = 0;
  return absl::SimpleAtoi(Parameter(name), &number) && number != 0;
}

bool Uri::Encrypted() const {
  return transport == Transport::kTls || IsSsh(transport);
}

bool Uri::Secure() const {
  return transport == Transport::kUnix || (Encrypted() && !IsSet("no_verify"));
}

absl::StatusOr<Uri> ParseUri(absl::string_view text) {
  if (text.size() > kMaxUri) {
    return absl::InvalidArgumentError(
        absl::StrCat("the URI is ", text.size(), " bytes long, at most ", kMaxUri, " are taken"));
  }
  Uri uri;
  if (absl::Status status = ParseInto(text, &uri); !status.ok()) return Refuse(text, status.message());
  if (const std::string name = uri.Parameter("name"); !name.empty()) {
    Uri named;
    if (absl::Status status = ParseInto(name, &named); !status.ok()) {
      return Refuse(text, absl::StrCat("parameter 'name' is '", name, "': ", status.message()));
    }
    if (!named.host.empty() || !named.parameters.empty()) {
      return Refuse(text, absl::StrCat("parameter 'name' is '", name, "': only driver and path may be in it"));
    }
    uri.driver = named.driver;
    uri.path = named.path;
  }
  if (absl::Status status = CheckPath(uri); !status.ok()) return Refuse(text, status.message());
  return uri;
}

std::string SocketPath(const Uri& uri, bool read_only) {
  return uri.Parameter("socket", read_only ? kReadOnlySocket : kSocket);
}

std::string DefaultUri(absl::string_view explicit_uri, const char* environment_uri, absl::string_view configured_uri) {
  if (!explicit_uri.empty()) return std::string(explicit_uri);
  if (environment_uri != nullptr && environment_uri[0] != '\0') return environment_uri;
  return configured_uri.empty() ? "lxc:///" : std::string(configured_uri);
}

}  // namespace reeve::client
