#include "auth/x509_issue.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace reeve::auth {
namespace {

using UniqueExtension = std::unique_ptr<X509_EXTENSION, util::OpensslDeleter<X509_EXTENSION_free>>;
using UniqueNames = std::unique_ptr<GENERAL_NAMES, util::OpensslDeleter<GENERAL_NAMES_free>>;
using UniqueName = std::unique_ptr<GENERAL_NAME, util::OpensslDeleter<GENERAL_NAME_free>>;
using UniqueRequest = std::unique_ptr<X509_REQ, util::OpensslDeleter<X509_REQ_free>>;
using UniqueNumber = std::unique_ptr<BIGNUM, util::OpensslDeleter<BN_free>>;
using UniqueInteger = std::unique_ptr<ASN1_INTEGER, util::OpensslDeleter<ASN1_INTEGER_free>>;
using UniqueTime = std::unique_ptr<ASN1_TIME, util::OpensslDeleter<ASN1_TIME_free>>;

constexpr int kSerialBits = 127;  // positive, and far below the 20 bytes of RFC 5280, 4.1.2.2
constexpr size_t kMaxRequest = 16 << 10;
constexpr size_t kMaxHost = 253;

absl::StatusOr<std::string> Text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  if (size <= 0) return util::OpensslStatus("write PEM");
  return std::string(data, static_cast<size_t>(size));
}

// Ed25519 and Ed448 digest by themselves.
const EVP_MD* DigestFor(const EVP_PKEY* key) {
  const int kind = EVP_PKEY_get_base_id(key);
  return kind == EVP_PKEY_ED25519 || kind == EVP_PKEY_ED448 ? nullptr : EVP_sha256();
}

absl::Status AddExtension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const UniqueExtension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  if (extension == nullptr || X509_add_ext(certificate, extension.get(), -1) != 1) {
    return util::OpensslStatus(absl::StrCat("add the extension ", OBJ_nid2ln(kind)));
  }
  return absl::OkStatus();
}

absl::Status AddSubject(X509* certificate, const CertificatePlan& plan) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  for (const auto& [kind, value] :
       {std::pair(NID_organizationName, &plan.organization), std::pair(NID_commonName, &plan.common_name)}) {
    if (value->empty() && kind == NID_organizationName) continue;
    if (absl::Status status = CheckCommonName(*value); !status.ok()) return status;
    if (X509_NAME_add_entry_by_NID(subject, kind, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value->data()),
                                   static_cast<int>(value->size()), -1, 0) != 1) {
      return util::OpensslStatus(absl::StrCat("set the name ", *value));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<UniqueName> ParseName(absl::string_view name) {
  UniqueName result(GENERAL_NAME_new());
  ASN1_STRING* value = ASN1_STRING_new();
  if (result == nullptr || value == nullptr) return util::OpensslStatus("make an alternative name");
  std::string bytes(name);
  int kind = GEN_DNS;
  if (absl::ConsumePrefix(&name, "IP:")) {
    unsigned char address[16];
    const bool six = absl::StrContains(name, ':');
    if (::inet_pton(six ? AF_INET6 : AF_INET, std::string(name).c_str(), address) != 1) {
      ASN1_STRING_free(value);
      return absl::InvalidArgumentError(absl::StrCat(name, " is no address"));
    }
    kind = GEN_IPADD;
    bytes.assign(reinterpret_cast<const char*>(address), six ? 16 : 4);
  } else if (absl::ConsumePrefix(&name, "DNS:")) {
    bytes = std::string(name);
  } else {
    ASN1_STRING_free(value);
    return absl::InvalidArgumentError(absl::StrCat(name, " is neither DNS:... nor IP:..."));
  }
  ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size()));
  value->type = kind == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING;
  GENERAL_NAME_set0_value(result.get(), kind, value);
  return result;
}

absl::Status AddAlternativeNames(X509* certificate, const std::vector<std::string>& texts) {
  if (texts.empty()) return absl::OkStatus();
  const UniqueNames names(GENERAL_NAMES_new());
  if (names == nullptr) return util::OpensslStatus("make alternative names");
  for (const std::string& text : texts) {
    absl::StatusOr<UniqueName> name = ParseName(text);
    if (!name.ok()) return name.status();
    if (sk_GENERAL_NAME_push(names.get(), name->get()) <= 0) return util::OpensslStatus("add an alternative name");
    (void)name->release();  // the stack's now
  }
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) != 1) {
    return util::OpensslStatus("add the alternative names");
  }
  return absl::OkStatus();
}

