#include "daemon/services/node_device_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/services/tell.h"
#include "proto/status.h"

namespace reeve::services {
namespace {

// The device as it is then.
absl::StatusOr<v1::NodeDevice> Change(const NodeDeviceFunctions& functions, state::Manager* manager,
                                      state::DeviceVerb verb, const v1::NodeDeviceRequest& request) {
  const absl::StatusOr<v1::NodeDevice> before = functions.get(request.name());
  if (!before.ok()) return before.status();
  if (!before->capabilities(0).has_pci()) {
    return Error(v1::REASON_NODE_CANNOT,
                 absl::StrCat(request.name(), " is no PCI function: it goes to guests as it is"));
  }
  const v1::PciDeviceAddress& address = before->capabilities(0).pci().address();
  const absl::Status status = manager->ChangeNodeDevice(request.hypervisor(), verb, address);
  if (!status.ok()) return status;
  return functions.get(request.name());
}

}  // namespace

void RegisterNodeDeviceService(Dispatcher* dispatcher, const NodeDeviceFunctions& functions, state::Manager* manager,
                               WorkerPool* workers) {
  // Any of them may block: they read files of devices, or change what has them.
  Tell<v1::ListNodeDevicesRequest, v1::ListNodeDevicesResponse>(
      dispatcher, workers, methods::kListNodeDevices,
      [functions](const v1::ListNodeDevicesRequest&) -> absl::StatusOr<v1::ListNodeDevicesResponse> {
        absl::StatusOr<std::vector<v1::NodeDevice>> devices = functions.list();
        if (!devices.ok()) return devices.status();
        v1::ListNodeDevicesResponse response;
        for (v1::NodeDevice& device : *devices) *response.add_devices() = std::move(device);
        return response;
      });
  Tell<v1::GetNodeDeviceRequest, v1::NodeDevice>(
      dispatcher, workers, methods::kGetNodeDevice,
      [functions](const v1::GetNodeDeviceRequest& request) { return functions.get(request.name()); });
  for (const auto& [method, verb] : {std::pair{methods::kDetachNodeDevice, state::DeviceVerb::kDetach},
                                     std::pair{methods::kReattachNodeDevice, state::DeviceVerb::kReattach},
                                     std::pair{methods::kResetNodeDevice, state::DeviceVerb::kReset}}) {
    Tell<v1::NodeDeviceRequest, v1::NodeDevice>(
        dispatcher, workers, method, [functions, manager, verb = verb](const v1::NodeDeviceRequest& request) {
          return Change(functions, manager, verb, request);
        });
  }
}

}  // namespace reeve::services
