#include "daemon/services/guest_service.h"

#include "daemon/services/forward.h"

namespace reeve::services {

using state::GuestManager;

void RegisterGuestService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers) {
  ForwardChange(dispatcher, manager, methods::kSendProcessSignal, &GuestManager::SendProcessSignal);
  ForwardSlow(dispatcher, manager, workers, methods::kGetHostname, &GuestManager::GetHostname);
  ForwardSlow(dispatcher, manager, workers, methods::kListInterfaceAddresses, &GuestManager::ListInterfaceAddresses);
  ForwardSlow(dispatcher, manager, workers, methods::kGetSecurityLabel, &GuestManager::GetSecurityLabel);
  ForwardSlow(dispatcher, manager, workers, methods::kGetNamespaces, &GuestManager::GetNamespaces);
}

}  // namespace reeve::services
