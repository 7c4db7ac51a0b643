#include "formats/domain_name.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "formats/text.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr size_t kMaxNameBytes = 128;
constexpr absl::string_view kHypervisors = "hypervisors/";
constexpr absl::string_view kDomains = "/domains/";

absl::Status Invalid(absl::string_view name, absl::string_view cause) {
  const std::string shown = Printable(name);
  return Error(v1::REASON_NAME_INVALID, absl::StrCat("domain name '", shown, "' ", cause), {{"name", shown}});
}

}  // namespace

absl::Status CheckDomainName(absl::string_view name) {
  if (name.empty()) return Invalid(name, "is empty");
  if (name.size() > kMaxNameBytes) {
    return Invalid(name, absl::StrCat("has ", name.size(), " bytes, at most ", kMaxNameBytes, " are allowed"));
  }
  if (name == "." || name == "..") return Invalid(name, "names a directory");
  if (absl::StrContains(name, '/')) return Invalid(name, "has a '/'");
  if (!IsValidUtf8(name)) return Invalid(name, "is not UTF-8");
  if (HasControlCharacter(name)) return Invalid(name, "has a control character");
  if (HasBlankAtEnds(name)) return Invalid(name, "begins or ends with a blank");
  return absl::OkStatus();
}

std::string DomainResourceName(absl::string_view hypervisor, absl::string_view name) {
  return absl::StrCat(kHypervisors, hypervisor, kDomains, name);
}

DomainNameParts SplitDomainResourceName(absl::string_view resource_name) {
  absl::string_view rest = resource_name;
  if (!absl::ConsumePrefix(&rest, kHypervisors)) return {};
  const size_t slash = rest.find('/');
  if (slash == absl::string_view::npos || slash == 0) return {};
  const absl::string_view hypervisor = rest.substr(0, slash);
  rest.remove_prefix(slash);
  if (!absl::ConsumePrefix(&rest, kDomains) || rest.empty() || absl::StrContains(rest, '/')) return {};
  return {hypervisor, rest};
}

}  // namespace reeve::formats
