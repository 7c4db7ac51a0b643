// The list of domains.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "cli/command.h"
#include "cli/context.h"
#include "reeve/v1/domain_service.pb.h"

namespace reeve::cli {

Command ListCommand();

// All pages of the list of the connection's hypervisor; `states` empty: in every state.
absl::StatusOr<v1::ListDomainsResponse> ListAll(Context& context, v1::DomainView view,
                                                const std::vector<v1::DomainState>& states);

// The same for a request, of which parent and page_token are filled in.
absl::StatusOr<v1::ListDomainsResponse> ListAll(Context& context, v1::ListDomainsRequest request);

// The order of virsh: running ones by id, then the others by name.
void SortForList(v1::ListDomainsResponse* list);

}  // namespace reeve::cli
