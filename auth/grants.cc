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

bool Covers(const Restriction& restriction, absl::string_view object) {
  if (restriction.empty()) return true;
  if (!restriction.hypervisor.empty()) {
    absl::string_view hypervisor;
    bool itself = false;
    if (!HypervisorOf(object, &hypervisor, &itself) || !util::GlobMatches(restriction.hypervisor, hypervisor))
      return false;
  }
  if (!restriction.name.empty() && !util::GlobMatches(restriction.name, object.substr(object.rfind('/') + 1)))
    return false;
  return restriction.object.empty() || util::GlobMatches(restriction.object, object);
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
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    return grant.permissions->count(permission) != 0 && Covers(grant.restriction, object);
  });
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
  return std::any_of(grants_.begin(), grants_.end(), [&](const Grant& grant) {
    if (grant.permissions->empty()) return false;
    return is_hypervisor ? HypervisorMatches(grant.restriction, hypervisor) : Covers(grant.restriction, object);
  });
}

}  // namespace reeve::auth
