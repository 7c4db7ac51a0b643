#include "auth/testing/certificates.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>

namespace reeve::auth::testing {
namespace {

void Must(bool done) {
  if (!done) std::abort();
}

std::string Text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

}  // namespace

std::string Issued::certificate_pem() const {
  const util::UniqueBio bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_X509(bio.get(), certificate.get()) == 1);
  return Text(bio.get());
}

std::string Issued::key_pem(const char* passphrase) const {
  const util::UniqueBio bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), passphrase == nullptr ? nullptr : EVP_aes_128_cbc(), nullptr,
                                     0, nullptr, const_cast<char*>(passphrase)) == 1);
  return Text(bio.get());
}

Issued Issue(const CertificateOptions& options, const Issued* signer) {
  Issued issued{util::UniqueCertificate(X509_new()), util::UniqueKey(EVP_EC_gen("P-256"))};
  X509* certificate = issued.certificate.get();
  Must(certificate != nullptr && issued.key != nullptr);
  const Issued& by = signer == nullptr ? issued : *signer;
  Must(X509_set_version(certificate, 2) == 1);
  Must(ASN1_INTEGER_set(X509_get_serialNumber(certificate), options.serial) == 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), options.begin_seconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate), options.end_seconds);
  for (const auto& [name, value] : options.subject) {
    Must(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), name.c_str(), MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1);
  }
  Must(X509_set_issuer_name(certificate, X509_get_subject_name(by.certificate.get())) == 1);
  Must(X509_set_pubkey(certificate, issued.key.get()) == 1);
  X509V3_CTX context;
  X509V3_set_ctx(&context, by.certificate.get(), certificate, nullptr, nullptr, 0);
  for (const auto& [name, value] : options.extensions) {
    X509_EXTENSION* extension = X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str());
    Must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
  }
  Must(X509_sign(certificate, by.key.get(), EVP_sha256()) > 0);
  return issued;
}

Issued IssueAuthority(const std::string& name, const Issued* signer) {
  return Issue({.subject = {{"O", "Example"}, {"CN", name}},
                .extensions = {{"basicConstraints", "critical,CA:TRUE"}, {"keyUsage", "critical,keyCertSign,cRLSign"}}},
               signer);
}

std::string Revocations(const Issued& signer, const std::vector<long>& serials, long end_seconds) {
  const util::UniqueRevocations list(X509_CRL_new());
  Must(X509_CRL_set_version(list.get(), 1) == 1);
  Must(X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(signer.certificate.get())) == 1);
  ASN1_TIME* time = X509_gmtime_adj(nullptr, -86400);
  Must(X509_CRL_set1_lastUpdate(list.get(), time) == 1);
  for (const long serial : serials) {
    X509_REVOKED* revoked = X509_REVOKED_new();
    ASN1_INTEGER* number = ASN1_INTEGER_new();
    Must(ASN1_INTEGER_set(number, serial) == 1 && X509_REVOKED_set_serialNumber(revoked, number) == 1 &&
         X509_REVOKED_set_revocationDate(revoked, time) == 1 && X509_CRL_add0_revoked(list.get(), revoked) == 1);
    ASN1_INTEGER_free(number);
  }
  ASN1_TIME_free(time);
  time = X509_gmtime_adj(nullptr, end_seconds);
  Must(X509_CRL_set1_nextUpdate(list.get(), time) == 1);
  ASN1_TIME_free(time);
  Must(X509_CRL_sign(list.get(), signer.key.get(), EVP_sha256()) > 0);
  const util::UniqueBio bio(BIO_new(BIO_s_mem()));
  Must(PEM_write_bio_X509_CRL(bio.get(), list.get()) == 1);
  return Text(bio.get());
}

}  // namespace reeve::auth::testing
