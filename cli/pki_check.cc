#include "cli/pki_check.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "auth/x509_files.h"
#include "auth/x509_names.h"
#include "util/errno.h"
#include "util/exists.h"
#include "util/openssl.h"

namespace reeve::cli {
namespace {

constexpr absl::Duration kSoon = absl::Hours(24 * 30);
// As the security level 2 of OpenSSL.
constexpr int kLeastSecurityBits = 112;

std::string DirectoryOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

std::string FirstLabel(absl::string_view name) {
  return absl::AsciiStrToLower(name.substr(0, name.find('.')));
}

class Check {
 public:
  Check(const PkiPlaces& places, const HostFacts& facts) : places_(places), facts_(facts) {}

  std::vector<PkiFinding> Run(const PkiScope& scope) {
    Authorities();
    if (scope.authority && util::Exists(places_.authority.key)) AuthorityFiles();
    if (util::Exists(places_.authority.revocations)) Revocations();
    if (scope.server) End(places_.server, auth::CertificateUse::kServer, "server");
    if (scope.client) End(places_.client, auth::CertificateUse::kClient, "client");
    return std::move(findings_);
  }

 private:
  std::string Reeve(absl::string_view words) const { return absl::StrCat("reeve pki ", words, facts_.options); }
  void Error(const std::string& file, absl::string_view what, std::string repair) {
    findings_.push_back({true, file, std::string(what), std::move(repair)});
  }
  void Warning(const std::string& file, absl::string_view what, std::string repair) {
    findings_.push_back({false, file, std::string(what), std::move(repair)});
  }
  // An error of the functions of x509_files names the file first, as a finding does.
  void Error(const std::string& file, const absl::Status& status, std::string repair) {
    absl::string_view what = status.message();
    if (absl::ConsumePrefix(&what, file)) absl::ConsumePrefix(&what, ": ");
    Error(file, what, std::move(repair));
  }

