// Making keys, certificates, requests for them and revocation lists.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/x509_rules.h"
#include "util/openssl.h"

namespace reeve::auth {

// A key on the curve P-256, from OpenSSL's random numbers.
absl::StatusOr<util::UniqueKey> GenerateKey();

// What a certificate shall say.
struct CertificatePlan {
  CertificateUse use = CertificateUse::kClient;
  std::string common_name;         // see CheckCommonName
  std::string organization;        // the same; may be empty
  std::vector<std::string> names;  // alternative names in the form that AlternativeName gives
  absl::Time begin;
  absl::Time end;
};

// 1 to 64 characters (RFC 5280, ub-common-name) of UTF-8 without control characters.
absl::Status CheckCommonName(absl::string_view name);
// "DNS:host.example.org" or "IP:192.0.2.1" of what a user writes for a host: a name, perhaps with a "*." in front, or
// an address, perhaps in brackets; or itself. INVALID_ARGUMENT for anything else.
absl::StatusOr<std::string> AlternativeName(absl::string_view host);

// A certificate for `key` that keeps the rules of x509_rules.h and those of RFC 5280, with a random serial number of
// 127 bits. `issuer` null: signed by itself. One that would outlive its issuer ends with it.
absl::StatusOr<util::UniqueCertificate> IssueCertificate(const CertificatePlan& plan, EVP_PKEY* key, X509* issuer,
                                                         EVP_PKEY* issuer_key);
// The same certificate once more, with another serial number and another time, for `key`, which may be the same.
absl::StatusOr<util::UniqueCertificate> RenewCertificate(X509* certificate, absl::Time begin, absl::Time end,
                                                         EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key);

// One line of a revocation list.
struct Revocation {
  std::string serial;  // as SerialText gives it
  absl::Time time;
};
// A list (RFC 5280, 5), PEM, of which `number` says how new it is.
absl::StatusOr<std::string> MakeRevocations(const std::vector<Revocation>& revocations, uint64_t number,
                                            absl::Time begin, absl::Time end, X509* issuer, EVP_PKEY* issuer_key);

// A PKCS #10 request without a name, DER: whoever asks does not choose what he is called.
absl::StatusOr<std::string> MakeCertificateRequest(EVP_PKEY* key);
// The public key of a request of at most 16 KiB that its private key has signed. INVALID_ARGUMENT also for keys that
// are too weak, or of a kind that TLS here does not use: EC on P-256, P-384 and P-521, Ed25519, RSA of 2048 to 8192
// bits.
absl::StatusOr<util::UniqueKey> ParseCertificateRequest(absl::string_view der);

absl::StatusOr<std::string> CertificatePem(const X509* certificate);
absl::StatusOr<std::string> KeyPem(const EVP_PKEY* key);  // PKCS #8, without a passphrase
// SHA-256 over the DER form, 32 bytes; "" when OpenSSL fails.
std::string Fingerprint(const X509* certificate);

}  // namespace reeve::auth
