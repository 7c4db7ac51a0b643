#include "auth/x509_files.h"

#include <openssl/pem.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "auth/x509_names.h"
#include "util/files.h"

namespace reeve::auth {
namespace {

absl::Status Refuse(const std::string& path, absl::string_view cause) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", cause));
}

absl::StatusOr<util::UniqueBio> OpenText(const PemText& pem) {
  if (!pem.text.ok()) return pem.text.status();
  util::UniqueBio bio(BIO_new_mem_buf(pem.text->data(), static_cast<int>(pem.text->size())));
  if (bio == nullptr) return util::OpensslStatus(absl::StrCat("read ", pem.path));
  return bio;
}

// Whether the error with which a loop over PEM objects ended says that there is no further one. Empties the queue.
bool AtEnd() {
  const unsigned long error = ERR_peek_last_error();
  const bool end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (end) ERR_clear_error();
  return end;
}

template <typename Unique, typename Read>
absl::StatusOr<std::vector<Unique>> ParseAll(const PemText& pem, absl::string_view what, Read read) {
  const absl::StatusOr<util::UniqueBio> bio = OpenText(pem);
  if (!bio.ok()) return bio.status();
  std::vector<Unique> result;
  ERR_clear_error();
  while (auto* object = read(bio->get(), nullptr, nullptr, nullptr)) result.emplace_back(object);
  if (!AtEnd()) return Refuse(pem.path, absl::StrCat(what, " ", result.size() + 1, ": ", util::TakeOpensslError()));
  if (result.empty()) return Refuse(pem.path, absl::StrCat("there is no ", what, " in PEM form in it"));
  return result;
}

// The stack only, not what is on it.
void FreeStack(STACK_OF(X509) * stack) {
  sk_X509_free(stack);
}

absl::Status CheckSignedBy(const Credentials& credentials, const std::vector<util::UniqueCertificate>& authorities,
                           absl::Time now, const std::string& path) {
  const util::UniqueStore store(X509_STORE_new());
  const util::UniqueStoreContext context(X509_STORE_CTX_new());
  const std::unique_ptr<STACK_OF(X509), util::OpensslDeleter<FreeStack>> others(sk_X509_new_null());
  if (store == nullptr || context == nullptr || others == nullptr) return util::OpensslStatus("verify a certificate");
  for (const auto& authority : authorities) {
    if (X509_STORE_add_cert(store.get(), authority.get()) != 1) return util::OpensslStatus("keep an authority");
  }
  for (size_t i = 1; i < credentials.chain.size(); ++i) {
    if (sk_X509_push(others.get(), credentials.chain[i].get()) <= 0) return util::OpensslStatus("keep a chain");
  }
  if (X509_STORE_CTX_init(context.get(), store.get(), credentials.chain[0].get(), others.get()) != 1) {
    return util::OpensslStatus("verify a certificate");
  }
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), absl::ToTimeT(now));
  const int verified = X509_verify_cert(context.get());
  ERR_clear_error();
  if (verified == 1) return absl::OkStatus();
  const int error = X509_STORE_CTX_get_error(context.get());
  return Refuse(path,
                absl::StrCat("the certificate of ", SubjectText(credentials.chain[0].get()),
                             " is not signed by an authority of ours (issuer: ", IssuerText(credentials.chain[0].get()),
                             "): ", X509_verify_cert_error_string(error)));
}

}  // namespace

PemText ReadPem(const std::string& path) {
  return {.path = path, .text = util::ReadFile(path)};
}

absl::StatusOr<std::vector<util::UniqueCertificate>> ParseCertificates(const PemText& pem) {
  return ParseAll<util::UniqueCertificate>(pem, "certificate", PEM_read_bio_X509);
}

absl::StatusOr<std::vector<util::UniqueRevocations>> ParseRevocations(const PemText& pem) {
  return ParseAll<util::UniqueRevocations>(pem, "revocation list", PEM_read_bio_X509_CRL);
}

absl::StatusOr<util::UniqueKey> ParseKey(const PemText& pem) {
  const absl::StatusOr<util::UniqueBio> bio = OpenText(pem);
  if (!bio.ok()) return bio.status();
  ERR_clear_error();
  bool asked = false;
  // Without this OpenSSL would ask on the terminal.
  const auto refuse_passphrase = [](char*, int, int, void* user) {
    *static_cast<bool*>(user) = true;
    return -1;
  };
  util::UniqueKey key(PEM_read_bio_PrivateKey(bio->get(), nullptr, refuse_passphrase, &asked));
  if (key != nullptr) return key;
  const bool none = AtEnd();
  const std::string cause = util::TakeOpensslError();
  if (asked) return Refuse(pem.path, "the key is protected by a passphrase, which cannot be asked for");
  return Refuse(pem.path, none ? "there is no private key in PEM form in it" : absl::StrCat("private key: ", cause));
}

absl::StatusOr<Credentials> ParseCredentials(const PemText& certificate, const PemText& key) {
  absl::StatusOr<std::vector<util::UniqueCertificate>> chain = ParseCertificates(certificate);
  if (!chain.ok()) return chain.status();
  absl::StatusOr<util::UniqueKey> parsed_key = ParseKey(key);
  if (!parsed_key.ok()) return parsed_key.status();
  if (X509_check_private_key(chain->front().get(), parsed_key->get()) != 1) {
    ERR_clear_error();
    return Refuse(key.path, absl::StrCat("the key does not belong to the certificate in ", certificate.path));
  }
  return Credentials{*std::move(chain), *std::move(parsed_key)};
}

absl::Status CheckCredentials(const Credentials& credentials, CertificateUse use,
                              const std::vector<util::UniqueCertificate>& authorities, absl::Time now,
                              const std::string& path) {
  X509* end = credentials.chain[0].get();
  const X509Finding finding = CheckCertificate(end, use, now);
  if (!finding.sound()) {
    return Refuse(path, absl::StrCat("the certificate of ", SubjectText(end), " ", finding.text));
  }
  return CheckSignedBy(credentials, authorities, now, path);
}

absl::StatusOr<std::vector<util::UniqueCertificate>> ParseAuthorities(const PemText& pem, absl::Time now) {
  absl::StatusOr<std::vector<util::UniqueCertificate>> authorities = ParseCertificates(pem);
  if (!authorities.ok()) return authorities.status();
  for (const auto& authority : *authorities) {
    const X509Finding finding = CheckCertificate(authority.get(), CertificateUse::kAuthority, now);
    if (!finding.sound()) {
      return Refuse(pem.path, absl::StrCat("the certificate of ", SubjectText(authority.get()), " ", finding.text));
    }
  }
  return authorities;
}

}  // namespace reeve::auth