  // Owner and mode of a file or directory. Whether it can be read at all.
  bool Mode(const std::string& path, mode_t wanted, mode_t forbidden, absl::string_view danger) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      const int error = errno;
      if (error == EACCES) {
        Error(path, "it cannot be read by you", absl::StrCat("sudo ", Reeve("check")));
      } else {
        Error(path, util::ErrnoStatus(error, "stat").message(), "");
      }
      return false;
    }
    if (status.st_uid != facts_.owner && status.st_uid != 0) {
      Error(path, absl::StrCat("it belongs to user ", status.st_uid, ", who can change it"),
            absl::StrCat("chown ", facts_.owner, " ", ShellWord(path)));
    }
    if ((status.st_mode & forbidden) != 0) {
      Error(path, absl::StrCat("its mode is 0", Octal(status.st_mode & 07777), ", so that ", danger),
            absl::StrCat("chmod 0", Octal(wanted), " ", ShellWord(path)));
    }
    return true;
  }
  static std::string Octal(mode_t mode) {
    std::string text;
    for (int shift = 6; shift >= 0; shift -= 3) text.push_back(static_cast<char>('0' + ((mode >> shift) & 7)));
    return text;
  }
  bool PublicFile(const std::string& path) {
    Directory(DirectoryOf(path));
    const bool readable = Mode(path, 0644, S_IWGRP | S_IWOTH, "others can change it");
    struct stat status {};
    if (readable && ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) == 0) {
      Warning(path, absl::StrCat("its mode is 0", Octal(status.st_mode & 07777), ", so that other users cannot use it"),
              absl::StrCat("chmod 0644 ", ShellWord(path)));
    }
    return readable;
  }
  bool KeyFile(const std::string& path) {
    Directory(DirectoryOf(path));
    return Mode(path, 0600, S_IRWXG | S_IRWXO, "others can get at the key");
  }
  void Directory(const std::string& path) {
    if (std::find(directories_.begin(), directories_.end(), path) != directories_.end()) return;
    directories_.push_back(path);
    if (!util::Exists(path)) return;
    const bool secret = absl::EndsWith(path, "/private");
    Mode(path, secret ? 0700 : 0755, S_IWGRP | S_IWOTH, "others can put files of their own there");
  }

  // How much time is left, how it is signed, and how strong its key is.
  void Strength(const std::string& file, X509* certificate, const std::string& renew) {
    const absl::Time end = auth::ToTime(X509_get0_notAfter(certificate));
    if (end > facts_.now && end - facts_.now < kSoon) {
      Warning(file, absl::StrCat("it ends on ", auth::TimeText(end)), renew);
    }
    int digest = NID_undef;
    int key = NID_undef;
    int bits = 0;
    uint32_t flags = 0;
    if (X509_get_signature_info(certificate, &digest, &key, &bits, &flags) == 1 && bits < kLeastSecurityBits) {
      Error(file,
            absl::StrCat("it is signed with ", digest == NID_undef ? "a weak digest" : OBJ_nid2ln(digest),
                         ", which is too weak"),
            renew);
    }
    const EVP_PKEY* public_key = X509_get0_pubkey(certificate);
    if (public_key != nullptr && EVP_PKEY_get_security_bits(public_key) < kLeastSecurityBits) {
      Error(file, absl::StrCat("its key has ", EVP_PKEY_get_bits(public_key), " bits, which is too weak"),
            absl::StrCat(renew, " --new-key"));
    }
    ERR_clear_error();
  }

  void Authorities() {
    const std::string& file = places_.authorities;
    if (!util::Exists(file)) {
      return Error(file, "there is no certificate of an authority",
                   util::Exists(places_.authority.key) ? "" : Reeve("init"));
    }
    if (!PublicFile(file)) return;
    const std::string renew = Reeve("renew ca");
    const auth::PemText pem = auth::ReadPem(file);
    auto certificates = auth::ParseCertificates(pem);
    if (!certificates.ok()) return Error(file, certificates.status(), "");
    for (const auto& one : *certificates) {
      const auth::X509Finding finding = auth::CheckCertificate(one.get(), auth::CertificateUse::kAuthority, facts_.now);
      const std::string subject = auth::SubjectText(one.get());
      if (!finding.sound()) {
        Error(file, absl::StrCat("the certificate of ", subject, " ", finding.text), renew);
      } else {
        Strength(file, one.get(), renew);
      }
    }
    authorities_ = *std::move(certificates);
  }

  void AuthorityFiles() {
    if (KeyFile(places_.authority.key)) {
      const auto authority = auth::CertificateAuthority::Open(places_.authority);
      if (!authority.ok()) {
        return Error(places_.authority.directory, authority.status(), "");
      }
      if (authorities_.empty()) return;
      const bool known = std::any_of(authorities_.begin(), authorities_.end(), [&](const auto& one) {
        return EVP_PKEY_eq(X509_get0_pubkey(one.get()), X509_get0_pubkey(authority->certificate())) == 1;
      });
      if (!known) {
        Error(places_.authority.certificate,
              absl::StrCat("what this authority issues is not accepted here: ", places_.authorities, " is another's"),
              absl::StrCat("cat ", ShellWord(places_.authority.certificate), " >> ", ShellWord(places_.authorities)));
      }
    }
  }

  void Revocations() {
    const std::string& file = places_.authority.revocations;
    if (!PublicFile(file)) return;
    auto lists = auth::ParseRevocations(auth::ReadPem(file));
    const std::string renew = Reeve("crl");
    if (!lists.ok()) return Error(file, lists.status(), renew);
    for (const auto& authority : authorities_) {
      const auto list = std::find_if(lists->begin(), lists->end(), [&](const auto& one) {
        return X509_CRL_verify(one.get(), X509_get0_pubkey(authority.get())) == 1;
      });
      ERR_clear_error();
      if (list == lists->end()) {
        Error(file,
              absl::StrCat("it has no list signed by ", auth::SubjectText(authority.get()),
                           ", so that the daemon refuses every client"),
              renew);
        continue;
      }
      const absl::Time end = auth::ToTime(X509_CRL_get0_nextUpdate(list->get()));
      if (end < facts_.now) {
        Error(file,
              absl::StrCat("it has expired on ", auth::TimeText(end), ", so that the daemon refuses every client"),
              renew);
      } else if (end - facts_.now < kSoon) {
        Warning(file, absl::StrCat("it ends on ", auth::TimeText(end)), renew);
      }
    }
    revocations_ = *std::move(lists);
  }

  void End(const PairPlace& place, auth::CertificateUse use, const std::string& who) {
    const bool server = use == auth::CertificateUse::kServer;
    const std::string issue =
        Reeve(absl::StrCat("issue ", who, " ", server ? ShellWord(facts_.name) : std::string("NAME"),
                           util::Exists(place.certificate) || util::Exists(place.key) ? " --force" : ""));
    if (!util::Exists(place.certificate)) {
      return Error(place.certificate, absl::StrCat("there is no certificate for this host's ", who), issue);
    }
    if (!PublicFile(place.certificate)) return;
    if (!util::Exists(place.key)) return Error(place.key, "there is no key for the certificate", issue);
    if (!KeyFile(place.key)) return;
    auto credentials = auth::ParseCredentials(auth::ReadPem(place.certificate), auth::ReadPem(place.key));
    if (!credentials.ok()) return Error(place.certificate, credentials.status(), issue);
    X509* certificate = credentials->chain.front().get();
    const std::string renew = Reeve(absl::StrCat("renew ", who));
    const bool valid = auth::CheckValidity(certificate, facts_.now).sound();
    if (absl::Status status = auth::CheckCredentials(*credentials, use, authorities_, facts_.now, place.certificate);
        !status.ok() && !(authorities_.empty() && valid)) {
      Error(place.certificate, status, valid ? issue : renew);
    }
    Strength(place.certificate, certificate, renew);
    for (const auto& list : revocations_) {
      X509_REVOKED* entry = nullptr;
      if (X509_NAME_cmp(X509_CRL_get_issuer(list.get()), X509_get_issuer_name(certificate)) == 0 &&
          X509_CRL_get0_by_serial(list.get(), &entry, X509_get_serialNumber(certificate)) == 1) {
        Error(place.certificate, "it has been revoked", issue);
      }
    }
    if (server) Names(place.certificate, certificate, issue);
  }

  // A server must be found under the names that its users write.
  void Names(const std::string& file, X509* certificate, const std::string& issue) {
    const std::vector<std::string> names = auth::AlternativeNames(certificate);
    bool named = false;
    std::vector<std::string> strangers;
    for (absl::string_view name : names) {
      if (absl::ConsumePrefix(&name, "DNS:")) {
        const bool wildcard = absl::StartsWith(name, "*.");
        named = named || wildcard || FirstLabel(name) == FirstLabel(facts_.name);
      } else if (absl::ConsumePrefix(&name, "IP:")) {
        const bool ours = std::find(facts_.addresses.begin(), facts_.addresses.end(), name) != facts_.addresses.end();
        named = named || ours;
        if (!ours) strangers.emplace_back(name);
      }
    }
    if (names.empty()) {
      Warning(file, "it has no alternative names: clients other than ours may refuse it", issue);
    } else if (!named) {
      Warning(file, absl::StrCat("none of its names is this host's, ", facts_.name, ": ", absl::StrJoin(names, ", ")),
              issue);
    } else if (!strangers.empty()) {
      Warning(file, absl::StrCat("no interface of this host has the address ", absl::StrJoin(strangers, ", ")), issue);
    }
  }

  const PkiPlaces& places_;
  const HostFacts& facts_;
  std::vector<PkiFinding> findings_;
  std::vector<std::string> directories_;  // that have been looked at
  std::vector<util::UniqueCertificate> authorities_;
  std::vector<util::UniqueRevocations> revocations_;
};

}  // namespace

