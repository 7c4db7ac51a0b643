#include "cli/pki_commands.h"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "auth/certificate_authority.h"
#include "auth/x509_files.h"
#include "auth/x509_issue.h"
#include "auth/x509_names.h"
#include "cli/arguments.h"
#include "cli/context.h"
#include "cli/pki_check.h"
#include "cli/pki_places.h"
#include "cli/pki_show.h"
#include "util/exists.h"

namespace reeve::cli {
namespace {

constexpr int kMaxDays = 36500;
constexpr int kAuthorityDays = 3650;
// A little more than a year, so that "once a year" is in time.
constexpr int kEndDays = 397;
// For clocks that are slow.
constexpr absl::Duration kBefore = absl::Hours(1);

absl::StatusOr<absl::Duration> DaysOf(const Arguments& arguments, const char* option, int fallback) {
  if (!arguments.Has(option)) return absl::Hours(24) * fallback;
  int days = 0;
  if (!absl::SimpleAtoi(arguments.Get(option), &days) || days < 1 || days > kMaxDays) {
    return absl::InvalidArgumentError(absl::StrCat("--", option, " takes a number of days from 1 to ", kMaxDays,
                                                   ", not '", arguments.Get(option), "'"));
  }
  return absl::Hours(24) * days;
}

// Where the command reads and writes: new files go where files of that kind are already.
PkiPlaces PlacesFor(const Arguments& arguments) {
  const std::string root = RootOf(arguments);
  std::string directory = arguments.Get("directory");
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  return directory.empty() ? PlacesInUse(root) : PlacesIn(directory, root);
}

int Init(Context& context, const Arguments& arguments) {
  const PkiPlaces places = LibvirtPlaces(RootOf(arguments));
  const std::string failure = "Failed to make an authority";
  const absl::StatusOr<absl::Duration> days = DaysOf(arguments, "days", kAuthorityDays);
  if (!days.ok()) return context.Fail(failure, days.status());
  const absl::Time now = absl::Now();
  const HostFacts facts = ReadHostFacts(now, "");
  auth::CertificatePlan plan{
      .use = auth::CertificateUse::kAuthority,
      .common_name = arguments.Get("name", absl::StrCat("Reeve CA of ", facts.name).substr(0, 64)),
      .organization = arguments.Get("organization"),
      .begin = now - kBefore,
      .end = now + *days};
  absl::Status status = auth::CertificateAuthority::Create(places.authority, plan, arguments.Has("force"));
  if (absl::IsAlreadyExists(status)) {
    status = absl::AlreadyExistsError(absl::StrCat(
        status.message(), "; --force makes a new authority, by which no certificate of the old one is good any more"));
  }
  if (!status.ok()) return context.Fail(failure, status);
  return context.Done(absl::StrCat("Authority '", plan.common_name, "' made: ", places.authority.certificate,
                                   "; its key is ", places.authority.key));
}

// Names as they stand in the certificate, and the plan's common name.
absl::Status PlanNames(const Arguments& arguments, bool server, auth::CertificatePlan* plan) {
  const std::vector<std::string> names = arguments.All("name");
  plan->common_name = names.front();
  if (!server) {
    if (names.size() == 1) return absl::OkStatus();
    return absl::InvalidArgumentError("a client has one name");
  }
  for (const std::string& name : names) {
    absl::StatusOr<std::string> alternative = auth::AlternativeName(name);
    if (!alternative.ok()) return alternative.status();
    if (std::find(plan->names.begin(), plan->names.end(), *alternative) == plan->names.end()) {
      plan->names.push_back(*std::move(alternative));
    }
  }
  const std::string& first = plan->names.front();
  plan->common_name = first.substr(first.find(':') + 1);
  return absl::OkStatus();
}

absl::Status WritePair(const PairPlace& place, X509* certificate, EVP_PKEY* key) {
  const absl::StatusOr<std::string> pem = auth::CertificatePem(certificate);
  if (!pem.ok()) return pem.status();
  if (key != nullptr) {
    const absl::StatusOr<std::string> key_pem = auth::KeyPem(key);
    if (!key_pem.ok()) return key_pem.status();
    // A reader who sees the new key beside the old certificate refuses both and keeps what he has (daemon/connections).
    if (absl::Status status = auth::WriteKeyFile(place.key, *key_pem); !status.ok()) return status;
  }
  return auth::WriteCertificateFile(place.certificate, *pem);
}

absl::Status WriteAuthority(const PkiPlaces& places, X509* authority) {
  if (places.authorities == places.authority.certificate || util::Exists(places.authorities)) return absl::OkStatus();
  const absl::StatusOr<std::string> pem = auth::CertificatePem(authority);
  if (!pem.ok()) return pem.status();
  return auth::WriteCertificateFile(places.authorities, *pem);
}

int Issue(Context& context, const Arguments& arguments) {
  const std::string kind = arguments.Get("kind");
  const bool server = kind == "server";
  if (!server && kind != "client") {
    context.output().PrintError(absl::StrCat("'", kind, "' is neither server nor client"));
    return kExitUsage;
  }
  const std::string failure = absl::StrCat("Failed to issue a certificate for a ", kind);
  const PkiPlaces places = PlacesFor(arguments);
  const PairPlace& place = server ? places.server : places.client;
  const absl::StatusOr<absl::Duration> days = DaysOf(arguments, "days", kEndDays);
  if (!days.ok()) return context.Fail(failure, days.status());
  const absl::Time now = absl::Now();
  auth::CertificatePlan plan{.use = server ? auth::CertificateUse::kServer : auth::CertificateUse::kClient,
                             .organization = arguments.Get("organization"),
                             .begin = now - kBefore,
                             .end = now + *days};
  if (absl::Status status = PlanNames(arguments, server, &plan); !status.ok()) return context.Fail(failure, status);
  for (const std::string& path : {place.certificate, place.key}) {
    if (arguments.Has("force") || !util::Exists(path)) continue;
    return context.Fail(failure, absl::AlreadyExistsError(absl::StrCat(
                                     "there is ", path, " already; 'reeve pki renew ", kind,
                                     "' keeps its name, --force replaces it, --directory writes elsewhere")));
  }
  auto authority = auth::CertificateAuthority::Open(places.authority);
  if (!authority.ok()) {
    return context.Fail(failure, absl::IsNotFound(authority.status())
                                     ? absl::NotFoundError(absl::StrCat(authority.status().message(),
                                                                        "; 'reeve pki init' makes an authority"))
                                     : authority.status());
  }
  const absl::StatusOr<util::UniqueKey> key = auth::GenerateKey();
  if (!key.ok()) return context.Fail(failure, key.status());
  const auto certificate = authority->Issue(plan, key->get());
  absl::Status status = certificate.status();
  if (status.ok()) status = WritePair(place, certificate->get(), key->get());
  if (status.ok()) status = WriteAuthority(places, authority->certificate());
  if (!status.ok()) return context.Fail(failure, status);
  return context.Done(absl::StrCat("Certificate for ", kind, " '", plan.common_name, "' issued: ", place.certificate,
                                   "; its key is ", place.key));
}

int RenewAuthority(Context& context, const Arguments& arguments, const PkiPlaces& places, absl::Duration within) {
  const std::string failure = "Failed to renew the authority";
  const absl::StatusOr<absl::Duration> days = DaysOf(arguments, "days", kAuthorityDays);
  if (!days.ok()) return context.Fail(failure, days.status());
  auto authority = auth::CertificateAuthority::Open(places.authority);
  if (!authority.ok()) return context.Fail(failure, authority.status());
  const absl::Time now = absl::Now();
  const absl::Time end = auth::ToTime(X509_get0_notAfter(authority->certificate()));
  if (end - now > within) return context.Done(absl::StrCat("Not renewed: it is valid until ", auth::TimeText(end)));
  absl::Status status = authority->RenewItself(now - kBefore, now + *days);
  if (!status.ok()) return context.Fail(failure, status);
  return context.Done(
      absl::StrCat("Authority renewed: ", places.authority.certificate,
                   "; give it to the other hosts before the old one ends. What it has issued stays good."));
}

int Renew(Context& context, const Arguments& arguments) {
  const std::string kind = arguments.Get("kind");
  const PkiPlaces places = PlacesFor(arguments);
  const std::string failure = absl::StrCat("Failed to renew the certificate of the ", kind);
  const absl::StatusOr<absl::Duration> within = DaysOf(arguments, "within", kMaxDays * 10);
  if (!within.ok()) return context.Fail(failure, within.status());
  if (kind == "ca") return RenewAuthority(context, arguments, places, *within);
  if (kind != "server" && kind != "client") {
    context.output().PrintError(absl::StrCat("'", kind, "' is neither server nor client nor ca"));
    return kExitUsage;
  }
  const PairPlace& place = kind == "server" ? places.server : places.client;
  const absl::StatusOr<absl::Duration> days = DaysOf(arguments, "days", kEndDays);
  if (!days.ok()) return context.Fail(failure, days.status());
  auto old = auth::ParseCredentials(auth::ReadPem(place.certificate), auth::ReadPem(place.key));
  if (!old.ok()) return context.Fail(failure, old.status());
  const absl::Time now = absl::Now();
  X509* certificate = old->chain.front().get();
  const absl::Time end = auth::ToTime(X509_get0_notAfter(certificate));
  if (end - now > *within) return context.Done(absl::StrCat("Not renewed: it is valid until ", auth::TimeText(end)));
  auto authority = auth::CertificateAuthority::Open(places.authority);
  if (!authority.ok()) return context.Fail(failure, authority.status());
  if (X509_NAME_cmp(X509_get_issuer_name(certificate), X509_get_subject_name(authority->certificate())) != 0) {
    return context.Fail(
        failure, absl::FailedPreconditionError(
                     absl::StrCat(place.certificate, " was issued by ", auth::IssuerText(certificate),
                                  ", and not by the authority here, ", auth::SubjectText(authority->certificate()))));
  }
  util::UniqueKey key;
  if (arguments.Has("new-key")) {
    absl::StatusOr<util::UniqueKey> made = auth::GenerateKey();
    if (!made.ok()) return context.Fail(failure, made.status());
    key = *std::move(made);
  }
  const auto renewed =
      authority->Renew(certificate, now - kBefore, now + *days, key == nullptr ? old->key.get() : key.get());
  absl::Status status = renewed.status();
  if (status.ok()) status = WritePair(place, renewed->get(), key.get());
  if (!status.ok()) return context.Fail(failure, status);
  return context.Done(absl::StrCat("Certificate of ", auth::SubjectText(certificate), " renewed: ", place.certificate,
                                   ", valid until ", auth::TimeText(auth::ToTime(X509_get0_notAfter(renewed->get())))));
}

bool IsSerial(const std::string& text) {
  return text.size() >= 2 && text.size() % 2 == 0 &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isxdigit(c); });
}

