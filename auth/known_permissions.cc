#include "auth/known_permissions.h"

#include "proto/services.h"

namespace reeve::auth {
namespace {

int Strictness(v1::Scope scope) {
  switch (scope) {
    case v1::SCOPE_SESSION:
      return 0;
    case v1::SCOPE_ANY:
      return 1;
    case v1::SCOPE_OBJECT:
      return 2;
    default:
      return 3;
  }
}

}  // namespace

const std::map<std::string, KnownPermission, std::less<>>& KnownPermissions() {
  static const auto* known = [] {
    auto* result = new std::map<std::string, KnownPermission, std::less<>>;
    for (const auto* service : AllServices()) {
      for (int i = 0; i < service->method_count(); ++i) {
        const auto& options = service->method(i)->options();
        const KnownPermission one{options.GetExtension(v1::access), options.GetExtension(v1::scope)};
        const auto [place, added] = result->emplace(options.GetExtension(v1::permission), one);
        if (added) continue;
        if (one.access == v1::ACCESS_WRITE) place->second.access = v1::ACCESS_WRITE;
        if (Strictness(one.scope) > Strictness(place->second.scope)) place->second.scope = one.scope;
      }
    }
    return result;
  }();
  return *known;
}

}  // namespace reeve::auth
