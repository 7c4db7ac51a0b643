#include "auth/access.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::auth {
namespace {

constexpr size_t kMaxObjects = 8;
constexpr size_t kMaxObjectBytes = 512;

}  // namespace

Access::Pointer Access::Everything() {
  return std::make_shared<const Access>(nullptr, "");
}

Access::Decision Access::Decide(absl::string_view object) const {
  const std::shared_ptr<const Grants> grants = authority_ == nullptr ? nullptr : authority_->grants();
  const bool allowed = grants == nullptr || grants->On(permission_, object);
  Note(object, !allowed);
  if (allowed) return Decision::kAllowed;
  return grants->Visible(object) ? Decision::kDenied : Decision::kHidden;
}

absl::Status Access::Denied(absl::string_view object) const {
  const absl::string_view identity = authority_ == nullptr ? "" : absl::string_view(authority_->identity().text);
  const std::string shown(object.substr(0, kMaxObjectBytes));
  return Error(v1::REASON_PERMISSION_DENIED,
               absl::StrCat(identity, " does not have the permission ", permission_, " for ", shown),
               {{"permission", permission_}, {"identity", identity}, {"object", shown}});
}

bool Access::AllowsBelow(absl::string_view hypervisor) const {
  const bool allowed = authority_ == nullptr || authority_->grants()->Below(permission_, hypervisor);
  const absl::MutexLock lock(&mutex_);
  asked_ = true;
  refused_ = refused_ || !allowed;
  return allowed;
}

bool Access::Has(absl::string_view permission, absl::string_view object) const {
  return authority_ == nullptr || authority_->grants()->On(permission, object);
}

bool Access::Has(absl::string_view permission, absl::string_view object, const Labels& labels) const {
  return authority_ == nullptr || authority_->grants()->On(permission, object, labels);
}

bool Access::Sees(absl::string_view object) const {
  return authority_ == nullptr || authority_->grants()->Visible(object);
}

bool Access::HasAnywhere(absl::string_view permission) const {
  return authority_ == nullptr || authority_->grants()->Anywhere(permission);
}

bool Access::HasEverywhere(absl::string_view permission) const {
  return authority_ == nullptr || authority_->grants()->Everywhere(permission);
}

bool Access::refused() const {
  const absl::MutexLock lock(&mutex_);
  return refused_;
}

bool Access::asked() const {
  const absl::MutexLock lock(&mutex_);
  return asked_;
}

std::vector<std::string> Access::objects() const {
  const absl::MutexLock lock(&mutex_);
  return objects_;
}

void Access::Note(absl::string_view object, bool refused) const {
  object = object.substr(0, kMaxObjectBytes);
  const absl::MutexLock lock(&mutex_);
  asked_ = true;
  refused_ = refused_ || refused;
  if (objects_.size() >= kMaxObjects || std::find(objects_.begin(), objects_.end(), object) != objects_.end()) return;
  objects_.emplace_back(object);
}

absl::Status CheckMethod(const Authority& authority, bool read_only, absl::string_view permission, v1::Access access,
                         v1::Scope scope) {
  const std::string& identity = authority.identity().text;
  if (access != v1::ACCESS_READ && access != v1::ACCESS_WRITE) {
    return Error(v1::REASON_PERMISSION_DENIED,
                 absl::StrCat(permission, " is refused: the method does not say what access it needs"),
                 {{"permission", permission}, {"identity", identity}});
  }
  if (access == v1::ACCESS_WRITE && read_only) {
    return Error(v1::REASON_CONNECTION_READ_ONLY, absl::StrCat(permission, " is refused on a read-only connection"),
                 {{"permission", permission}, {"identity", identity}});
  }
  if (scope == v1::SCOPE_SESSION) return absl::OkStatus();
  const std::shared_ptr<const Grants> grants = authority.grants();
  const bool node = scope != v1::SCOPE_ANY && scope != v1::SCOPE_OBJECT;
  if (node ? grants->Everywhere(permission) : grants->Anywhere(permission)) return absl::OkStatus();
  return Error(v1::REASON_PERMISSION_DENIED,
               absl::StrCat(identity, " does not have the permission ", permission,
                            node && grants->Anywhere(permission) ? " for the node" : ""),
               {{"permission", permission}, {"identity", identity}});
}

}  // namespace reeve::auth