HostFacts ReadHostFacts(absl::Time now, const std::string& root) {
  HostFacts facts{.now = now, .owner = root.empty() ? 0 : ::geteuid()};
  if (!root.empty()) facts.options = absl::StrCat(" --root=", ShellWord(root));
  char name[HOST_NAME_MAX + 1] = {};
  if (::gethostname(name, sizeof(name) - 1) == 0) facts.name = name;
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return facts;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> interfaces(raw, &::freeifaddrs);
  for (const ifaddrs* one = raw; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    char text[INET6_ADDRSTRLEN] = {};
    const int family = one->ifa_addr->sa_family;
    const void* address = nullptr;
    if (family == AF_INET) address = &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
    if (family == AF_INET6) address = &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr;
    if (address == nullptr || ::inet_ntop(family, address, text, sizeof(text)) == nullptr) continue;
    facts.addresses.emplace_back(text);
  }
  return facts;
}

std::vector<PkiFinding> CheckPki(const PkiPlaces& places, const PkiScope& scope, const HostFacts& facts) {
  return Check(places, facts).Run(scope);
}

std::string ShellWord(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("_-./:@%+=,", c);
  });
  if (plain) return text;
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted.push_back(c);
    }
  }
  return quoted + "'";
}

}  // namespace reeve::cli
