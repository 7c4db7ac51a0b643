// Domains that end with the connection that started them.
#include "absl/strings/str_cat.h"
#include "daemon/state/core.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::state {

absl::Status Core::EndWithConnection(const Target& target, uint64_t run, uint64_t connection) {
  const std::string name = target.resource_name();
  const auto end = [this, target, name, run] {
    executor_.SubmitAlways(name, [this, target, name, run] {
      const EntryPointer entry = registry_.snapshot()->Find(target.hypervisor, target.name);
      if (entry == nullptr || entry->run != run || !IsActive(entry->state)) return;  // it has ended before
      ChangeContext context;
      context.cause = v1::EVENT_CAUSE_DAEMON;
      absl::Status status = unstored_.Flush(name);
      if (status.ok()) status = DestroyJob(context, "", target).status();
      if (!status.ok()) util::LogError("end ", name, " with its connection: ", status.message());
    });
  };
  if (options_.on_connection_end && options_.on_connection_end(connection, end)) return absl::OkStatus();
  return Error(v1::REASON_CONNECTION_UNKNOWN, "the connection that the domain was to end with has ended");
}

void Core::EndAbandoned() {
  for (const EntryPointer& entry : registry_.snapshot()->entries()) {
    if (!IsActive(entry->state) || !DomainOf(*entry).status().auto_destroy()) continue;
    const Target target{entry->key->hypervisor, entry->key->name, entry->key->uid, ""};
    executor_.SubmitAlways(target.resource_name(), [this, target] {
      const EntryPointer present = registry_.snapshot()->Find(target.hypervisor, target.name);
      if (present == nullptr || !IsActive(present->state)) return;
      ChangeContext context;
      context.cause = v1::EVENT_CAUSE_DAEMON;
      if (absl::Status status = DestroyJob(context, "", target).status(); !status.ok()) {
        util::LogError("end ", target.resource_name(), ", whose connection is gone: ", status.message());
      }
    });
  }
}

}  // namespace reeve::state
