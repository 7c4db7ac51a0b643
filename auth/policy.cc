#include "auth/policy.h"

#include <grp.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "auth/known_permissions.h"
#include "util/glob.h"

namespace reeve::auth {
namespace {

// What an operator may do beyond reading.
constexpr const char* kOperator[] = {
    "domain.start",  "domain.shutdown", "domain.reboot",  "domain.destroy",   "domain.suspend",
    "domain.resume", "domain.save",     "domain.console", "operation.cancel",
};

constexpr size_t kMaxPattern = 1024;

template <typename Predicate>
std::shared_ptr<const PermissionSet> Those(const Predicate& predicate) {
  auto set = std::make_shared<PermissionSet>();
  for (const auto& [name, known] : KnownPermissions()) {
    if (predicate(name, known)) set->insert(name);
  }
  return set;
}

bool IsOperators(absl::string_view permission) {
  return std::find(std::begin(kOperator), std::end(kOperator), permission) != std::end(kOperator);
}

std::shared_ptr<const PermissionSet> PermissionsOf(const RoleSpec& role) {
  return Those(
      [&](const std::string& name, const KnownPermission&) { return util::AnyGlobMatches(role.permissions, name); });
}

bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
}

bool UserMatches(const std::string& wanted, const Identity& identity) {
  if (wanted == identity.user && !wanted.empty()) return true;
  uint32_t uid = 0;
  return identity.uid.has_value() && absl::SimpleAtoi(wanted, &uid) && uid == *identity.uid;
}

bool Matches(const BindingSpec& who, std::optional<gid_t> group, const Identity& identity) {
  const auto matches = [](const std::string& pattern, const std::string& text) {
    return !pattern.empty() && !text.empty() && util::GlobMatches(pattern, text);
  };
  if (!who.unix_user.empty()) return UserMatches(who.unix_user, identity);
  if (!who.unix_group.empty()) {
    return group.has_value() &&
           std::find(identity.groups.begin(), identity.groups.end(), *group) != identity.groups.end();
  }
  if (!who.certificate_name.empty()) {
    return std::any_of(identity.names.begin(), identity.names.end(),
                       [&](const std::string& name) { return matches(who.certificate_name, name); });
  }
  return matches(who.certificate, identity.subject) || matches(who.sasl_user, identity.sasl_user);
}

}  // namespace

std::shared_ptr<const PermissionSet> BuiltInRole(absl::string_view name) {
  static const auto* viewer = new std::shared_ptr<const PermissionSet>(
      Those([](const std::string&, const KnownPermission& known) { return known.access == v1::ACCESS_READ; }));
  static const auto* operators =
      new std::shared_ptr<const PermissionSet>(Those([](const std::string& name, const KnownPermission& known) {
        return known.access == v1::ACCESS_READ || IsOperators(name);
      }));
  static const auto* administrator =
      new std::shared_ptr<const PermissionSet>(Those([](const std::string&, const KnownPermission&) { return true; }));
  if (name == "viewer") return *viewer;
  if (name == "operator") return *operators;
  if (name == "administrator") return *administrator;
  return nullptr;
}

std::string Policy::CheckRole(const RoleSpec& role) {
  if (!IsName(role.name)) return "name must be 1 to 64 letters, digits, '-', '_' and '.'";
  if (BuiltInRole(role.name) != nullptr) return absl::StrCat("there is a built-in role ", role.name);
  if (role.permissions.empty()) return "permissions must name at least one";
  for (const std::string& pattern : role.permissions) {
    const auto& known = KnownPermissions();
    if (pattern.size() > kMaxPattern || std::none_of(known.begin(), known.end(), [&](const auto& one) {
          return util::GlobMatches(pattern, one.first);
        })) {
      return absl::StrCat("there is no permission ", pattern.substr(0, 64));
    }
  }
  return "";
}

std::string Policy::CheckBinding(const BindingSpec& binding, const std::vector<RoleSpec>& roles) {
  const std::string* const who[] = {&binding.unix_user, &binding.unix_group, &binding.certificate,
                                    &binding.certificate_name, &binding.sasl_user};
  if (std::count_if(std::begin(who), std::end(who), [](const std::string* one) { return !one->empty(); }) != 1) {
    return "exactly one of unix_user, unix_group, certificate, certificate_name and sasl_user must be given";
  }
  for (const std::string* text : {who[0], who[1], who[2], who[3], who[4], &binding.restriction.hypervisor,
                                  &binding.restriction.name, &binding.restriction.object, &binding.restriction.label}) {
    if (text->size() > kMaxPattern) return absl::StrCat("a text is longer than ", kMaxPattern, " bytes");
  }
  if (binding.role.empty()) return "role is missing";
  if (BuiltInRole(binding.role) == nullptr &&
      std::none_of(roles.begin(), roles.end(), [&](const RoleSpec& role) { return role.name == binding.role; })) {
    return absl::StrCat("there is no role ", binding.role.substr(0, 64));
  }
  return "";
}

std::shared_ptr<const Policy> Policy::Create(const PolicySpec& spec, const FindGroup& find_group) {
  std::map<std::string, std::shared_ptr<const PermissionSet>> roles;
  for (const RoleSpec& role : spec.roles) roles[role.name] = PermissionsOf(role);
  auto policy = std::make_shared<Policy>();
  for (const BindingSpec& spec_binding : spec.bindings) {
    Binding binding;
    binding.who = spec_binding;
    if (!spec_binding.unix_group.empty()) binding.group = find_group(spec_binding.unix_group);
    std::shared_ptr<const PermissionSet> permissions = BuiltInRole(spec_binding.role);
    if (permissions == nullptr) permissions = roles[spec_binding.role];
    if (permissions == nullptr) permissions = std::make_shared<PermissionSet>();
    binding.grant = {spec_binding.role, std::move(permissions), spec_binding.restriction};
    policy->bindings_.push_back(std::move(binding));
  }
  return policy;
}

Grants Policy::GrantsFor(const Identity& identity, const LabelSource* labels) const {
  std::vector<Grant> grants;
  if (!identity.proved()) return Grants();
  if (bindings_.empty() || identity.uid == uid_t{0}) {
    grants.push_back({"administrator", BuiltInRole("administrator"), {}});
    return Grants(std::move(grants), labels);
  }
  for (const Binding& binding : bindings_) {
    if (Matches(binding.who, binding.group, identity)) grants.push_back(binding.grant);
  }
  return Grants(std::move(grants), labels);
}

std::optional<gid_t> FindSystemGroup(const std::string& name) {
  uint32_t number = 0;
  if (absl::SimpleAtoi(name, &number)) return number;
  std::vector<char> buffer(1024);
  group entry{};
  group* found = nullptr;
  int error = 0;
  while ((error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found)) == ERANGE &&
         buffer.size() < (1 << 20)) {
    buffer.resize(buffer.size() * 2);
  }
  if (error != 0 || found == nullptr) return std::nullopt;
  return found->gr_gid;
}

}  // namespace reeve::auth
