#include "daemon/node_functions.h"

#include <memory>

#include "drivers/node/control_groups.h"
#include "drivers/node/huge_pages.h"
#include "drivers/node/memory_parameters.h"
#include "drivers/node/node_devices.h"
#include "drivers/node/node_facts.h"
#include "drivers/node/node_statistics.h"
#include "drivers/node/suspend_node.h"
#include "drivers/node/system_information.h"

namespace reeve {

services::NodeFunctions MakeNodeFunctions() {
  services::NodeFunctions functions;
  functions.facts = [] { return node::ReadNode(); };
  functions.control_groups = node::ReadControlGroups;
  functions.statistics = [] { return node::ReadNodeStatistics(); };
  functions.system_information = [] { return node::ReadSystemInformation(); };
  functions.memory_parameters = [] { return node::ReadMemoryParameters(); };
  functions.set_memory_parameters = [](const v1::SetNodeMemoryParametersRequest& request) {
    return node::SetMemoryParameters({}, request);
  };
  functions.allocate_huge_pages = [](const v1::AllocateHugePagesRequest& request) {
    return node::AllocateHugePages({}, request);
  };
  functions.suspend =
      [logind = std::shared_ptr<node::SleepManager>(node::MakeLogind())](const v1::SuspendNodeRequest& request) {
        return node::SuspendNode({}, logind.get(), request);
      };
  return functions;
}

services::NodeDeviceFunctions MakeNodeDeviceFunctions() {
  services::NodeDeviceFunctions functions;
  functions.list = [] { return node::ListNodeDevices(); };
  functions.get = [](absl::string_view name) { return node::ReadNodeDevice(name); };
  return functions;
}

}  // namespace reeve
