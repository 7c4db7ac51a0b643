// ListDomains, put together from the bytes that the registry keeps.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/state/manager.h"
#include "daemon/state/pages.h"
#include "daemon/state/registry.h"
#include "reeve/v1/domain_service.pb.h"

namespace reeve::state {

// Gives the statistics of running domains, each at its place; none when they cannot be had. Must not block.
using Sampler =
    std::function<std::vector<std::optional<v1::DomainStatistics>>(const std::vector<const Entry*>& entries)>;

// The bytes of a domain in a view; `unspecified` is what DOMAIN_VIEW_UNSPECIFIED means. REQUEST_INVALID for no view.
absl::StatusOr<std::string> SerializeView(const Entry& entry, v1::DomainView view, v1::DomainView unspecified,
                                          const Sampler& sampler);

// A serialized ListDomainsResponse. A page ends before page_size when it would become larger than 3.5 MiB, since 4 MiB
// is the largest message that gRPC clients take by default. Only what the caller may list is in it, and in the views FULL
// and STATS only what he may also read.
absl::StatusOr<std::string> ListPage(const Caller& caller, const v1::ListDomainsRequest& request,
                                     const SnapshotPointer& present, PageTable& pages, absl::Time now,
                                     const Sampler& sampler);

}  // namespace reeve::state
