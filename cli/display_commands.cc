#include "cli/display_commands.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/domain_changes.h"
#include "cli/domains.h"
#include "client/percent.h"
#include "client/uri.h"

namespace reeve::cli {
namespace {

constexpr uint32_t kFirstVncPort = 5900;

bool IsEveryAddress(absl::string_view address) {
  return address == "0.0.0.0" || address == "::";
}

// An IPv6 address in its brackets (RFC 3986 3.2.2).
std::string HostOf(const v1::DisplayStatus& display, absl::string_view host) {
  std::string name = IsEveryAddress(display.address()) ? std::string(host) : display.address();
  if (name.empty()) name = "localhost";
  return absl::StrContains(name, ':') ? absl::StrCat("[", name, "]") : name;
}

// The running domain, with its passwords where the user asks for them.
absl::StatusOr<v1::Domain> Look(Context& context, const Arguments& arguments) {
  const bool with_secrets = arguments.Has("include-password");
  if (!with_secrets) return GetDomain(context, arguments.Get("domain"), v1::DOMAIN_VIEW_BASIC);
  absl::StatusOr<std::string> name = ResolveDomain(context, arguments.Get("domain"));
  if (!name.ok()) return name.status();
  v1::GetDomainRequest request;
  request.set_name(*name);
  return context.Call(methods::kGetDomainWithSecrets, std::move(request));
}

std::string PasswordOf(const v1::Domain& domain, int index) {
  const auto& graphics = domain.spec().devices().graphics();
  return index < graphics.size() ? graphics[index].password() : "";
}

absl::StatusOr<std::string> HostOfDaemon(Context& context) {
  absl::StatusOr<std::string> text = context.Uri();
  if (!text.ok()) return text.status();
  absl::StatusOr<client::Uri> uri = client::ParseUri(*text);
  return uri.ok() ? absl::StatusOr<std::string>(uri->host) : uri.status();
}

absl::Status CheckRuns(const v1::Domain& domain) {
  if (IsActive(domain.status().state())) return absl::OkStatus();
  return absl::FailedPreconditionError("Domain is not running");
}

int Domdisplay(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to get the displays of domain '", argument, "'");
  absl::StatusOr<v1::Domain> domain = Look(context, arguments);
  if (!domain.ok()) return FailDomain(context, failure, argument, domain.status());
  if (absl::Status status = CheckRuns(*domain); !status.ok()) return context.Fail(status);
  const std::string type = arguments.Get("type");
  absl::StatusOr<std::string> host = HostOfDaemon(context);
  if (!host.ok()) return context.Fail(host.status());
  v1::DomainStatus shown;
  std::vector<std::string> lines;
  for (int i = 0; i < domain->status().displays_size(); ++i) {
    const v1::DisplayStatus& display = domain->status().displays(i);
    if (!type.empty() && display.type() != type) continue;
    *shown.add_displays() = display;
    const std::string uri = DisplayUri(display, *host, PasswordOf(*domain, i));
    if (!uri.empty() && (lines.empty() || arguments.Has("all"))) lines.push_back(uri);
  }
  if (context.json()) return context.PrintJson(shown);
  if (lines.empty()) {
    return context.Fail(absl::NotFoundError(type.empty()
                                                ? "No graphical display found"
                                                : absl::StrCat("No graphical display with type '", type, "' found")));
  }
  context.output().Print(absl::StrCat(absl::StrJoin(lines, "\n"), "\n"));
  return kExitOk;
}

int Vncdisplay(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  absl::StatusOr<v1::Domain> domain = Look(context, arguments);
  if (!domain.ok()) {
    return FailDomain(context, absl::StrCat("Failed to get the displays of domain '", argument, "'"), argument,
                      domain.status());
  }
  if (absl::Status status = CheckRuns(*domain); !status.ok()) return context.Fail(status);
  for (const v1::DisplayStatus& display : domain->status().displays()) {
    if (display.type() != "vnc" || display.port() < kFirstVncPort) continue;
    v1::DomainStatus shown;
    *shown.add_displays() = display;
    if (context.json()) return context.PrintJson(shown);
    const std::string address = IsEveryAddress(display.address()) ? "" : HostOf(display, "");
    context.output().Print(absl::StrCat(address, ":", display.port() - kFirstVncPort, "\n"));
    return kExitOk;
  }
  return context.Fail(absl::NotFoundError("Failed to get VNC port. Is this domain using VNC?"));
}

}  // namespace

std::string DisplayUri(const v1::DisplayStatus& display, absl::string_view host, absl::string_view password) {
  if (display.port() == 0 && display.tls_port() == 0) return "";
  const bool vnc = display.type() == "vnc";
  // A viewer's display 0 has port 5900; lower ports cannot be told in that way.
  const uint32_t number = vnc && display.port() >= kFirstVncPort ? display.port() - kFirstVncPort : display.port();
  std::string uri = absl::StrCat(display.type(), "://");
  const std::string secret = client::PercentEncode(password);
  if (vnc && !secret.empty()) absl::StrAppend(&uri, ":", secret, "@");
  absl::StrAppend(&uri, HostOf(display, host));
  if (display.port() != 0) absl::StrAppend(&uri, ":", number);
  std::vector<std::string> parameters;
  if (display.tls_port() != 0) parameters.push_back(absl::StrCat("tls-port=", display.tls_port()));
  if (!vnc && !secret.empty()) parameters.push_back(absl::StrCat("password=", secret));
  if (!parameters.empty()) absl::StrAppend(&uri, "?", absl::StrJoin(parameters, "&"));
  return uri;
}

Command DomdisplayCommand() {
  return {.name = "domdisplay",
          .summary = "show where the display of a running domain is",
          .description = "As a URI for a viewer. Nobody needs to have chosen its port: it was chosen at start.",
          .examples = "reeve domdisplay web1\nreeve domdisplay web1 --all\nreeve domdisplay web1 --include-password",
          .options = {DomainArgument(Completion::kDomain), Flag("all", "all displays, not only the first"),
                      Value("type", "TYPE", "only displays of this type: vnc, spice"),
                      Flag("include-password", "with its password; needs a read-write connection")},
          .run = Domdisplay};
}

Command VncdisplayCommand() {
  return {.name = "vncdisplay",
          .summary = "show the address and number of the VNC display of a running domain",
          .examples = "reeve vncdisplay web1",
          .options = {DomainArgument(Completion::kDomain)},
          .run = Vncdisplay};
}

}  // namespace reeve::cli
