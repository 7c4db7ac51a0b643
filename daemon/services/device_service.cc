#include "daemon/services/device_service.h"

#include "daemon/services/forward.h"

namespace reeve::services {

using state::GuestManager;

void RegisterDeviceService(Dispatcher* dispatcher, state::Manager* manager) {
  ForwardChange(dispatcher, manager, methods::kAttachDevice, &GuestManager::AttachDevice);
  ForwardChange(dispatcher, manager, methods::kDetachDevice, &GuestManager::DetachDevice);
  ForwardChange(dispatcher, manager, methods::kUpdateDevice, &GuestManager::UpdateDevice);
}

void RegisterTuningService(Dispatcher* dispatcher, state::Manager* manager) {
  ForwardRead(dispatcher, manager, methods::kGetTuning, &GuestManager::GetTuning);
  ForwardChange(dispatcher, manager, methods::kSetMemory, &GuestManager::SetMemory);
  ForwardChange(dispatcher, manager, methods::kSetMemoryParameters, &GuestManager::SetMemoryParameters);
  ForwardChange(dispatcher, manager, methods::kSetBlockIoParameters, &GuestManager::SetBlockIoParameters);
  ForwardChange(dispatcher, manager, methods::kSetSchedulerParameters, &GuestManager::SetSchedulerParameters);
  ForwardRead(dispatcher, manager, methods::kListVcpus, &GuestManager::ListVcpus);
  ForwardChange(dispatcher, manager, methods::kSetVcpus, &GuestManager::SetVcpus);
  ForwardChange(dispatcher, manager, methods::kSetVcpuPin, &GuestManager::SetVcpuPin);
  ForwardChange(dispatcher, manager, methods::kSetPlacement, &GuestManager::SetPlacement);
}

}  // namespace reeve::services
