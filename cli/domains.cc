#include "cli/domains.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/text.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

bool IsNumber(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

}  // namespace

std::string StateWords(v1::DomainState state) {
  switch (state) {
    case v1::DOMAIN_STATE_RUNNING:
      return "running";
    case v1::DOMAIN_STATE_BLOCKED:
      return "idle";
    case v1::DOMAIN_STATE_PAUSED:
      return "paused";
    case v1::DOMAIN_STATE_SHUTDOWN:
      return "in shutdown";
    case v1::DOMAIN_STATE_SHUTOFF:
      return "shut off";
    case v1::DOMAIN_STATE_CRASHED:
      return "crashed";
    case v1::DOMAIN_STATE_PMSUSPENDED:
      return "pmsuspended";
    default:
      return "no state";
  }
}

std::string LabelsText(const v1::Domain& domain) {
  const std::map<std::string, std::string> ordered(domain.labels().begin(), domain.labels().end());
  return absl::StrJoin(ordered, ",", absl::PairFormatter("="));
}

std::string ReasonWords(v1::DomainStateReason reason) {
  if (reason == v1::DOMAIN_STATE_REASON_UNSPECIFIED) return "unknown";
  const std::string& name = v1::DomainStateReason_Name(reason);
  return name.empty() ? "unknown" : Words(name, "DOMAIN_STATE_REASON_");
}

Style StateStyle(v1::DomainState state) {
  switch (state) {
    case v1::DOMAIN_STATE_RUNNING:
    case v1::DOMAIN_STATE_BLOCKED:
      return Style::kGood;
    case v1::DOMAIN_STATE_PAUSED:
    case v1::DOMAIN_STATE_SHUTDOWN:
    case v1::DOMAIN_STATE_PMSUSPENDED:
      return Style::kWarning;
    case v1::DOMAIN_STATE_CRASHED:
      return Style::kBad;
    default:
      return Style::kFaint;
  }
}

bool IsActive(v1::DomainState state) {
  return state != v1::DOMAIN_STATE_SHUTOFF && state != v1::DOMAIN_STATE_UNSPECIFIED;
}

std::string LastPart(absl::string_view resource_name) {
  return std::string(resource_name.substr(resource_name.rfind('/') + 1));
}

absl::StatusOr<v1::Domain> GetDomain(Context& context, const std::string& argument, v1::DomainView view) {
  auto connection = context.Connect();
  if (!connection.ok()) return connection.status();
  if (argument.empty()) return Error(v1::REASON_NAME_INVALID, "the domain's name is empty");
  v1::GetDomainRequest request;
  request.set_view(view);
  const std::string prefix = absl::StrCat((*connection)->Hypervisor(), "/domains/");
  if (IsNumber(argument)) {
    request.set_name(absl::StrCat(prefix, "id:", argument));
    auto domain = context.Call(methods::kGetDomain, request);
    if (domain.ok() || domain.status().code() != absl::StatusCode::kNotFound) return domain;
  }
  request.set_name(absl::StartsWith(argument, "hypervisors/") ? argument : prefix + argument);
  return context.Call(methods::kGetDomain, std::move(request));
}

absl::StatusOr<std::string> ResolveDomain(Context& context, const std::string& argument) {
  if (IsNumber(argument)) {
    auto domain = GetDomain(context, argument, v1::DOMAIN_VIEW_BASIC);
    if (!domain.ok()) return domain.status();
    return domain->name();
  }
  auto connection = context.Connect();
  if (!connection.ok()) return connection.status();
  if (argument.empty()) return Error(v1::REASON_NAME_INVALID, "the domain's name is empty");
  if (absl::StartsWith(argument, "hypervisors/")) return argument;
  return absl::StrCat((*connection)->Hypervisor(), "/domains/", argument);
}

int FailDomain(Context& context, absl::string_view what, const std::string& argument, const absl::Status& status) {
  if (ReasonOf(status) == v1::REASON_DOMAIN_NOT_FOUND || ReasonOf(status) == v1::REASON_NAME_INVALID) {
    return context.Fail(absl::StrCat("failed to get domain '", argument, "'"), status);
  }
  return context.Fail(what, status);
}

}  // namespace reeve::cli
