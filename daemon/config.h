// What the configuration file says. packaging/reeved.toml is its manual.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "auth/policy.h"
#include "util/log.h"

namespace reeve {

// All settings, with their defaults. Paths are as the file gives them: absolute, without the root directory before
// them.
struct Config {
  struct Daemon {
    int64_t drain_seconds = 10;
    bool operator==(const Daemon&) const = default;
  } daemon;
  struct Listen {
    std::string socket = "/run/reeve/reeve.sock";
    std::string mode = "0660";
    std::string group = "reeve";
    std::string read_only_socket = "/run/reeve/reeve-ro.sock";  // empty: none
    std::string read_only_mode = "0666";
    bool operator==(const Listen&) const = default;
  } listen;
  struct Tls {
    std::vector<std::string> listen;  // empty: no TLS
    std::string ca_file;              // empty, also of the next three: the first that is there, see TlsLocations
    std::string certificate_file;
    std::string key_file;
    std::string crl_file;
    std::string minimum_version = "1.3";
    std::string client_certificate = "required";
    std::vector<std::string> allowed_subjects = {"*"};
    std::vector<std::string> allowed_names = {"*"};
    int64_t keepalive_seconds = 30;
    int64_t keepalive_timeout_seconds = 20;
    bool operator==(const Tls&) const = default;
  } tls;
  struct Limits {
    int64_t clients = 5000;
    int64_t clients_per_user = 200;
    int64_t handshakes = 256;
    int64_t handshake_seconds = 10;
    int64_t calls_per_client = 64;
    int64_t streams_per_client = 48;
    int64_t bytes_per_client = 64 << 20;
    int64_t message_bytes = 4 << 20;
    int64_t event_queue_events = 1000;
    int64_t event_queue_bytes = 4 << 20;
    int64_t changes_per_domain = 16;
    int64_t concurrent_changes = 256;
    bool operator==(const Limits&) const = default;
  } limits;
  struct Journal {
    int64_t max_age_days = 7;
    int64_t max_revisions = 100'000;
    bool operator==(const Journal&) const = default;
  } journal;
  struct Log {
    std::string level = "info";
    std::string target = "journal";
    std::string file = "/var/log/reeve/reeved.log";
    bool operator==(const Log&) const = default;
  } log;
  struct Auth {
    auth::PolicySpec policy;
    std::string unix_socket = "none";
    std::string unix_read_only = "none";
    std::string tls = "certificate";
    std::vector<std::string> sasl_mechanisms = {"SCRAM-SHA-256", "GSSAPI"};
    std::vector<std::string> sasl_users = {"*"};
    std::string sasl_database = "/var/lib/reeve/users.db";
    std::string sasl_passwords = "database";
    std::string sasl_keytab;  // empty: the system's
    std::string sasl_host;    // empty: the host's name
    int64_t seconds = 60;
    int64_t failures = 3;
    int64_t failure_milliseconds = 500;
    int64_t waiting_clients = 64;
    bool operator==(const Auth&) const = default;
  } auth;
  struct Enrollment {
    std::string authority = "/etc/pki/CA";
    int64_t tokens = 100;
    int64_t certificate_days = 397;
    bool operator==(const Enrollment&) const = default;
  } enrollment;
  struct Audit {
    std::string target = "journal";
    std::string file = "/var/log/reeve/audit.log";
    bool operator==(const Audit&) const = default;
  } audit;
  struct Lxc {
    bool enabled = true;
    std::string cgroup_partition;  // empty: "/reeve"; under systemd "/machine", which is machine.slice
    std::string supervisor = "/usr/libexec/reeve/reeve-supervisor";
    std::string subordinate_user;  // empty: root, or the reserved ids
    int64_t hook_seconds = 60;
    std::string lxcfs = "/var/lib/lxcfs";  // empty: none
    bool operator==(const Lxc&) const = default;
  } lxc;
  struct Xen {
    bool enabled = true;
    bool operator==(const Xen&) const = default;
  } xen;
  struct Test {
    bool enabled = true;
    bool operator==(const Test&) const = default;
  } test;

  bool operator==(const Config&) const = default;
};

// The number of a checked mode text such as "0660".
mode_t ModeOf(const std::string& octal);
// The level of a checked name.
util::LogLevel LevelOf(const std::string& name);

// The result of reading a text: the configuration is of use only if there are no problems.
struct ParsedConfig {
  Config config;
  std::set<std::string> given;        // "limits.clients": the keys that the text has
  std::vector<std::string> problems;  // "FILE:LINE:COLUMN: limits.clients: ...", all there are, in the text's order
};

// Reads TOML (https://toml.io/en/v1.0.0). Every unknown key, wrong type and value out of range is a problem, and so is
// a text of more than 1 MiB. Pure, thread-safe.
ParsedConfig ParseConfig(absl::string_view text, const std::string& file_name);
// The same of a file; a file that is not there is an empty text.
ParsedConfig ReadConfig(const std::string& path);

// The text that gives this configuration, with every key.
std::string ConfigText(const Config& config);

// The keys in which the two differ.
std::vector<std::string> ChangedKeys(const Config& before, const Config& after);
// Whether a change of this key takes effect without a restart.
bool IsLive(absl::string_view key);
// `running` with the live keys of `wanted`.
Config WithLiveKeys(Config running, Config wanted);

}  // namespace reeve
