#include "daemon/config_keys.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "auth/sasl_server.h"
#include "daemon/connections/tcp_listener.h"

namespace reeve {
namespace {

bool IsPath(const std::string& value) {
  if (value.size() < 2 || value.size() > 4095 || value[0] != '/') return false;
  if (std::any_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; })) return false;
  // With a root directory before it a path must not lead out of it again.
  for (const absl::string_view part : absl::StrSplit(value, '/')) {
    if (part == "..") return false;
  }
  return true;
}

std::string CheckPath(const std::string& value) {
  return IsPath(value) ? "" : "must be an absolute path without \"..\" and control characters";
}

std::string CheckOptionalPath(const std::string& value) {
  return value.empty() ? "" : CheckPath(value).empty() ? "" : CheckPath(value) + ", or \"\" for none";
}

std::string CheckMode(const std::string& value) {
  const bool octal = value.size() == 4 && value[0] == '0' &&
                     std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '7'; });
  return octal ? "" : "must be four octal digits from \"0000\" to \"0777\"";
}

std::string CheckGroup(const std::string& value) {
  const bool sound = value.size() <= 32 && std::all_of(value.begin(), value.end(), [](char c) {
                       return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
                     });
  return sound ? "" : "must be the name of a group, or \"\" for the daemon's own";
}

std::string CheckSubordinateUser(const std::string& value) {
  return CheckGroup(value).empty() ? "" : "must be the name of a user of /etc/subuid, or \"\" for root's or reserved ids";
}

std::string CheckLevel(const std::string& value) {
  return util::ParseLogLevel(value) ? "" : "must be one of trace, debug, info, warn, error, off";
}

std::string CheckTarget(const std::string& value) {
  return value == "journal" || value == "stderr" || value == "file" ? "" : "must be one of journal, stderr, file";
}

std::string CheckAuditTarget(const std::string& value) {
  return value == "journal" || value == "file" || value == "none" ? "" : "must be one of journal, file, none";
}

std::string CheckUnixProof(const std::string& value) {
  return value == "none" || value == "sasl" || value == "polkit" ? "" : "must be one of none, sasl, polkit";
}

std::string CheckTlsProof(const std::string& value) {
  return value == "certificate" || value == "sasl" || value == "certificate+sasl"
             ? ""
             : "must be one of certificate, sasl, certificate+sasl";
}

std::string CheckSaslMechanism(const std::string& value) {
  return auth::CheckMechanism(value);
}

std::string CheckPasswords(const std::string& value) {
  return value == "database" || value == "saslauthd" ? "" : "must be database or saslauthd";
}

std::string CheckOptionalHost(const std::string& value) {
  const bool sound = value.size() <= 253 && std::all_of(value.begin(), value.end(), [](char c) {
                       return absl::ascii_isalnum(c) || c == '-' || c == '.';
                     });
  return sound ? "" : "must be the name of a host, or \"\" for this host's";
}

std::string CheckAddress(const std::string& value) {
  return std::string(connections::CheckTcpAddress(value).message());
}

std::string CheckTlsVersion(const std::string& value) {
  return value == "1.3" || value == "1.2" ? "" : "must be \"1.3\" or \"1.2\", the oldest version to accept";
}

std::string CheckClientCertificate(const std::string& value) {
  return value == "required" || value == "optional" ? "" : "must be \"required\" or \"optional\"";
}

std::string CheckPattern(const std::string& value) {
  const bool sound = !value.empty() && value.size() <= 4096 &&
                     std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  return sound ? "" : "must be a pattern of 1 to 4096 bytes without control characters";
}

}  // namespace

