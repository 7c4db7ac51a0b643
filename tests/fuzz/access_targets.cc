#include "tests/fuzz/access_targets.h"

#include <openssl/x509.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "auth/issued_index.h"
#include "auth/x509_issue.h"
#include "auth/x509_names.h"
#include "auth/x509_rules.h"
#include "client/auth_file.h"
#include "client/client_config.h"
#include "client/join_token.h"
#include "client/ssh_command.h"
#include "client/uri.h"
#include "tests/fuzz/broken.h"
#include "util/openssl.h"

namespace reeve::fuzz {
namespace {

// What comes from a stranger is printed: it must not command a terminal, nor make a second line of a log.
void MustBeOneLine(absl::string_view what, absl::string_view text) {
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); })) {
    Broken(absl::StrCat(what, " has a control character"), text);
  }
}

void TryJoinToken(absl::string_view text) {
  const auto ticket = client::ParseJoinToken(text);
  if (!ticket.ok()) {
    if (ticket.status().message().empty()) Broken("a token is refused without a reason", text);
    return;
  }
  const std::string written = client::FormatJoinToken(*ticket);
  const auto again = client::ParseJoinToken(written);
  if (!again.ok() || client::FormatJoinToken(*again) != written)
    Broken("a token is not read as it was written", written);
}

void TryCertificateRequest(absl::string_view der) {
  const auto key = auth::ParseCertificateRequest(der);
  if (!key.ok()) {
    MustBeOneLine("the refusal of a request", key.status().message());
    return;
  }
  // A key that is taken can be certified.
  const auto authority = auth::GenerateKey();
  const auth::CertificatePlan plan{
      .common_name = "a", .begin = absl::FromUnixSeconds(1'700'000'000), .end = absl::FromUnixSeconds(1'800'000'000)};
  if (!authority.ok() || !auth::IssueCertificate(plan, key->get(), nullptr, authority->get()).ok()) {
    Broken("a key of a request cannot be certified", der);
  }
}

void TryCertificate(absl::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const util::UniqueCertificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (certificate == nullptr) return;
  MustBeOneLine("a subject", auth::SubjectText(certificate.get()));
  MustBeOneLine("an issuer", auth::IssuerText(certificate.get()));
  for (const std::string& name : auth::AlternativeNames(certificate.get())) MustBeOneLine("a name", name);
  for (const auth::CertificateUse use :
       {auth::CertificateUse::kAuthority, auth::CertificateUse::kServer, auth::CertificateUse::kClient}) {
    MustBeOneLine("a finding",
                  auth::CheckCertificate(certificate.get(), use, absl::FromUnixSeconds(1'800'000'000)).text);
  }
  ERR_clear_error();
}

void TryIndex(absl::string_view text) {
  const auto parsed = auth::ParseIndex(text);
  if (!parsed.ok()) return;
  const std::string written = auth::FormatIndex(*parsed);
  const auto again = auth::ParseIndex(written);
  if (!again.ok())
    Broken(absl::StrCat("a list that was written is refused: ", again.status().message()), text, written);
  if (auth::FormatIndex(*again) != written) Broken("a list is another one after it was written", text, written);
}

void TryAuthFile(absl::string_view text) {
  const auto file = client::AuthFile::Parse(text);
  if (!file.ok()) return;
  for (const char* host : {"a", "default", ""}) (void)file->Find("reeve", host, "password");
}

void TryClientConfig(absl::string_view text) {
  const auto config = client::ClientConfig::Parse(text, "client.toml");
  if (!config.ok()) return;
  for (const auto& [alias, uri] : config->aliases()) {
    if (!client::ParseUri(config->Resolve(alias)).ok())
      Broken("an alias stands for something that is no URI", text, alias);
  }
}

void TryUri(absl::string_view text) {
  const auto uri = client::ParseUri(text);
  if (!uri.ok()) return;
  if (uri->transport != client::Transport::kSsh) return;
  const std::vector<std::string> command = client::TunnelCommand(*uri, false);
  // As getopt(3) of ssh reads it: an option's argument may itself be "--", as a file of keys may be called.
  size_t at = 1;
  while (at < command.size() && command[at] != "--") at += command[at] == "-T" ? 1 : 2;
  if (at + 5 != command.size()) Broken("not HOST sh -c SCRIPT behind the options", text, absl::StrJoin(command, "\n"));
  if (absl::StartsWith(uri->host, "-") || absl::StartsWith(uri->user, "-")) Broken("an option of ssh", text);
}

}  // namespace

std::vector<AccessTarget> AccessTargets() {
  return {{"join-token", TryJoinToken},
          {"certificate-request", TryCertificateRequest},
          {"certificate", TryCertificate},
          {"issued-index", TryIndex},
          {"auth-conf", TryAuthFile},
          {"client-config", TryClientConfig},
          {"uri", TryUri}};
}

}  // namespace reeve::fuzz
