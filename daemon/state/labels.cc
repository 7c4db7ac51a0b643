#include "daemon/state/labels.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "formats/domain_name.h"
#include "proto/invalid_request.h"
#include "util/log.h"

namespace reeve::state {
namespace {

constexpr size_t kMaxKeyBytes = 63;
constexpr size_t kMaxValueBytes = 255;

bool IsKey(absl::string_view key) {
  const auto allowed = [](char c) { return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '/' || c == '-'; };
  return !key.empty() && key.size() <= kMaxKeyBytes && absl::ascii_isalnum(key.front()) &&
         absl::ascii_isalnum(key.back()) && std::all_of(key.begin(), key.end(), allowed);
}

bool IsValue(absl::string_view value) {
  return value.size() <= kMaxValueBytes &&
         std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

absl::Status CheckKey(absl::string_view field, absl::string_view key) {
  if (IsKey(key)) return absl::OkStatus();
  return Invalid(field,
                 absl::StrCat("has the key \"", util::EscapeControlCharacters(key.substr(0, kMaxKeyBytes)),
                              "\": 1 to 63 letters, digits, '.', '_', '/' and '-' are allowed, the first and the "
                              "last a letter or digit"));
}

bool Has(const auth::Labels& labels, absl::string_view wanted) {
  const bool any_value = !absl::StrContains(wanted, '=');
  return std::any_of(labels.begin(), labels.end(), [&](absl::string_view label) {
    return any_value ? label.substr(0, label.find('=')) == wanted : label == wanted;
  });
}

}  // namespace

absl::Status ChangeLabels(const v1::SetDomainLabelsRequest& request, v1::Domain* domain) {
  google::protobuf::Map<std::string, std::string> labels;
  if (!request.replace()) labels = domain->labels();
  for (const std::string& key : request.remove()) {
    if (absl::Status status = CheckKey("remove", key); !status.ok()) return status;
    labels.erase(key);
  }
  for (const auto& [key, value] : request.labels()) {
    if (absl::Status status = CheckKey("labels", key); !status.ok()) return status;
    if (!IsValue(value)) {
      return Invalid("labels", absl::StrCat("has a value for ", key, " with control characters, or of more than ",
                                            kMaxValueBytes, " bytes"));
    }
    labels[key] = value;
  }
  if (labels.size() > kMaxLabels) {
    return Invalid("labels", absl::StrCat("would be ", labels.size(), ", at most ", kMaxLabels, " are allowed"));
  }
  domain->mutable_labels()->swap(labels);
  return absl::OkStatus();
}

bool HasLabels(const auth::Labels* labels, const google::protobuf::RepeatedPtrField<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const std::string& one) { return labels != nullptr && Has(*labels, one); });
}

std::shared_ptr<const auth::Labels> RegistryLabels::LabelsOf(absl::string_view object) const {
  const formats::DomainNameParts parts = formats::SplitDomainResourceName(object);
  if (parts.name.empty()) return nullptr;
  const EntryPointer entry = registry_->snapshot()->Find(parts.hypervisor, parts.name);
  return entry == nullptr ? nullptr : entry->labels;
}

}  // namespace reeve::state