// The serial numbers that the arguments mean; NOT_FOUND for a name that has no certificate that is still good.
absl::StatusOr<std::vector<std::string>> SerialsOf(const Arguments& arguments,
                                                   const auth::CertificateAuthority& authority) {
  std::vector<std::string> serials;
  for (const std::string& name : arguments.All("name")) {
    const size_t before = serials.size();
    for (const auth::IssuedCertificate& one : authority.issued()) {
      if (!one.is_revoked() && (one.common_name() == name || one.serial == absl::AsciiStrToUpper(name))) {
        serials.push_back(one.serial);
      }
    }
    if (serials.size() > before) continue;
    // What was issued before there was a list.
    if (!IsSerial(name) || !arguments.Has("unlisted")) {
      return absl::NotFoundError(
          absl::StrCat("no certificate that is not revoked has the name or serial number '", name,
                       "'; 'reeve pki show' lists all, --file and --unlisted take what is not in the list"));
    }
    serials.push_back(absl::AsciiStrToUpper(name));
  }
  for (const std::string& file : arguments.All("file")) {
    const auto certificates = auth::ParseCertificates(auth::ReadPem(file));
    if (!certificates.ok()) return certificates.status();
    X509* certificate = certificates->front().get();
    if (X509_verify(certificate, X509_get0_pubkey(authority.certificate())) != 1) {
      ERR_clear_error();
      return absl::InvalidArgumentError(absl::StrCat(file, ": it was not issued by the authority here"));
    }
    serials.push_back(auth::SerialText(X509_get0_serialNumber(certificate)));
  }
  return serials;
}

