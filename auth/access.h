// What one call may do with which objects.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "auth/authority.h"
#include "reeve/v1/options.pb.h"

namespace reeve::auth {

// The permission of a call's method, in the hands of its caller. Whoever looks an object up that a request names asks
// Decide; whoever lists objects asks Shows. It remembers what was asked: a call that names an object and never asks is
// not answered, and the audit record has the objects. Thread-safe.
class Access {
 public:
  using Pointer = std::shared_ptr<const Access>;

  // For the daemon itself: everything.
  static Pointer Everything();

  // `authority` null: everything.
  Access(std::shared_ptr<const Authority> authority, std::string permission)
      : authority_(std::move(authority)), permission_(std::move(permission)) {}

  enum class Decision {
    kAllowed,
    kDenied,  // it may be known that there is such an object
    kHidden,  // to be answered exactly as if there were none
  };
  // May the call do what it is for with this object, "hypervisors/lxc/domains/web1"? Does not depend on whether it
  // exists.
  Decision Decide(absl::string_view object) const;
  // PERMISSION_DENIED, for kDenied.
  absl::Status Denied(absl::string_view object) const;

  // Before the name of a new object is known: whether there could be one in this hypervisor.
  bool AllowsBelow(absl::string_view hypervisor) const;

  // Whether an object of a list or an event is for this caller, and whether he has another permission for it.
  bool Shows(absl::string_view object) const { return Has(permission_, object); }
  bool Has(absl::string_view permission, absl::string_view object) const;
  // The same by the labels that an object has in a list or had in an event.
  bool Shows(absl::string_view object, const Labels& labels) const { return Has(permission_, object, labels); }
  bool Has(absl::string_view permission, absl::string_view object, const Labels& labels) const;
  // Whether it may be known that there is this object.
  bool Sees(absl::string_view object) const;
  // For any object, or for each.
  bool HasAnywhere(absl::string_view permission) const;
  bool HasEverywhere(absl::string_view permission) const;
  bool ShowsAll() const { return HasEverywhere(permission_); }

  // Some object was denied or hidden.
  bool refused() const;
  // Decide or AllowsBelow was asked.
  bool asked() const;
  // The objects that were asked for, in their order, at most 8.
  std::vector<std::string> objects() const;

 private:
  void Note(absl::string_view object, bool refused) const;

  const std::shared_ptr<const Authority> authority_;
  const std::string permission_;
  mutable absl::Mutex mutex_;
  mutable bool asked_ ABSL_GUARDED_BY(mutex_) = false;
  mutable bool refused_ ABSL_GUARDED_BY(mutex_) = false;
  mutable std::vector<std::string> objects_ ABSL_GUARDED_BY(mutex_);
};

// What may be checked before a request is parsed: `permission` with `access` and `scope`, as the options of a method
// say. CONNECTION_READ_ONLY, PERMISSION_DENIED; for SCOPE_SESSION no permission is asked for.
absl::Status CheckMethod(const Authority& authority, bool read_only, absl::string_view permission, v1::Access access,
                         v1::Scope scope);

}  // namespace reeve::auth
