#include "cli/pki_show.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "auth/x509_files.h"
#include "auth/x509_issue.h"
#include "auth/x509_names.h"
#include "cli/json.h"
#include "cli/pki_check.h"
#include "cli/pki_places.h"
#include "cli/table.h"
#include "cli/text.h"
#include "util/files.h"

namespace reeve::cli {
namespace {

constexpr size_t kMaxIndex = 64 << 20;

std::string Days(absl::Time end, absl::Time now) {
  if (end < now) return "expired";
  return absl::StrCat(absl::ToInt64Hours(end - now) / 24, " days");
}

struct Shown {
  std::string file;
  std::string subject;
  std::string issuer;
  std::string serial;
  std::vector<std::string> names;
  absl::Time begin;
  absl::Time end;
  std::string fingerprint;
};

Shown Describe(const std::string& file, const X509* certificate) {
  return {.file = file,
          .subject = auth::SubjectText(certificate),
          .issuer = auth::IssuerText(certificate),
          .serial = auth::SerialText(X509_get0_serialNumber(certificate)),
          .names = auth::AlternativeNames(certificate),
          .begin = auth::ToTime(X509_get0_notBefore(certificate)),
          .end = auth::ToTime(X509_get0_notAfter(certificate)),
          .fingerprint = absl::BytesToHexString(auth::Fingerprint(certificate))};
}

std::string TimeJson(absl::Time time) {
  return JsonText(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone()));
}

std::string ToJsonText(const Shown& one) {
  std::vector<std::string> names;
  for (const std::string& name : one.names) names.push_back(JsonText(name));
  return absl::StrCat("{\"file\":", JsonText(one.file), ",\"subject\":", JsonText(one.subject),
                      ",\"issuer\":", JsonText(one.issuer), ",\"serial\":", JsonText(one.serial), ",\"names\":[",
                      absl::StrJoin(names, ","), "],\"begin\":", TimeJson(one.begin), ",\"end\":", TimeJson(one.end),
                      ",\"sha256\":", JsonText(one.fingerprint), "}");
}

void Print(Context& context, const Shown& one) {
  KeyValues values(16);
  values.Add("File", one.file);
  values.Add("Subject", one.subject);
  if (!one.names.empty()) values.Add("Names", absl::StrJoin(one.names, ", "));
  values.Add("Issuer", one.issuer == one.subject ? "itself" : one.issuer);
  values.Add("Serial number", one.serial);
  const absl::Time now = absl::Now();
  values.Add("Valid from", auth::TimeText(one.begin));
  values.Add("Valid until", absl::StrCat(auth::TimeText(one.end), " (", Days(one.end, now), ")"),
             one.end < now ? Style::kBad : Style::kPlain);
  values.Add("SHA-256", one.fingerprint);
  context.output().Print(absl::StrCat(values.Format(context.output().color()), "\n"));
}

// The certificates of a file; 0 when the file cannot be read, which is told.
absl::Status Collect(const std::string& file, std::vector<Shown>* shown) {
  const auto certificates = auth::ParseCertificates(auth::ReadPem(file));
  if (!certificates.ok()) return certificates.status();
  for (const auto& one : *certificates) shown->push_back(Describe(file, one.get()));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<auth::IssuedCertificate>> ReadIssued(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) return std::vector<auth::IssuedCertificate>();
  const absl::StatusOr<std::string> text = util::ReadFile(path, kMaxIndex);
  if (!text.ok()) return text.status();
  return auth::ParseIndex(*text);
}

}  // namespace

std::string RootOf(const Arguments& arguments) {
  std::string root = arguments.Get("root");
  while (!root.empty() && root.back() == '/') root.pop_back();
  return root;
}

