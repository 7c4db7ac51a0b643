#include "auth/x509_names.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "util/log.h"
#include "util/openssl.h"

namespace reeve::auth {
namespace {

std::string Text(const ASN1_STRING* string) {
  return util::EscapeControlCharacters(absl::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                                                         static_cast<size_t>(ASN1_STRING_length(string))));
}

std::string AddressText(const ASN1_STRING* address) {
  char text[INET6_ADDRSTRLEN] = {};
  const int length = ASN1_STRING_length(address);
  const int family = length == 4 ? AF_INET : AF_INET6;
  if ((length != 4 && length != 16) ||
      ::inet_ntop(family, ASN1_STRING_get0_data(address), text, sizeof(text)) == nullptr) {
    return "";
  }
  return text;
}

}  // namespace

std::string NameText(const X509_NAME* name) {
  const util::UniqueBio text(BIO_new(BIO_s_mem()));
  // As RFC 2253 and its successor 4514 want it, but with UTF-8 left as it is.
  if (text == nullptr || name == nullptr ||
      X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB)) <
          0) {
    return "";
  }
  char* data = nullptr;
  const long length = BIO_get_mem_data(text.get(), &data);
  return util::EscapeControlCharacters(absl::string_view(data, static_cast<size_t>(length)));
}

std::string SubjectText(const X509* certificate) {
  return NameText(X509_get_subject_name(certificate));
}

std::string IssuerText(const X509* certificate) {
  return NameText(X509_get_issuer_name(certificate));
}

std::string SerialText(const ASN1_INTEGER* serial) {
  if (serial == nullptr) return "";
  const absl::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                                static_cast<size_t>(ASN1_STRING_length(serial)));
  const bool negative = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;
  return absl::StrCat(negative ? "-" : "", absl::AsciiStrToUpper(absl::BytesToHexString(bytes)));
}

std::vector<std::string> AlternativeNames(const X509* certificate) {
  std::vector<std::string> result;
  const std::unique_ptr<GENERAL_NAMES, util::OpensslDeleter<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    switch (name->type) {
      case GEN_DNS:
        result.push_back(absl::StrCat("DNS:", absl::AsciiStrToLower(Text(name->d.dNSName))));
        break;
      case GEN_IPADD:
        if (std::string text = AddressText(name->d.iPAddress); !text.empty()) result.push_back("IP:" + text);
        break;
      case GEN_URI:
        result.push_back("URI:" + Text(name->d.uniformResourceIdentifier));
        break;
      case GEN_EMAIL:
        result.push_back("email:" + Text(name->d.rfc822Name));
        break;
      default:
        break;
    }
  }
  return result;
}

absl::Time ToTime(const ASN1_TIME* time) {
  tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

}  // namespace reeve::auth
