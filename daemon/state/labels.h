// Labels of domains: which are allowed, how they are changed, and who has them.
#pragma once

#include <google/protobuf/repeated_field.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "auth/labels.h"
#include "daemon/state/registry.h"
#include "reeve/v1/domain_service.pb.h"

namespace reeve::state {

// Of one domain.
inline constexpr int kMaxLabels = 64;

// Does to the domain's labels what the request asks for. REQUEST_INVALID, with the field; then nothing is changed.
absl::Status ChangeLabels(const v1::SetDomainLabelsRequest& request, v1::Domain* domain);

// Whether there is each of the wanted ones, "key=value" or "key". `labels` null: none.
bool HasLabels(const auth::Labels* labels, const google::protobuf::RepeatedPtrField<std::string>& wanted);

// Labels of domains as they are now. Thread-safe.
class RegistryLabels final : public auth::LabelSource {
 public:
  // `registry` outlives this.
  explicit RegistryLabels(const Registry* registry) : registry_(registry) {}
  std::shared_ptr<const auth::Labels> LabelsOf(absl::string_view object) const override;

 private:
  const Registry* const registry_;
};

}  // namespace reeve::state
