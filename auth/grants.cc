#include "auth/grants.h"

#include <algorithm>

#include "absl/strings/strip.h"
#include "auth/known_permissions.h"
#include "util/glob.h"

namespace reeve::auth {
namespace {

// "hypervisors/lxc/domains/web1" -> "lxc" and true; of other names: false.
bool HypervisorOf(absl::string_view object, absl::string_view* hypervisor, bool* itself) {
  if (!absl::ConsumePrefix(&object, "hypervisors/")) return false;
  const size_t slash = object.find('/');
  *hypervisor = object.substr(0, slash);
  *itself = slash == absl::string_view::npos;
  return true;
}

bool HypervisorMatches(const Restriction& restriction, absl::string_view hypervisor) {
  return restriction.hypervisor.empty() || util::GlobMatches(restriction.hypervisor, hypervisor);
}

// The labels of an object, looked up when they are first asked for: most roles are not bound to any.
class LabelLookup {
 public:
  LabelLookup(const LabelSource* source, absl::string_view object) : source_(source), object_(object) {}
  explicit LabelLookup(const Labels& labels) : labels_(&labels) {}

  bool Match(const std::string& pattern) {
    if (labels_ == nullptr && source_ != nullptr) {
      found_ = source_->LabelsOf(object_);
      source_ = nullptr;
      labels_ = found_.get();
    }
    return labels_ != nullptr && std::any_of(labels_->begin(), labels_->end(), [&](const std::string& label) {
             return util::GlobMatches(pattern, label);
           });
  }

 private:
  const LabelSource* source_ = nullptr;
  absl::string_view object_;
  std::shared_ptr<const Labels> found_;
  const Labels* labels_ = nullptr;
};

bool Covers(const Restriction& restriction, absl::string_view object, LabelLookup* labels) {
  if (restriction.empty()) return true;
  if (!restriction.hypervisor.empty()) {
    absl::string_view hypervisor;
    bool itself = false;
    if (!HypervisorOf(object, &hypervisor, &itself) || !util::GlobMatches(restriction.hypervisor, hypervisor))
      return false;
  }
  if (!restriction.name.empty() && !util::GlobMatches(restriction.name, object.substr(object.rfind('/') + 1)))
    return false;
  if (!restriction.object.empty() && !util::GlobMatches(restriction.object, object)) return false;
  return restriction.label.empty() || labels->Match(restriction.label);
}

bool AnyCovers(const std::vector<Grant>& grants, absl::string_view permission, absl::string_view object,
               LabelLookup* labels) {
  return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
    return grant.permissions->count(permission) != 0 && Covers(grant.restriction, object, labels);
  });
}

bool Reads(absl::string_view permission) {
  const auto known = KnownPermissions().find(permission);
  return known != KnownPermissions().end() && known->second.access == v1::ACCESS_READ;
}

}  // namespace

bool Grants::Everywhere(absl::string_view permission) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return grant.restriction.empty() && grant.permissions->count(permission) != 0;
  });
}

bool Grants::Anywhere(absl::string_view permission) const {
  return std::any_of(grants_.begin(), grants_.end(),
                     [&](const Grant& grant) { return grant.permissions->count(permission) != 0; });
}

bool Grants::On(absl::string_view permission, absl::string_view object) const {
  absl::string_view hypervisor;
  bool itself = false;
  if (HypervisorOf(object, &hypervisor, &itself) && itself && Reads(permission)) return Below(permission, hypervisor);
  LabelLookup labels(labels_, object);
  return AnyCovers(grants_, permission, object, &labels);
}

bool Grants::On(absl::string_view permission, absl::string_view object, const Labels& labels) const {
  LabelLookup lookup(labels);
  return AnyCovers(grants_, permission, object, &lookup);
}

bool Grants::Below(absl::string_view permission, absl::string_view hypervisor) const {
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return grant.permissions->count(permission) != 0 && HypervisorMatches(grant.restriction, hypervisor);
  });
}

bool Grants::Visible(absl::string_view object) const {
  absl::string_view hypervisor;
  bool itself = false;
  const bool is_hypervisor = HypervisorOf(object, &hypervisor, &itself) && itself;
  LabelLookup labels(labels_, object);
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    if (grant.permissions->empty()) return false;
    return is_hypervisor ? HypervisorMatches(grant.restriction, hypervisor)
                         : Covers(grant.restriction, object, &labels);
  });
}

}  // namespace reeve::auth