int ShowPki(Context& context, const Arguments& arguments) {
  const PkiPlaces places = PlacesInUse(RootOf(arguments));
  std::vector<std::string> files = arguments.All("file");
  const bool all = files.empty();
  if (all) {
    for (const std::string& file : {places.authorities, places.server.certificate, places.client.certificate}) {
      if (::access(file.c_str(), F_OK) == 0) files.push_back(file);
    }
  }
  std::vector<Shown> shown;
  for (const std::string& file : files) {
    if (absl::Status status = Collect(file, &shown); !status.ok()) {
      return context.Fail("Failed to show certificates", status);
    }
  }
  std::vector<auth::IssuedCertificate> issued;
  if (all) {
    auto read = ReadIssued(places.authority.index);
    if (!read.ok()) return context.Fail(absl::StrCat("Failed to read ", places.authority.index), read.status());
    issued = *std::move(read);
  }
  if (context.json()) {
    std::vector<std::string> texts;
    for (const Shown& one : shown) texts.push_back(ToJsonText(one));
    std::vector<std::string> lines;
    for (const auto& one : issued) {
      lines.push_back(absl::StrCat("{\"serial\":", JsonText(one.serial), ",\"subject\":", JsonText(one.subject),
                                   ",\"end\":", TimeJson(one.end),
                                   one.is_revoked() ? absl::StrCat(",\"revoked\":", TimeJson(one.revoked)) : "", "}"));
    }
    context.output().Print(absl::StrCat("{\"certificates\":[", absl::StrJoin(texts, ","), "],\"issued\":[",
                                        absl::StrJoin(lines, ","), "]}\n"));
    return kExitOk;
  }
  if (shown.empty() && issued.empty()) {
    return context.Fail(
        "Failed to show certificates",
        absl::NotFoundError(absl::StrCat("there is none, neither ", places.authorities, " nor ",
                                         places.server.certificate, " nor ", places.client.certificate)));
  }
  for (const Shown& one : shown) Print(context, one);
  if (issued.empty()) return kExitOk;
  Table table({"Serial number", "Subject", "Valid until", "State"});
  const absl::Time now = absl::Now();
  for (const auto& one : issued) {
    table.AddRow({one.serial, one.subject, auth::TimeText(one.end),
                  one.is_revoked() ? Table::Cell(absl::StrCat("revoked ", auth::TimeText(one.revoked)), Style::kBad)
                  : one.end < now  ? Table::Cell("expired", Style::kFaint)
                                   : Table::Cell("valid", Style::kGood)});
  }
  context.output().Print(absl::StrCat(table.Format(context.output().color(), !context.options().quiet), "\n"));
  return kExitOk;
}

int CheckPkiCommand(Context& context, const Arguments& arguments) {
  const std::string root = RootOf(arguments);
  const PkiPlaces places = arguments.Has("directory") ? PlacesIn(arguments.Get("directory"), root) : PlacesInUse(root);
  const std::string what = arguments.Get("what");
  const auto there = [](const std::string& path) { return ::access(path.c_str(), F_OK) == 0; };
  // Without being told, what this host is can be seen by its files.
  PkiScope scope{.authority = what.empty() || what == "ca",
                 .server = what == "server" || (what.empty() && there(places.server.certificate)),
                 .client = what == "client" || (what.empty() && there(places.client.certificate))};
  if (what.empty() && !scope.server && !scope.client) scope.server = !there(places.authority.key);
  if (!what.empty() && what != "ca" && what != "server" && what != "client") {
    context.output().PrintError(absl::StrCat("'", what, "' is neither ca nor server nor client"));
    return kExitUsage;
  }
  const std::vector<PkiFinding> findings = CheckPki(places, scope, ReadHostFacts(absl::Now(), root));
  bool sound = true;
  for (const PkiFinding& one : findings) sound = sound && !one.error;
  if (context.json()) {
    std::vector<std::string> texts;
    for (const PkiFinding& one : findings) {
      texts.push_back(absl::StrCat("{\"severity\":\"", one.error ? "error" : "warning",
                                   "\",\"file\":", JsonText(one.file), ",\"problem\":", JsonText(one.what),
                                   ",\"repair\":", JsonText(one.repair), "}"));
    }
    context.output().Print(
        absl::StrCat("{\"sound\":", sound ? "true" : "false", ",\"findings\":[", absl::StrJoin(texts, ","), "]}\n"));
    return sound ? kExitOk : kExitFailed;
  }
  const bool color = context.output().color();
  for (const PkiFinding& one : findings) {
    context.output().Print(
        absl::StrCat(Styled(one.error ? "error" : "warning", one.error ? Style::kBad : Style::kWarning, color), ": ",
                     Escape(one.file), ": ", Escape(one.what), "\n"));
    if (!one.repair.empty()) context.output().Print(absl::StrCat("  repair: ", Escape(one.repair), "\n"));
  }
  if (findings.empty() && !context.options().quiet) {
    std::vector<std::string> parts;
    if (scope.authority && there(places.authority.key)) parts.emplace_back("authority");
    if (scope.server) parts.emplace_back("server");
    if (scope.client) parts.emplace_back("client");
    if (parts.empty()) parts.emplace_back("certificate of the authority");
    context.output().Print(absl::StrCat(absl::StrJoin(parts, ", "), ": sound\n"));
  }
  return sound ? kExitOk : kExitFailed;
}

}  // namespace reeve::cli
