#include "daemon/state/entry_filter.h"

#include <string>
#include <utility>

#include "formats/domain_name.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

constexpr char kRead[] = "domain.read";

}  // namespace

absl::StatusOr<EntryFilter> EntryFilter::Make(auth::Access::Pointer access, bool contents) {
  if (contents && !access->HasAnywhere(kRead)) {
    return Error(v1::REASON_PERMISSION_DENIED, "this view also needs the permission domain.read",
                 {{"permission", kRead}});
  }
  return EntryFilter(std::move(access), contents);
}

bool EntryFilter::Shows(absl::string_view hypervisor, absl::string_view name, const auth::Labels* labels) const {
  if (access_->ShowsAll() && (!contents_ || access_->HasEverywhere(kRead))) return true;
  const std::string object = formats::DomainResourceName(hypervisor, name);
  const auth::Labels none;
  const auth::Labels& its = labels == nullptr ? none : *labels;
  return access_->Shows(object, its) && (!contents_ || access_->Has(kRead, object, its));
}

}  // namespace reeve::state