int WriteList(Context& context, const std::string& failure, const Arguments& arguments,
              auth::CertificateAuthority& authority, const PkiPlaces& places, const std::string& done) {
  const absl::StatusOr<absl::Duration> days = DaysOf(arguments, "days", kMaxDays);
  if (!days.ok()) return context.Fail(failure, days.status());
  const absl::Time now = absl::Now();
  if (absl::Status status = authority.WriteRevocations(now, now + *days); !status.ok()) {
    return context.Fail(failure, status);
  }
  return context.Done(absl::StrCat(done, places.authority.revocations,
                                   "; a daemon on this host sees it at once, other hosts need a copy"));
}

int Revoke(Context& context, const Arguments& arguments) {
  const PkiPlaces places = PlacesInUse(RootOf(arguments));
  const std::string failure = "Failed to revoke";
  auto authority = auth::CertificateAuthority::Open(places.authority);
  if (!authority.ok()) return context.Fail(failure, authority.status());
  const absl::StatusOr<std::vector<std::string>> serials = SerialsOf(arguments, *authority);
  if (!serials.ok()) return context.Fail(failure, serials.status());
  if (serials->empty()) {
    context.output().PrintError("which certificate? give a name, a serial number or --file");
    return kExitUsage;
  }
  if (absl::Status status = authority->Revoke(*serials, absl::Now()); !status.ok()) {
    return context.Fail(failure, status);
  }
  return WriteList(context, failure, arguments, *authority, places,
                   absl::StrCat("Revoked ", absl::StrJoin(*serials, ", "), ", list written: "));
}

int List(Context& context, const Arguments& arguments) {
  const PkiPlaces places = PlacesInUse(RootOf(arguments));
  const std::string failure = "Failed to write the revocation list";
  auto authority = auth::CertificateAuthority::Open(places.authority);
  if (!authority.ok()) return context.Fail(failure, authority.status());
  return WriteList(context, failure, arguments, *authority, places, "Revocation list written: ");
}

