#include "client/server_name.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "auth/x509_names.h"

namespace reeve::client {

bool IsAddress(const std::string& host) {
  in6_addr address;
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1 || ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

absl::Status CheckServerName(X509* certificate, const std::string& host) {
  const int matches = IsAddress(host) ? X509_check_ip_asc(certificate, host.c_str(), 0)
                                      : X509_check_host(certificate, host.data(), host.size(),
                                                        X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr);
  if (matches == 1) return absl::OkStatus();
  const std::vector<std::string> names = auth::AlternativeNames(certificate);
  return absl::InvalidArgumentError(absl::StrCat(
      "is for ", names.empty() ? auth::SubjectText(certificate) : absl::StrJoin(names, ", "), ", not for ", host));
}

}  // namespace reeve::client
