// What somebody may do: the sum of his roles.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "auth/labels.h"

namespace reeve::auth {

// Which objects a binding is for, by patterns (util/glob.h) that must all match; an empty one matches everything.
struct Restriction {
  std::string hypervisor;  // the H of "hypervisors/H/..."; other objects never match
  std::string name;        // the last part of the object's name
  std::string object;      // the whole of it
  std::string label;       // one of its labels, "key=value"; an object without labels never matches

  bool operator==(const Restriction&) const = default;
  bool empty() const { return *this == Restriction(); }
};

using PermissionSet = std::set<std::string, std::less<>>;

// A role, for some objects.
struct Grant {
  std::string role;
  std::shared_ptr<const PermissionSet> permissions;
  Restriction restriction;
};

// Immutable, thread-safe. An object is a resource name; whether it exists does not matter here, but that only objects
// that do have labels.
class Grants {
 public:
  Grants() = default;
  // `labels` outlives this; null: no object has any.
  explicit Grants(std::vector<Grant> grants, const LabelSource* labels = nullptr)
      : grants_(std::move(grants)), labels_(labels) {}

  // For every object, and for the node as a whole.
  bool Everywhere(absl::string_view permission) const;
  // For some object at least.
  bool Anywhere(absl::string_view permission) const;
  // For this object. What a hypervisor is ("hypervisors/lxc") may read whoever may read it of some object there.
  bool On(absl::string_view permission, absl::string_view object) const;
  // The same for an object with these labels, whatever it has now: it is told of what was.
  bool On(absl::string_view permission, absl::string_view object, const Labels& labels) const;
  // For some object that is, or could be, of this hypervisor ("lxc").
  bool Below(absl::string_view permission, absl::string_view hypervisor) const;
  // Whether there is any permission for the object. Who has none must not learn whether it exists.
  bool Visible(absl::string_view object) const;

  const std::vector<Grant>& list() const { return grants_; }

 private:
  std::vector<Grant> grants_;
  const LabelSource* labels_ = nullptr;
};

}  // namespace reeve::auth