absl::Status AddExtensions(X509* certificate, X509* issuer, const CertificatePlan& plan) {
  const bool authority = plan.use == CertificateUse::kAuthority;
  std::vector<std::pair<int, const char*>> extensions = {
      {NID_basic_constraints, authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE"},
      // Not critical in those of servers and clients: libvirt before 10 asks for keyEncipherment, which is senseless
      // for EC keys, but is content with a warning where the extension is not critical.
      {NID_key_usage, authority ? "critical,keyCertSign,cRLSign" : "digitalSignature"},
      {NID_subject_key_identifier, "hash"},
  };
  if (!authority) {
    extensions.emplace_back(NID_ext_key_usage, plan.use == CertificateUse::kServer ? "serverAuth" : "clientAuth");
    extensions.emplace_back(NID_authority_key_identifier, "keyid");
  }
  for (const auto& [kind, value] : extensions) {
    if (absl::Status status = AddExtension(certificate, issuer, kind, value); !status.ok()) return status;
  }
  return AddAlternativeNames(certificate, plan.names);
}

absl::Status SetSerial(X509* certificate) {
  const UniqueNumber number(BN_new());
  if (number == nullptr || BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) != 1 ||
      BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr) {
    return util::OpensslStatus("make a serial number");
  }
  return absl::OkStatus();
}

absl::Status SetTimes(X509* certificate, absl::Time begin, absl::Time end, const X509* issuer) {
  const UniqueTime from(ASN1_TIME_set(nullptr, absl::ToTimeT(begin)));
  const UniqueTime to(ASN1_TIME_set(nullptr, absl::ToTimeT(end)));
  if (from == nullptr || to == nullptr) return util::OpensslStatus("set the time of a certificate");
  const ASN1_TIME* last = to.get();
  if (issuer != nullptr && ASN1_TIME_compare(X509_get0_notAfter(issuer), to.get()) < 0) {
    last = X509_get0_notAfter(issuer);
  }
  if (ASN1_TIME_compare(from.get(), last) > 0) {
    return absl::FailedPreconditionError("the authority's certificate has expired: renew it first");
  }
  if (X509_set1_notBefore(certificate, from.get()) != 1 || X509_set1_notAfter(certificate, last) != 1) {
    return util::OpensslStatus("set the time of a certificate");
  }
  return absl::OkStatus();
}

absl::Status Sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  if (X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) != 1 ||
      X509_sign(certificate, issuer_key, DigestFor(issuer_key)) <= 0) {
    return util::OpensslStatus("sign a certificate");
  }
  return absl::OkStatus();
}

bool IsLabel(absl::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), [](char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; });
}

absl::Status CheckKey(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519:
      return absl::OkStatus();
    case EVP_PKEY_RSA:
      if (bits >= 2048 && bits <= 8192) return absl::OkStatus();
      return absl::InvalidArgumentError(absl::StrCat("the RSA key has ", bits, " bits, not 2048 to 8192"));
    case EVP_PKEY_EC: {
      char group[64] = {};
      size_t length = 0;
      if (EVP_PKEY_get_group_name(key, group, sizeof(group), &length) == 1) {
        for (const absl::string_view good : {SN_X9_62_prime256v1, SN_secp384r1, SN_secp521r1}) {
          if (good == group) return absl::OkStatus();
        }
      }
      ERR_clear_error();
      return absl::InvalidArgumentError("the EC key is not on one of the curves P-256, P-384 and P-521");
    }
    default:
      return absl::InvalidArgumentError("the key is neither EC nor Ed25519 nor RSA");
  }
}

}  // namespace

absl::StatusOr<util::UniqueKey> GenerateKey() {
  util::UniqueKey key(EVP_EC_gen("P-256"));
  if (key == nullptr) return util::OpensslStatus("make a key");
  return key;
}

absl::Status CheckCommonName(absl::string_view name) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(name.data());
  size_t characters = 0;
  for (size_t at = 0; at < name.size(); ++characters) {
    unsigned long character = 0;
    const int length = UTF8_getc(bytes + at, static_cast<int>(name.size() - at), &character);
    if (length <= 0 || character < 0x20 || (character >= 0x7f && character < 0xa0)) {
      return absl::InvalidArgumentError("a name in a certificate must be UTF-8 without control characters");
    }
    at += static_cast<size_t>(length);
  }
  if (characters >= 1 && characters <= 64) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a name in a certificate has 1 to 64 characters, and not ", characters));
}