const std::vector<ConfigKey>& ConfigKeys() {
  static const auto* keys = new std::vector<ConfigKey>{
      {"daemon", "drain_seconds", IntegerKey{[](Config& c) -> int64_t& { return c.daemon.drain_seconds; }, 0, 3600},
       true},
      {"listen", "socket", TextKey{[](Config& c) -> std::string& { return c.listen.socket; }, CheckPath}},
      {"listen", "mode", TextKey{[](Config& c) -> std::string& { return c.listen.mode; }, CheckMode}},
      {"listen", "group", TextKey{[](Config& c) -> std::string& { return c.listen.group; }, CheckGroup}},
      {"listen", "read_only_socket",
       TextKey{[](Config& c) -> std::string& { return c.listen.read_only_socket; }, CheckOptionalPath}},
      {"listen", "read_only_mode",
       TextKey{[](Config& c) -> std::string& { return c.listen.read_only_mode; }, CheckMode}},
      {"tls", "listen", ListKey{[](Config& c) -> std::vector<std::string>& { return c.tls.listen; }, CheckAddress}},
      {"tls", "ca_file", TextKey{[](Config& c) -> std::string& { return c.tls.ca_file; }, CheckOptionalPath}, true},
      {"tls", "certificate_file",
       TextKey{[](Config& c) -> std::string& { return c.tls.certificate_file; }, CheckOptionalPath}, true},
      {"tls", "key_file", TextKey{[](Config& c) -> std::string& { return c.tls.key_file; }, CheckOptionalPath}, true},
      {"tls", "crl_file", TextKey{[](Config& c) -> std::string& { return c.tls.crl_file; }, CheckOptionalPath}, true},
      {"tls", "minimum_version",
       TextKey{[](Config& c) -> std::string& { return c.tls.minimum_version; }, CheckTlsVersion}, true},
      {"tls", "client_certificate",
       TextKey{[](Config& c) -> std::string& { return c.tls.client_certificate; }, CheckClientCertificate}, true},
      {"tls", "allowed_subjects",
       ListKey{[](Config& c) -> std::vector<std::string>& { return c.tls.allowed_subjects; }, CheckPattern}, true},
      {"tls", "allowed_names",
       ListKey{[](Config& c) -> std::vector<std::string>& { return c.tls.allowed_names; }, CheckPattern}, true},
      {"tls", "keepalive_seconds", IntegerKey{[](Config& c) -> int64_t& { return c.tls.keepalive_seconds; }, 0, 86400}},
      {"tls", "keepalive_timeout_seconds",
       IntegerKey{[](Config& c) -> int64_t& { return c.tls.keepalive_timeout_seconds; }, 1, 3600}},
      {"limits", "clients", IntegerKey{[](Config& c) -> int64_t& { return c.limits.clients; }, 1, 100'000}, true},
      {"limits", "clients_per_user",
       IntegerKey{[](Config& c) -> int64_t& { return c.limits.clients_per_user; }, 1, 100'000}, true},
      {"limits", "handshakes", IntegerKey{[](Config& c) -> int64_t& { return c.limits.handshakes; }, 1, 100'000}, true},
      {"limits", "handshake_seconds",
       IntegerKey{[](Config& c) -> int64_t& { return c.limits.handshake_seconds; }, 1, 600}, true},
      {"limits", "calls_per_client",
       IntegerKey{[](Config& c) -> int64_t& { return c.limits.calls_per_client; }, 1, 10'000}, true},
      {"limits", "streams_per_client",
       IntegerKey{[](Config& c) -> int64_t& { return c.limits.streams_per_client; }, 1, 10'000}, true},
      {"limits", "bytes_per_client",
       IntegerKey{[](Config& c) -> int64_t& { return c.limits.bytes_per_client; }, 1'048'576, 4'294'967'296}, true},
      {"limits", "message_bytes",
       IntegerKey{[](Config& c) -> int64_t& { return c.limits.message_bytes; }, 65'536, 67'108'864}},
      {"limits", "event_queue_events",
       IntegerKey{[](Config& c) -> int64_t& { return c.limits.event_queue_events; }, 10, 1'000'000}},
      {"limits", "event_queue_bytes",
       IntegerKey{[](Config& c) -> int64_t& { return c.limits.event_queue_bytes; }, 65'536, 1'073'741'824}},
      {"limits", "changes_per_domain",
       IntegerKey{[](Config& c) -> int64_t& { return c.limits.changes_per_domain; }, 1, 1000}},
      {"limits", "concurrent_changes",
       IntegerKey{[](Config& c) -> int64_t& { return c.limits.concurrent_changes; }, 1, 1024}},
      {"journal", "max_age_days", IntegerKey{[](Config& c) -> int64_t& { return c.journal.max_age_days; }, 1, 3650},
       true},
      {"journal", "max_revisions",
       IntegerKey{[](Config& c) -> int64_t& { return c.journal.max_revisions; }, 100, 100'000'000}, true},
      {"log", "level", TextKey{[](Config& c) -> std::string& { return c.log.level; }, CheckLevel}, true},
      {"log", "target", TextKey{[](Config& c) -> std::string& { return c.log.target; }, CheckTarget}, true},
      {"log", "file", TextKey{[](Config& c) -> std::string& { return c.log.file; }, CheckPath}, true},
      {"auth", "unix", TextKey{[](Config& c) -> std::string& { return c.auth.unix_socket; }, CheckUnixProof}, true},
      {"auth", "unix_read_only",
       TextKey{[](Config& c) -> std::string& { return c.auth.unix_read_only; }, CheckUnixProof}, true},
      {"auth", "tls", TextKey{[](Config& c) -> std::string& { return c.auth.tls; }, CheckTlsProof}, true},
      {"auth", "sasl_mechanisms",
       ListKey{[](Config& c) -> std::vector<std::string>& { return c.auth.sasl_mechanisms; }, CheckSaslMechanism}},
      {"auth", "sasl_users",
       ListKey{[](Config& c) -> std::vector<std::string>& { return c.auth.sasl_users; }, CheckPattern}, true},
      {"auth", "sasl_database", TextKey{[](Config& c) -> std::string& { return c.auth.sasl_database; }, CheckPath}},
      {"auth", "sasl_passwords",
       TextKey{[](Config& c) -> std::string& { return c.auth.sasl_passwords; }, CheckPasswords}},
      {"auth", "sasl_keytab", TextKey{[](Config& c) -> std::string& { return c.auth.sasl_keytab; }, CheckOptionalPath}},
      {"auth", "sasl_host", TextKey{[](Config& c) -> std::string& { return c.auth.sasl_host; }, CheckOptionalHost}},
      {"auth", "seconds", IntegerKey{[](Config& c) -> int64_t& { return c.auth.seconds; }, 1, 600}, true},
      {"auth", "failures", IntegerKey{[](Config& c) -> int64_t& { return c.auth.failures; }, 1, 100}, true},
      {"auth", "failure_milliseconds",
       IntegerKey{[](Config& c) -> int64_t& { return c.auth.failure_milliseconds; }, 1, 30'000}, true},
      {"auth", "waiting_clients", IntegerKey{[](Config& c) -> int64_t& { return c.auth.waiting_clients; }, 1, 100'000},
       true},
      {"auth", "role", RolesKey{[](Config& c) -> std::vector<auth::RoleSpec>& { return c.auth.policy.roles; }}, true},
      {"auth", "binding",
       BindingsKey{[](Config& c) -> std::vector<auth::BindingSpec>& { return c.auth.policy.bindings; }}, true},
      {"enrollment", "authority",
       TextKey{[](Config& c) -> std::string& { return c.enrollment.authority; }, CheckPath}, true},
      {"enrollment", "tokens", IntegerKey{[](Config& c) -> int64_t& { return c.enrollment.tokens; }, 0, 10'000}, true},
      {"enrollment", "certificate_days",
       IntegerKey{[](Config& c) -> int64_t& { return c.enrollment.certificate_days; }, 1, 3650}, true},
      {"audit", "target", TextKey{[](Config& c) -> std::string& { return c.audit.target; }, CheckAuditTarget}, true},
      {"audit", "file", TextKey{[](Config& c) -> std::string& { return c.audit.file; }, CheckPath}, true},
      {"lxc", "enabled", BooleanKey{[](Config& c) -> bool& { return c.lxc.enabled; }}},
      {"lxc", "cgroup_partition", TextKey{[](Config& c) -> std::string& { return c.lxc.cgroup_partition; }, CheckOptionalPath}},
      {"lxc", "supervisor", TextKey{[](Config& c) -> std::string& { return c.lxc.supervisor; }, CheckPath}},
      {"lxc", "subordinate_user",
       TextKey{[](Config& c) -> std::string& { return c.lxc.subordinate_user; }, CheckSubordinateUser}},
      {"lxc", "hook_seconds", IntegerKey{[](Config& c) -> int64_t& { return c.lxc.hook_seconds; }, 1, 3600}},
      {"lxc", "lxcfs", TextKey{[](Config& c) -> std::string& { return c.lxc.lxcfs; }, CheckOptionalPath}},
      {"xen", "enabled", BooleanKey{[](Config& c) -> bool& { return c.xen.enabled; }}},
      {"test", "enabled", BooleanKey{[](Config& c) -> bool& { return c.test.enabled; }}},
  };
  return *keys;
}

}  // namespace reeve
