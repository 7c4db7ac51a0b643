#include "daemon/services/node_device_service.h"

#include <utility>

namespace reeve::services {
namespace {

template <typename Response>
using Done = std::function<void(absl::StatusOr<Response>)>;

absl::StatusOr<v1::NodeDevice> Get(const NodeDeviceFunctions& functions, const std::string& name) {
  const absl::StatusOr<v1::PciDeviceAddress> address = functions.parse_name(name);
  if (!address.ok()) return address.status();
  return functions.get(*address);
}

// The device as it is then.
absl::StatusOr<v1::NodeDevice> Change(const NodeDeviceFunctions& functions, state::Manager* manager,
                                      state::DeviceVerb verb, const v1::NodeDeviceRequest& request) {
  const absl::StatusOr<v1::NodeDevice> before = Get(functions, request.name());
  if (!before.ok()) return before.status();
  const v1::PciDeviceAddress& address = before->capabilities(0).pci().address();
  const absl::Status status = manager->ChangeNodeDevice(request.hypervisor(), verb, address);
  if (!status.ok()) return status;
  return functions.get(address);
}

}  // namespace

void RegisterNodeDeviceService(Dispatcher* dispatcher, const NodeDeviceFunctions& functions, state::Manager* manager,
                               WorkerPool* workers) {
  // Any of them may block: they read files of devices, or change what has them.
  dispatcher->Later(methods::kListNodeDevices, [functions, workers](CallPointer, v1::ListNodeDevicesRequest,
                                                                    Done<v1::ListNodeDevicesResponse> done) {
    workers->Post([functions, done = std::move(done)] {
      absl::StatusOr<std::vector<v1::NodeDevice>> devices = functions.list();
      if (!devices.ok()) return done(devices.status());
      v1::ListNodeDevicesResponse response;
      for (v1::NodeDevice& device : *devices) *response.add_devices() = std::move(device);
      done(std::move(response));
    });
  });
  dispatcher->Later(methods::kGetNodeDevice,
                    [functions, workers](CallPointer, v1::GetNodeDeviceRequest request, Done<v1::NodeDevice> done) {
                      workers->Post([functions, name = std::move(*request.mutable_name()), done = std::move(done)] {
                        done(Get(functions, name));
                      });
                    });
  for (const auto& [method, verb] : {std::pair{methods::kDetachNodeDevice, state::DeviceVerb::kDetach},
                                     std::pair{methods::kReattachNodeDevice, state::DeviceVerb::kReattach},
                                     std::pair{methods::kResetNodeDevice, state::DeviceVerb::kReset}}) {
    dispatcher->Later(method, [functions, manager, workers, verb = verb](CallPointer, v1::NodeDeviceRequest request,
                                                                         Done<v1::NodeDevice> done) {
      workers->Post([functions, manager, verb, request = std::move(request), done = std::move(done)] {
        done(Change(functions, manager, verb, request));
      });
    });
  }
}

}  // namespace reeve::services