absl::StatusOr<std::string> AlternativeName(absl::string_view host) {
  absl::string_view rest = host;
  const bool address = absl::ConsumePrefix(&rest, "IP:");
  const bool name = !address && absl::ConsumePrefix(&rest, "DNS:");
  if (absl::StartsWith(rest, "[") && absl::EndsWith(rest, "]")) rest = rest.substr(1, rest.size() - 2);
  const std::string text = absl::AsciiStrToLower(rest);
  unsigned char bytes[16];
  for (const int family : {AF_INET, AF_INET6}) {
    if (name || ::inet_pton(family, text.c_str(), bytes) != 1) continue;
    char shortest[INET6_ADDRSTRLEN] = {};
    return absl::StrCat("IP:", ::inet_ntop(family, bytes, shortest, sizeof(shortest)));
  }
  absl::string_view labels = text;
  (void)absl::ConsumePrefix(&labels, "*.");
  const std::vector<absl::string_view> parts = absl::StrSplit(labels, '.');
  if (!address && text.size() <= kMaxHost && std::all_of(parts.begin(), parts.end(), IsLabel)) {
    return absl::StrCat("DNS:", text);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", host.substr(0, kMaxHost), "' is neither a host's name nor an address"));
}

absl::StatusOr<util::UniqueCertificate> IssueCertificate(const CertificatePlan& plan, EVP_PKEY* key, X509* issuer,
                                                         EVP_PKEY* issuer_key) {
  util::UniqueCertificate certificate(X509_new());
  if (certificate == nullptr || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return util::OpensslStatus("make a certificate");
  }
  X509* const by = issuer == nullptr ? certificate.get() : issuer;
  absl::Status status = SetSerial(certificate.get());
  if (status.ok()) status = SetTimes(certificate.get(), plan.begin, plan.end, issuer);
  if (status.ok()) status = AddSubject(certificate.get(), plan);
  if (status.ok()) status = AddExtensions(certificate.get(), by, plan);
  if (status.ok()) status = Sign(certificate.get(), by, issuer_key);
  if (!status.ok()) return status;
  return certificate;
}

absl::StatusOr<util::UniqueCertificate> RenewCertificate(X509* old, absl::Time begin, absl::Time end, EVP_PKEY* key,
                                                         X509* issuer, EVP_PKEY* issuer_key) {
  util::UniqueCertificate certificate(X509_new());
  if (certificate == nullptr || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      X509_set_pubkey(certificate.get(), key) != 1 ||
      X509_set_subject_name(certificate.get(), X509_get_subject_name(old)) != 1) {
    return util::OpensslStatus("make a certificate");
  }
  X509* const by = issuer == nullptr ? certificate.get() : issuer;
  absl::Status status = SetSerial(certificate.get());
  if (status.ok()) status = SetTimes(certificate.get(), begin, end, issuer);
  for (int i = 0; status.ok() && i < X509_get_ext_count(old); ++i) {
    X509_EXTENSION* extension = X509_get_ext(old, i);
    const int kind = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    // These two name keys: the new one's and the issuer's.
    if (kind == NID_subject_key_identifier) {
      status = AddExtension(certificate.get(), by, kind, "hash");
    } else if (kind == NID_authority_key_identifier) {
      if (issuer != nullptr) status = AddExtension(certificate.get(), by, kind, "keyid");
    } else if (X509_add_ext(certificate.get(), extension, -1) != 1) {
      status = util::OpensslStatus("copy an extension");
    }
  }
  if (status.ok()) status = Sign(certificate.get(), by, issuer_key);
  if (!status.ok()) return status;
  return certificate;
}

absl::StatusOr<std::string> MakeRevocations(const std::vector<Revocation>& revocations, uint64_t number,
                                            absl::Time begin, absl::Time end, X509* issuer, EVP_PKEY* issuer_key) {
  const util::UniqueRevocations list(X509_CRL_new());
  const UniqueTime from(ASN1_TIME_set(nullptr, absl::ToTimeT(begin)));
  const UniqueTime to(ASN1_TIME_set(nullptr, absl::ToTimeT(end)));
  const UniqueInteger counter(ASN1_INTEGER_new());
  if (list == nullptr || from == nullptr || to == nullptr || counter == nullptr ||
      X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) != 1 ||
      X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer)) != 1 ||
      X509_CRL_set1_lastUpdate(list.get(), from.get()) != 1 || X509_CRL_set1_nextUpdate(list.get(), to.get()) != 1 ||
      ASN1_INTEGER_set_uint64(counter.get(), number) != 1 ||
      X509_CRL_add1_ext_i2d(list.get(), NID_crl_number, counter.get(), 0, 0) != 1) {
    return util::OpensslStatus("make a revocation list");
  }
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, list.get(), 0);
  const UniqueExtension signer(X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid"));
  if (signer != nullptr) {
    if (X509_CRL_add_ext(list.get(), signer.get(), -1) != 1) return util::OpensslStatus("make a revocation list");
  }
  ERR_clear_error();  // an authority that somebody else made may have no key identifier
  for (const Revocation& one : revocations) {
    BIGNUM* raw = nullptr;
    if (BN_hex2bn(&raw, one.serial.c_str()) == 0) return util::OpensslStatus("read a serial number");
    const UniqueNumber serial(raw);
    const UniqueInteger integer(BN_to_ASN1_INTEGER(serial.get(), nullptr));
    const UniqueTime time(ASN1_TIME_set(nullptr, absl::ToTimeT(one.time)));
    std::unique_ptr<X509_REVOKED, util::OpensslDeleter<X509_REVOKED_free>> revoked(X509_REVOKED_new());
    if (integer == nullptr || time == nullptr || revoked == nullptr ||
        X509_REVOKED_set_serialNumber(revoked.get(), integer.get()) != 1 ||
        X509_REVOKED_set_revocationDate(revoked.get(), time.get()) != 1 ||
        X509_CRL_add0_revoked(list.get(), revoked.get()) != 1) {
      return util::OpensslStatus("add to a revocation list");
    }
    (void)revoked.release();  // the list's now
  }
  X509_CRL_sort(list.get());
  if (X509_CRL_sign(list.get(), issuer_key, DigestFor(issuer_key)) <= 0) {
    return util::OpensslStatus("sign a revocation list");
  }
  const util::UniqueBio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509_CRL(bio.get(), list.get()) != 1) {
    return util::OpensslStatus("write a revocation list");
  }
  return Text(bio.get());
}

