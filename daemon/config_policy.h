// Roles and bindings in the configuration file: arrays of tables.
#pragma once

#include <toml++/toml.h>

#include <string>
#include <vector>

#include "auth/policy.h"

namespace reeve {

// A mistake and where it is.
struct ConfigProblem {
  toml::source_region place;
  std::string key;  // "auth.binding"
  std::string text;
};

// Reads `role` and `binding` of the table `auth`, as far as they are there. Every mistake is told, also a role that a
// binding names and that there is not; then `policy` is of no use.
std::vector<ConfigProblem> ReadPolicy(const toml::table& auth, auth::PolicySpec* policy);

// As values of the keys, in one line each.
std::string RolesText(const std::vector<auth::RoleSpec>& roles);
std::string BindingsText(const std::vector<auth::BindingSpec>& bindings);
// A string of TOML.
std::string TomlText(const std::string& text);

}  // namespace reeve
