#include "auth/certificate_authority.h"

#include <fcntl.h>
#include <openssl/x509v3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "auth/x509_files.h"
#include "auth/x509_names.h"
#include "util/errno.h"
#include "util/exists.h"
#include "util/files.h"

namespace reeve::auth {
namespace {

constexpr size_t kMaxIndex = 64 << 20;
constexpr absl::Duration kLockPatience = absl::Seconds(5);
constexpr absl::Duration kLockPause = absl::Milliseconds(20);

std::string DirectoryOf(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

// Whatever the process's umask is. A temporary file that an earlier crash left could have another mode.
absl::Status Write(const std::string& path, absl::string_view content, mode_t mode) {
  (void)::unlink(absl::StrCat(path, ".new").c_str());  // mostly there is none
  if (absl::Status status = util::ReplaceFile(path, content, mode); !status.ok()) return status;
  if (::chmod(path.c_str(), mode) != 0) return util::ErrnoStatus(absl::StrCat("set the mode of ", path));
  return absl::OkStatus();
}

absl::Status MakeDirectory(const std::string& path, mode_t mode) {
  if (util::Exists(path)) return absl::OkStatus();
  if (absl::Status status = util::MakeDirectories(path, 0755); !status.ok()) return status;
  if (::chmod(path.c_str(), mode) != 0) return util::ErrnoStatus(absl::StrCat("set the mode of ", path));
  return absl::OkStatus();
}

// The directory of the key is what is locked: nobody else can open it, and so hold the lock. A holder that has been
// stopped must not stop the daemon.
absl::StatusOr<util::UniqueFd> Lock(const AuthorityPaths& paths) {
  const std::string directory = DirectoryOf(paths.key);
  util::UniqueFd lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock) return util::ErrnoStatus(absl::StrCat("open ", directory));
  const absl::Time deadline = absl::Now() + kLockPatience;
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return util::ErrnoStatus(absl::StrCat("lock ", directory));
    if (absl::Now() > deadline) {
      return absl::UnavailableError(absl::StrCat("another process works with the authority in ", paths.directory));
    }
    absl::SleepFor(kLockPause);
  }
  return lock;
}

// As in index.txt; the common name last, as it is.
std::string SubjectLine(const X509* certificate) {
  std::string text;
  const X509_NAME* name = X509_get_subject_name(certificate);
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const char* kind = OBJ_nid2sn(OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)));
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(entry);
    std::string words(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                      static_cast<size_t>(ASN1_STRING_length(value)));
    for (char& c : words) {
      if (absl::ascii_iscntrl(c)) c = '?';
    }
    absl::StrAppend(&text, "/", kind, "=", words);
  }
  return text;
}

}  // namespace

absl::Status WriteCertificateFile(const std::string& path, absl::string_view pem) {
  if (absl::Status status = MakeDirectory(DirectoryOf(path), 0755); !status.ok()) return status;
  return Write(path, pem, 0644);
}

absl::Status WriteKeyFile(const std::string& path, absl::string_view pem) {
  if (absl::Status status = MakeDirectory(DirectoryOf(path), 0700); !status.ok()) return status;
  return Write(path, pem, 0600);
}

absl::Status CertificateAuthority::Create(const AuthorityPaths& paths, const CertificatePlan& plan, bool replace) {
  if (absl::Status status = MakeDirectory(paths.directory, 0755); !status.ok()) return status;
  if (absl::Status status = MakeDirectory(DirectoryOf(paths.key), 0700); !status.ok()) return status;
  const absl::StatusOr<util::UniqueFd> lock = Lock(paths);
  if (!lock.ok()) return lock.status();
  for (const std::string& path : {paths.certificate, paths.key}) {
    if (!replace && util::Exists(path)) return absl::AlreadyExistsError(absl::StrCat("there is ", path, " already"));
  }
  const absl::StatusOr<util::UniqueKey> key = GenerateKey();
  if (!key.ok()) return key.status();
  const auto certificate = IssueCertificate(plan, key->get(), nullptr, key->get());
  if (!certificate.ok()) return certificate.status();
  const absl::StatusOr<std::string> key_pem = KeyPem(key->get());
  if (!key_pem.ok()) return key_pem.status();
  const absl::StatusOr<std::string> pem = CertificatePem(certificate->get());
  if (!pem.ok()) return pem.status();
  if (absl::Status status = WriteKeyFile(paths.key, *key_pem); !status.ok()) return status;
  // Another authority's lists say nothing of this one, and its revocation list would have everybody refused.
  for (const std::string& path : {paths.revocations, paths.revocation_number}) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return util::ErrnoStatus(absl::StrCat("remove ", path));
  }
  if (absl::Status status = Write(paths.index, "", 0600); !status.ok()) return status;
  return WriteCertificateFile(paths.certificate, *pem);
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Open(const AuthorityPaths& paths) {
  CertificateAuthority authority(paths);
  if (!util::Exists(DirectoryOf(paths.key))) {
    return absl::NotFoundError(absl::StrCat("there is no ", paths.key));
  }
  absl::StatusOr<util::UniqueFd> lock = Lock(paths);
  if (!lock.ok()) return lock.status();
  authority.lock_ = *std::move(lock);
  absl::StatusOr<Credentials> credentials = ParseCredentials(ReadPem(paths.certificate), ReadPem(paths.key));
  if (!credentials.ok()) return credentials.status();
  authority.certificate_ = std::move(credentials->chain.front());
  authority.key_ = std::move(credentials->key);
  X509* certificate = authority.certificate_.get();
  // Whether it is still valid is looked at where it signs: an expired one can be renewed.
  const X509Finding finding = CheckUse(certificate, CertificateUse::kAuthority);
  if (!finding.sound()) {
    return absl::InvalidArgumentError(
        absl::StrCat(paths.certificate, ": the certificate of ", SubjectText(certificate), " ", finding.text));
  }
  if (X509_check_issued(certificate, certificate) != X509_V_OK) {
    return absl::InvalidArgumentError(absl::StrCat(
        paths.certificate, ": the first certificate is not a root's; intermediate authorities cannot issue here"));
  }
  if (!util::Exists(paths.index)) return authority;
  const absl::StatusOr<std::string> text = util::ReadFile(paths.index, kMaxIndex);
  if (!text.ok()) return text.status();
  absl::StatusOr<std::vector<IssuedCertificate>> issued = ParseIndex(*text);
  if (!issued.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(paths.index, ": ", issued.status().message()));
  }
  authority.issued_ = *std::move(issued);
  return authority;
}

