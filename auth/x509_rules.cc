#include "auth/x509_rules.h"

#include <openssl/x509v3.h>

#include "absl/strings/str_cat.h"
#include "auth/x509_names.h"

namespace reeve::auth {
namespace {

X509Finding CheckAuthority(uint32_t flags, uint32_t usage) {
  if ((flags & EXFLAG_BCONS) == 0) {
    return {X509_V_ERR_INVALID_CA, "is no authority's: it has no basicConstraints"};
  }
  if ((flags & EXFLAG_CA) == 0) {
    return {X509_V_ERR_INVALID_CA, "is no authority's: its basicConstraints say CA:FALSE"};
  }
  if ((flags & EXFLAG_KUSAGE) != 0 && (usage & KU_KEY_CERT_SIGN) == 0) {
    return {X509_V_ERR_INVALID_CA, "may not sign certificates: its keyUsage lacks keyCertSign"};
  }
  return {};
}

X509Finding CheckEnd(uint32_t flags, uint32_t usage, uint32_t extended_usage, CertificateUse use) {
  const bool server = use == CertificateUse::kServer;
  const absl::string_view whose = server ? "a server's" : "a client's";
  if ((flags & EXFLAG_CA) != 0) {
    return {X509_V_ERR_CERT_REJECTED, absl::StrCat("is an authority's (basicConstraints CA:TRUE), it must be ", whose)};
  }
  if ((flags & EXFLAG_KUSAGE) != 0 && (usage & KU_DIGITAL_SIGNATURE) == 0) {
    return {X509_V_ERR_INVALID_PURPOSE, "may not sign in a handshake: its keyUsage lacks digitalSignature"};
  }
  const uint32_t wanted = XKU_ANYEKU | static_cast<uint32_t>(server ? XKU_SSL_SERVER : XKU_SSL_CLIENT);
  if ((flags & EXFLAG_XKUSAGE) != 0 && (extended_usage & wanted) == 0) {
    return {X509_V_ERR_INVALID_PURPOSE, absl::StrCat("may not be used as ", whose, ": its extendedKeyUsage lacks ",
                                                     server ? "serverAuth" : "clientAuth")};
  }
  return {};
}

}  // namespace

X509Finding CheckValidity(const X509* certificate, absl::Time now) {
  const absl::Time begin = ToTime(X509_get0_notBefore(certificate));
  const absl::Time end = ToTime(X509_get0_notAfter(certificate));
  if (now < begin) {
    return {X509_V_ERR_CERT_NOT_YET_VALID, absl::StrCat("is not valid before ", TimeText(begin))};
  }
  if (now > end) return {X509_V_ERR_CERT_HAS_EXPIRED, absl::StrCat("has expired on ", TimeText(end))};
  return {};
}

X509Finding CheckUse(X509* certificate, CertificateUse use) {
  const uint32_t flags = X509_get_extension_flags(certificate);
  if ((flags & EXFLAG_INVALID) != 0) {
    return {X509_V_ERR_CERT_REJECTED, "has an extension that is malformed or given twice"};
  }
  const uint32_t usage = X509_get_key_usage(certificate);
  if (use == CertificateUse::kAuthority) return CheckAuthority(flags, usage);
  return CheckEnd(flags, usage, X509_get_extended_key_usage(certificate), use);
}

X509Finding CheckCertificate(X509* certificate, CertificateUse use, absl::Time now) {
  X509Finding finding = CheckValidity(certificate, now);
  return finding.sound() ? CheckUse(certificate, use) : finding;
}

}  // namespace reeve::auth
