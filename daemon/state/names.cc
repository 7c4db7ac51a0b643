#include "daemon/state/names.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "formats/domain_name.h"
#include "formats/uuid.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::state {
namespace {

constexpr char kHypervisors[] = "hypervisors/";

// What a client sent, fit to be shown in a message.
std::string Shown(absl::string_view text) {
  return util::EscapeControlCharacters(text.substr(0, 256));
}

// By name, uid or "id:N"; null when there is none.
EntryPointer Lookup(const Snapshot& snapshot, const formats::DomainNameParts& parts) {
  if (EntryPointer entry = snapshot.Find(parts.hypervisor, parts.name)) return entry;
  if (absl::StatusOr<std::string> uid = formats::ParseUuid(parts.name); uid.ok()) {
    EntryPointer entry = snapshot.FindUid(*uid);
    if (entry != nullptr && entry->key->hypervisor == parts.hypervisor) return entry;
  }
  int64_t id = 0;
  if (absl::string_view digits = parts.name; absl::ConsumePrefix(&digits, "id:") && absl::SimpleAtoi(digits, &id)) {
    if (EntryPointer entry = snapshot.FindId(parts.hypervisor, id)) return entry;
  }
  return nullptr;
}

}  // namespace

std::string HypervisorResourceName(absl::string_view hypervisor) {
  return absl::StrCat(kHypervisors, hypervisor);
}

absl::StatusOr<std::string> ParseHypervisorName(absl::string_view name, bool wildcard) {
  absl::string_view rest = name;
  const bool known_form = absl::ConsumePrefix(&rest, kHypervisors) && !rest.empty() && !absl::StrContains(rest, '/');
  if (known_form && (rest != "-" || wildcard)) return std::string(rest);
  return Error(v1::REASON_NAME_INVALID, absl::StrCat("'", Shown(name), "' is not of the form hypervisors/{hypervisor}"),
               {{"name", Shown(name)}});
}

absl::StatusOr<EntryPointer> FindDomain(const Snapshot& snapshot, absl::string_view name, const auth::Access& access) {
  const formats::DomainNameParts parts = formats::SplitDomainResourceName(name);
  if (parts.name.empty()) {
    return Error(v1::REASON_NAME_INVALID,
                 absl::StrCat("'", Shown(name), "' is not of the form hypervisors/{hypervisor}/domains/{domain}"),
                 {{"name", Shown(name)}});
  }
  const EntryPointer entry = Lookup(snapshot, parts);
  const std::string resource_name =
      entry != nullptr ? ResourceName(*entry->key) : formats::DomainResourceName(parts.hypervisor, parts.name);
  switch (access.Decide(resource_name)) {
    case auth::Access::Decision::kAllowed:
      if (entry != nullptr) return entry;
      break;
    case auth::Access::Decision::kDenied:
      return access.Denied(resource_name);
    case auth::Access::Decision::kHidden:
      break;
  }
  return Error(v1::REASON_DOMAIN_NOT_FOUND, absl::StrCat("there is no domain ", Shown(name)), {{"name", Shown(name)}});
}

absl::Status Need(const auth::Access& access, absl::string_view permission, const std::string& name) {
  if (access.Has(permission, name)) return absl::OkStatus();
  return Error(v1::REASON_PERMISSION_DENIED, absl::StrCat("this also needs the permission ", permission, " for ", name),
               {{"permission", permission}, {"object", name}});
}

}  // namespace reeve::state