absl::StatusOr<std::string> MakeCertificateRequest(EVP_PKEY* key) {
  const UniqueRequest request(X509_REQ_new());
  unsigned char* bytes = nullptr;
  if (request == nullptr || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), key) != 1 || X509_REQ_sign(request.get(), key, DigestFor(key)) <= 0) {
    return util::OpensslStatus("make a request for a certificate");
  }
  const int size = i2d_X509_REQ(request.get(), &bytes);
  if (size <= 0) return util::OpensslStatus("write a request for a certificate");
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

absl::StatusOr<util::UniqueKey> ParseCertificateRequest(absl::string_view der) {
  if (der.size() > kMaxRequest) return absl::InvalidArgumentError("the request for a certificate has more than 16 KiB");
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const unsigned char* const end = bytes + der.size();
  const UniqueRequest request(d2i_X509_REQ(nullptr, &bytes, static_cast<long>(der.size())));
  if (request == nullptr || bytes != end) {
    ERR_clear_error();
    return absl::InvalidArgumentError("it is no PKCS #10 request in DER form");
  }
  util::UniqueKey key(X509_REQ_get_pubkey(request.get()));
  if (key == nullptr) {
    ERR_clear_error();
    return absl::InvalidArgumentError("the request for a certificate has no key that can be used");
  }
  // Before the signature is checked: that of a huge key costs much.
  if (absl::Status status = CheckKey(key.get()); !status.ok()) return status;
  if (X509_REQ_verify(request.get(), key.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("the request for a certificate is not signed by its key");
  }
  return key;
}

absl::StatusOr<std::string> CertificatePem(const X509* certificate) {
  const util::UniqueBio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_X509(bio.get(), certificate) != 1) {
    return util::OpensslStatus("write a certificate");
  }
  return Text(bio.get());
}

absl::StatusOr<std::string> KeyPem(const EVP_PKEY* key) {
  const util::UniqueBio bio(BIO_new(BIO_s_secmem()));
  if (bio == nullptr || PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return util::OpensslStatus("write a key");
  }
  return Text(bio.get());
}

std::string Fingerprint(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) == 1) {
    return std::string(reinterpret_cast<const char*>(digest), size);
  }
  ERR_clear_error();
  return "";
}

}  // namespace reeve::auth
