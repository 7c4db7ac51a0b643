#include "daemon/services/admin_service.h"

#include <utility>

#include "daemon/services/session_message.h"

namespace reeve::services {

void RegisterAdminService(Dispatcher* dispatcher, state::Manager* manager, connections::Table* table,
                          std::function<v1::Daemon()> daemon,
                          std::function<absl::StatusOr<std::string>(absl::string_view)> set_log_level) {
  dispatcher->Read(methods::kListClients,
                   [table](const Call&, const v1::ListClientsRequest&, v1::ListClientsResponse* response) {
                     for (const auto& connection : table->List()) {
                       v1::Client* client = response->add_clients();
                       *client->mutable_session() = ToSession(*connection);
                       client->set_calls_in_flight(connection->calls_in_flight.load());
                       client->set_calls(connection->calls.load());
                     }
                     return absl::OkStatus();
                   });
  dispatcher->Read(methods::kDisconnectClient,
                   [table](const Call&, const v1::DisconnectClientRequest& request, v1::DisconnectClientResponse*) {
                     return table->Disconnect(request.connection());
                   });
  dispatcher->Read(methods::kGetDaemon, [manager, table, daemon = std::move(daemon)](
                                            const Call&, const v1::GetDaemonRequest&, v1::Daemon* response) {
    *response = daemon();
    const state::StateSummary summary = manager->Summary();
    response->set_revision(summary.revision);
    response->set_oldest_revision(summary.oldest_revision);
    response->set_watches(summary.watches);
    response->set_records_set_aside(summary.records_set_aside);
    response->set_clients(static_cast<uint32_t>(table->size()));
    return absl::OkStatus();
  });
  dispatcher->Read(methods::kSetLogLevel,
                   [set_log_level = std::move(set_log_level)](const Call&, const v1::SetLogLevelRequest& request,
                                                              v1::SetLogLevelResponse* response) {
                     const absl::StatusOr<std::string> previous = set_log_level(request.level());
                     if (previous.ok()) response->set_previous_level(*previous);
                     return WithReason(v1::REASON_REQUEST_INVALID, previous.status());
                   });
}

}  // namespace reeve::services
