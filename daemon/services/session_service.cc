#include "daemon/services/session_service.h"

#include "daemon/services/session_message.h"

namespace reeve::services {

void RegisterSessionService(Dispatcher* dispatcher) {
  dispatcher->Read(methods::kGetSession, [](const Call& call, const v1::GetSessionRequest&, v1::Session* response) {
    *response = ToSession(call.connection());
    return absl::OkStatus();
  });
}

}  // namespace reeve::services
