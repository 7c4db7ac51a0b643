// The permissions that there are: those that the methods of the API name.
#pragma once

#include <map>
#include <string>

#include "reeve/v1/options.pb.h"

namespace reeve::auth {

// What the methods with a permission have in common.
struct KnownPermission {
  v1::Access access = v1::ACCESS_WRITE;
  v1::Scope scope = v1::SCOPE_NODE;  // the strictest of its methods: NODE, OBJECT, ANY
};

// By name. Read from the descriptors, once; never destroyed.
const std::map<std::string, KnownPermission, std::less<>>& KnownPermissions();

}  // namespace reeve::auth