absl::Status CertificateAuthority::WriteIndex() {
  return Write(paths_.index, FormatIndex(issued_), 0600);
}

absl::StatusOr<util::UniqueCertificate> CertificateAuthority::Note(
    absl::StatusOr<util::UniqueCertificate> certificate) {
  if (!certificate.ok()) return certificate;
  issued_.push_back({.serial = SerialText(X509_get0_serialNumber(certificate->get())),
                     .subject = SubjectLine(certificate->get()),
                     .end = ToTime(X509_get0_notAfter(certificate->get()))});
  if (absl::Status status = WriteIndex(); !status.ok()) return status;
  return certificate;
}

absl::StatusOr<util::UniqueCertificate> CertificateAuthority::Issue(const CertificatePlan& plan, EVP_PKEY* key) {
  return Note(IssueCertificate(plan, key, certificate_.get(), key_.get()));
}

absl::StatusOr<util::UniqueCertificate> CertificateAuthority::Renew(X509* old, absl::Time begin, absl::Time end,
                                                                    EVP_PKEY* key) {
  return Note(RenewCertificate(old, begin, end, key, certificate_.get(), key_.get()));
}

absl::Status CertificateAuthority::RenewItself(absl::Time begin, absl::Time end) {
  absl::StatusOr<util::UniqueCertificate> certificate =
      RenewCertificate(certificate_.get(), begin, end, key_.get(), nullptr, key_.get());
  if (!certificate.ok()) return certificate.status();
  const absl::StatusOr<std::string> pem = CertificatePem(certificate->get());
  if (!pem.ok()) return pem.status();
  certificate_ = *std::move(certificate);
  return WriteCertificateFile(paths_.certificate, *pem);
}

absl::Status CertificateAuthority::Revoke(const std::vector<std::string>& serials, absl::Time now) {
  for (const std::string& serial : serials) {
    const auto found =
        std::find_if(issued_.begin(), issued_.end(), [&](const auto& one) { return one.serial == serial; });
    if (found == issued_.end()) {
      issued_.push_back({.serial = serial,
                         .subject = "/CN=unknown",
                         .end = ToTime(X509_get0_notAfter(certificate_.get())),
                         .revoked = now});
    } else if (!found->is_revoked()) {
      found->revoked = now;
    }
  }
  return WriteIndex();
}

absl::Status CertificateAuthority::WriteRevocations(absl::Time now, absl::Time end) {
  uint64_t number = 1;
  if (util::Exists(paths_.revocation_number)) {
    const absl::StatusOr<std::string> text = util::ReadFile(paths_.revocation_number);
    if (!text.ok()) return text.status();
    if (!absl::SimpleHexAtoi(absl::StripAsciiWhitespace(*text), &number)) {
      return absl::InvalidArgumentError(absl::StrCat(paths_.revocation_number, ": it is no hexadecimal number"));
    }
  }
  std::vector<Revocation> revocations;
  for (const IssuedCertificate& one : issued_) {
    if (one.is_revoked()) revocations.push_back({one.serial, one.revoked});
  }
  const absl::StatusOr<std::string> pem =
      MakeRevocations(revocations, number, now, std::min(end, ToTime(X509_get0_notAfter(certificate_.get()))),
                      certificate_.get(), key_.get());
  if (!pem.ok()) return pem.status();
  // The number first: one that is left out is no harm, one that comes twice is.
  if (absl::Status status = Write(paths_.revocation_number, absl::StrFormat("%02X\n", number + 1), 0600);
      !status.ok()) {
    return status;
  }
  return WriteCertificateFile(paths_.revocations, *pem);
}

}  // namespace reeve::auth
