#include "daemon/tls_setup.h"

#include <string>
#include <utility>

#include "util/exists.h"

namespace reeve {
namespace {

constexpr char kOwn[] = "/etc/pki/reeve/";
constexpr char kLibvirt[] = "/etc/pki/libvirt/";
constexpr char kAuthority[] = "/etc/pki/CA/";

}  // namespace

connections::TlsPaths TlsLocations(const Config::Tls& config, const Paths& paths) {
  const auto choose = [&paths](const std::string& configured, const char* first, const char* second, const char* name) {
    if (!configured.empty()) return paths.Below(configured);
    const std::string own = paths.Below(std::string(first) + name);
    const std::string other = paths.Below(std::string(second) + name);
    return util::Exists(own) || !util::Exists(other) ? own : other;
  };
  connections::TlsPaths result;
  result.authorities = choose(config.ca_file, kOwn, kAuthority, "cacert.pem");
  result.certificate = choose(config.certificate_file, kOwn, kLibvirt, "servercert.pem");
  // The key that lies beside the certificate.
  const bool own = util::Exists(paths.Below(std::string(kOwn) + "servercert.pem")) ||
                   !util::Exists(paths.Below(std::string(kLibvirt) + "servercert.pem"));
  result.key = config.key_file.empty() ? paths.Below(std::string(own ? kOwn : kLibvirt) + "private/serverkey.pem")
                                       : paths.Below(config.key_file);
  result.revocations = choose(config.crl_file, kOwn, kAuthority, "cacrl.pem");
  if (config.crl_file.empty() && !util::Exists(result.revocations)) result.revocations.clear();
  return result;
}

absl::StatusOr<std::vector<connections::TcpListener>> OpenTlsListeners(const Config::Tls& config,
                                                                       std::vector<PassedSocket> passed) {
  std::vector<connections::TcpListener> listeners;
  const bool adopt = !passed.empty();
  for (PassedSocket& socket : passed) {
    absl::StatusOr<connections::TcpListener> listener = connections::TcpListener::Adopt(std::move(socket.socket));
    if (!listener.ok()) return listener.status();
    listeners.push_back(*std::move(listener));
  }
  if (adopt) return listeners;
  for (const std::string& address : config.listen) {
    absl::StatusOr<connections::TcpListener> listener = connections::TcpListener::Create(address);
    if (!listener.ok()) return listener.status();
    listeners.push_back(*std::move(listener));
  }
  return listeners;
}

connections::TlsTerminator::Settings TlsSettings(const Config& config, const Paths& paths) {
  connections::TlsTerminator::Settings settings;
  settings.locate = [tls = config.tls, paths] { return TlsLocations(tls, paths); };
  settings.policy.allow_tls_1_2 = config.tls.minimum_version == "1.2";
  settings.policy.allowed_subjects = config.tls.allowed_subjects;
  settings.policy.allowed_names = config.tls.allowed_names;
  settings.limits.handshakes = static_cast<uint32_t>(config.limits.handshakes);
  settings.limits.time = absl::Seconds(config.limits.handshake_seconds);
  settings.certificate_required = config.tls.client_certificate == "required";
  return settings;
}

}  // namespace reeve