std::vector<Option> With(std::vector<Option> options, bool directory) {
  if (directory) {
    options.push_back(Value("directory", "DIR",
                            "files in this one directory, as the URI parameter pkipath has it, and not in /etc/pki"));
  }
  options.push_back(Value("root", "DIR", "root directory, as of reeved --root"));
  return options;
}

Option Kind(const char* help, std::vector<const char*> words) {
  Option kind = Argument("kind", "KIND", help, Completion::kWords);
  kind.words = std::move(words);
  return kind;
}

constexpr char kIssueText[] =
    "The key is made here, on the curve P-256, and has no passphrase; whoever can read it is that host or user. A "
    "server's\n"
    "names are those that its clients write in URIs: host names, with *. in front for all below, and addresses. A "
    "client has\n"
    "one name, which roles and lists see as its subject CN=NAME.";

}  // namespace

CommandGroup PkiCommands() {
  Option names = Argument("name", "NAME", "a host's names and addresses, or the client's name", Completion::kNone);
  names.repeated = true;
  Option revoked = Argument("name", "NAME", "common names, or serial numbers", Completion::kNone);
  revoked.required = false;
  revoked.repeated = true;
  Option file = Value("file", "FILE", "the certificate in this file");
  file.repeated = true;
  Option shown = Argument("file", "FILE", "certificates to show; default: all that this host has", Completion::kFile);
  shown.required = false;
  shown.repeated = true;
  Option what = Argument("what", "WHAT", "ca, server or client; default: what there is", Completion::kWords);
  what.words = {"ca", "server", "client"};
  what.required = false;
  return {
      "Certificates",
      {
          {.name = "pki init",
           .summary = "make an authority that signs certificates",
           .description = "Its certificate goes to /etc/pki/CA/cacert.pem, its key to /etc/pki/CA/private/cakey.pem.",
           .examples = "reeve pki init --organization Example",
           .options = With({Value("name", "NAME", "its common name; default: Reeve CA of this host"),
                            Value("organization", "NAME", "its organization"),
                            Value("days", "DAYS", "how long it is valid; default: 3650"),
                            Flag("force", "replace an authority that is there")},
                           false),
           .run = Init},
          {.name = "pki issue",
           .summary = "issue a certificate with its key",
           .description = kIssueText,
           .examples = "reeve pki issue server node1.example.org 192.0.2.1\n"
                       "reeve pki issue client alice --directory ./alice",
           .options = With({Kind("server or client", {"server", "client"}), names,
                            Value("organization", "NAME", "the organization in its subject"),
                            Value("days", "DAYS", "how long it is valid; default: 397"),
                            Flag("force", "replace files that are there")},
                           true),
           .run = Issue},
          {.name = "pki renew",
           .summary = "issue a certificate once more, before it ends",
           .description =
               "Names stay, and the key, too. A running daemon takes the new one for new connections at once;\n"
               "those that are open go on. The authority's own stays compatible with all that it has issued.",
           .examples = "reeve pki renew server --within 30",
           .options = With({Kind("server, client or ca", {"server", "client", "ca"}),
                            Value("days", "DAYS", "how long it is valid; default: 397, for ca 3650"),
                            Value("within", "DAYS", "only if it ends within so many days"),
                            Flag("new-key", "make a new key, too; not for ca")},
                           true),
           .run = Renew},
          {.name = "pki revoke",
           .summary = "make certificates worthless, and write the revocation list",
           .description =
               "A daemon on this host throws out who is connected with one of them. Once there is a revocation list\n"
               "a daemon insists on it; it lasts as long as the authority, if --days does not say otherwise.",
           .examples = "reeve pki revoke alice",
           .options =
               With({revoked, file, Flag("unlisted", "take serial numbers that are not in the list of what was issued"),
                     Value("days", "DAYS", "how long the list is good; default: as long as the authority")},
                    false),
           .run = Revoke},
          {.name = "pki crl",
           .summary = "write the revocation list anew",
           .options = With({Value("days", "DAYS", "how long it is good; default: as long as the authority")}, false),
           .run = List},
          {.name = "pki show",
           .summary = "show certificates and what was issued",
           .examples = "reeve pki show\nreeve pki show --output json",
           .options = With({shown}, false),
           .run = ShowPki},
          {.name = "pki check",
           .summary = "tell what is wrong with the certificates of this host, and how to mend it",
           .description = "Exit code 0 when the daemon or client can work with them, 1 when not.",
           .examples = "reeve pki check\nreeve pki check server",
           .options = With({what}, true),
           .run = CheckPkiCommand},
      }};
}

}  // namespace reeve::cli
