#include "daemon/services/register.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "daemon/services/admin_service.h"
#include "daemon/services/console_service.h"
#include "daemon/services/convert_service.h"
#include "daemon/services/device_service.h"
#include "daemon/services/domain_service.h"
#include "daemon/services/enrollment_service.h"
#include "daemon/services/event_service.h"
#include "daemon/services/exec_service.h"
#include "daemon/services/file_service.h"
#include "daemon/services/guest_service.h"
#include "daemon/services/health_service.h"
#include "daemon/services/hypervisor_service.h"
#include "daemon/services/image_service.h"
#include "daemon/services/migration_service.h"
#include "daemon/services/node_device_service.h"
#include "daemon/services/node_service.h"
#include "daemon/services/operation_service.h"
#include "daemon/services/reflection_service.h"
#include "daemon/services/session_service.h"
#include "daemon/services/statistics_service.h"
#include "daemon/services/test_service.h"

namespace reeve::services {

void RegisterAll(Dispatcher* dispatcher, const Dependencies& dependencies) {
  state::Manager* const manager = dependencies.manager;
  RegisterAdminService(dispatcher, manager, dependencies.connections, dependencies.daemon, dependencies.set_log_level);
  RegisterConsoleService(dispatcher, manager, dependencies.workers);
  RegisterConvertService(dispatcher, dependencies.workers);
  RegisterDeviceService(dispatcher, manager);
  RegisterDomainService(dispatcher, manager);
  RegisterEnrollmentService(dispatcher, dependencies.enrollment);
  RegisterEventService(dispatcher, manager, dependencies.workers);
  RegisterExecService(dispatcher, manager, dependencies.workers);
  RegisterFileService(dispatcher, manager, dependencies.workers);
  RegisterGuestService(dispatcher, manager, dependencies.workers);
  RegisterHealthService(dispatcher, dependencies.health);
  RegisterHypervisorService(dispatcher, manager, dependencies.workers);
  RegisterImageService(dispatcher, manager, dependencies.workers);
  RegisterMigrationService(dispatcher, dependencies.migrations, dependencies.workers);
  RegisterNodeDeviceService(dispatcher, dependencies.node_devices, manager, dependencies.workers);
  RegisterNodeService(dispatcher, dependencies.node, dependencies.version, dependencies.workers);
  RegisterOperationService(dispatcher, manager);
  RegisterPowerService(dispatcher, manager);
  RegisterReflectionService(dispatcher);
  RegisterSessionService(dispatcher, dependencies.authentication);
  RegisterStatisticsService(dispatcher, manager, dependencies.workers);
  RegisterTuningService(dispatcher, manager);
  if (dependencies.test_controls != nullptr) RegisterTestService(dispatcher, dependencies.test_controls);

  for (const std::string& service : dispatcher->methods().Services()) dependencies.health->AddService(service);
  dependencies.health->SetHypervisors([manager](absl::string_view name) -> std::optional<bool> {
    v1::GetHypervisorRequest request;
    request.set_name(std::string(name));
    const absl::StatusOr<v1::Hypervisor> hypervisor = manager->GetHypervisor(state::Caller(), request);
    if (!hypervisor.ok()) return std::nullopt;  // there is none of that name
    return hypervisor->available();
  });
}

}  // namespace reeve::services
