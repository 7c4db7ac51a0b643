#include "daemon/services/image_service.h"

#include <utility>

#include "daemon/services/forward.h"

namespace reeve::services {

using state::ImageManager;

void RegisterImageService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers) {
  ForwardSlow(dispatcher, manager, workers, methods::kGetSavedImage, &ImageManager::GetSavedImage);
  ForwardChange(dispatcher, manager, methods::kSaveDomainToFile, &ImageManager::SaveDomainToFile);
  ForwardChange(dispatcher, manager, methods::kDumpDomain, &ImageManager::DumpDomain);
  ForwardChange(dispatcher, manager, methods::kRemoveManagedSave, &ImageManager::RemoveManagedSave);
  dispatcher->Later(methods::kRestoreDomain, [manager, workers](CallPointer call, v1::RestoreDomainRequest request,
                                                                state::Done<v1::Operation> done) {
    workers->Post([manager, caller = CallerOf(*call), request = std::move(request), done = std::move(done)] {
      manager->RestoreDomain(caller, request, done);
    });
  });
}

void RegisterPowerService(Dispatcher* dispatcher, state::Manager* manager) {
  ForwardChange(dispatcher, manager, methods::kSleepDomain, &ImageManager::SleepDomain);
  ForwardChange(dispatcher, manager, methods::kWakeDomain, &ImageManager::WakeDomain);
}

}  // namespace reeve::services
