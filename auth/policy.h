// Roles and who has them, as configured.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "auth/grants.h"
#include "auth/identity.h"

namespace reeve::auth {

// A role of the configuration: permissions, or patterns of them ("domain.*").
struct RoleSpec {
  std::string name;
  std::vector<std::string> permissions;
  bool operator==(const RoleSpec&) const = default;
};

// Gives a role to somebody. Exactly one of the first five says to whom.
struct BindingSpec {
  std::string unix_user;         // name, or uid in digits
  std::string unix_group;        // name, or gid in digits, of a group that the process is in
  std::string certificate;       // pattern of the certificate's subject
  std::string certificate_name;  // pattern of one of its alternative names, "DNS:*.example.org"
  std::string sasl_user;         // pattern
  std::string role;
  Restriction restriction;
  bool operator==(const BindingSpec&) const = default;
};

struct PolicySpec {
  std::vector<RoleSpec> roles;
  std::vector<BindingSpec> bindings;
  bool operator==(const PolicySpec&) const = default;
};

// The permissions of a built-in role; null when there is none of that name. viewer: all that read. operator: those, and
// what runs and ends domains. administrator: all.
std::shared_ptr<const PermissionSet> BuiltInRole(absl::string_view name);

// Immutable, thread-safe.
//
// Without a binding, whoever the configuration of listeners and authentication lets in is administrator (and a
// read-only connection reads, whoever it is), as with libvirt. With bindings, everybody has the roles that are bound to
// him and nothing else; only root, proved by the kernel, stays administrator: he could change the configuration.
class Policy {
 public:
  // Gid of a group; none when there is no such group.
  using FindGroup = std::function<std::optional<gid_t>(const std::string& name)>;

  // What is wrong with one role or binding, "" when nothing is. `roles` are those of the configuration, for bindings.
  static std::string CheckRole(const RoleSpec& role);
  static std::string CheckBinding(const BindingSpec& binding, const std::vector<RoleSpec>& roles);

  // Of a specification without mistakes. A group that there is not binds nobody; it is looked up here, once.
  static std::shared_ptr<const Policy> Create(const PolicySpec& spec, const FindGroup& find_group);

  // Nothing for somebody who has not proved who he is. `labels` as in Grants.
  Grants GrantsFor(const Identity& identity, const LabelSource* labels = nullptr) const;

 private:
  struct Binding {
    BindingSpec who;
    std::optional<gid_t> group;
    Grant grant;
  };
  std::vector<Binding> bindings_;
};

// Asks the system (getgrnam_r(3)); a text of digits is itself.
std::optional<gid_t> FindSystemGroup(const std::string& name);

}  // namespace reeve::auth
