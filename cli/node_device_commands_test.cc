// The commands about devices of the host, against a daemon of a few lines.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/node_device_text.h"
#include "cli/test_user.h"
#include "client/fake_daemon.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

using client::FakeDaemon;

v1::NodeDevice Device(const std::string& name, const std::string& parent) {
  v1::NodeDevice device;
  device.set_name(absl::StrCat("nodeDevices/", name));
  device.set_parent(parent);
  v1::PciCapability* const pci = device.add_capabilities()->mutable_pci();
  pci->mutable_address()->set_slot(3);
  pci->mutable_vendor()->set_id(0x8086);
  pci->mutable_product()->set_id(0x100e);
  return device;
}

struct Fixture {
  Fixture() {
    daemon.On<v1::ListNodeDevicesRequest, v1::ListNodeDevicesResponse>(
        methods::kListNodeDevices, [](const v1::ListNodeDevicesRequest&, v1::ListNodeDevicesResponse* response) {
          *response->add_devices() = Device("pci_0000_00_02_0", "computer");
          *response->add_devices() = Device("pci_0000_00_03_0", "computer");
          *response->add_devices() = Device("pci_0000_01_00_0", "pci_0000_00_02_0");
          v1::NodeDevice& stick = *response->add_devices();
          stick.set_name("nodeDevices/usb_1_4");
          stick.set_parent("pci_0000_00_03_0");
          stick.add_capabilities()->mutable_usb_device()->set_bus(1);
          return absl::OkStatus();
        });
    daemon.On<v1::GetNodeDeviceRequest, v1::NodeDevice>(
        methods::kGetNodeDevice, [this](const v1::GetNodeDeviceRequest& request, v1::NodeDevice* device) {
          asked = request.name();
          if (request.name() != "nodeDevices/pci_0000_00_03_0") {
            return Error(v1::REASON_NODE_DEVICE_NOT_FOUND, "there is none");
          }
          *device = Device("pci_0000_00_03_0", "computer");
          return absl::OkStatus();
        });
    const auto change = [this](const char* word) {
      return [this, word](const v1::NodeDeviceRequest& request, v1::NodeDevice* device) {
        asked = absl::StrCat(word, " ", request.name(), " for ", request.hypervisor());
        if (absl::StrContains(request.name(), "_04_")) return Error(v1::REASON_NODE_DEVICE_IN_USE, "web1 has it");
        device->set_name(request.name());
        return absl::OkStatus();
      };
    };
    daemon.On<v1::NodeDeviceRequest, v1::NodeDevice>(methods::kDetachNodeDevice, change("detach"));
    daemon.On<v1::NodeDeviceRequest, v1::NodeDevice>(methods::kReattachNodeDevice, change("reattach"));
    daemon.On<v1::NodeDeviceRequest, v1::NodeDevice>(methods::kResetNodeDevice, change("reset"));
    daemon.Start();
  }
  FakeDaemon daemon;
  std::string asked;
};

TEST_CASE_METHOD(Fixture, "devices are listed by name, and as a tree") {
  TestUser user(daemon.uri());
  for (const char* command : {"nodedev-list", "nodedev-list --cap usb_device,pci"}) {
    CHECK(user.Run(command) == kExitOk);
    CHECK(user.out() == "pci_0000_00_02_0\npci_0000_00_03_0\npci_0000_01_00_0\nusb_1_4\n\n");
  }
  CHECK(user.Run("nodedev-list --cap pci") == kExitOk);
  CHECK(user.out() == "pci_0000_00_02_0\npci_0000_00_03_0\npci_0000_01_00_0\n\n");
  CHECK(user.Run("nodedev-list --cap usb_device") == kExitOk);
  CHECK(user.out() == "usb_1_4\n\n");
  CHECK(user.Run("nodedev-list --tree") == kExitOk);
  CHECK(user.out() ==
        "computer\n"
        "  |\n"
        "  +- pci_0000_00_02_0\n"
        "  |   |\n"
        "  |   +- pci_0000_01_00_0\n"
        "  |\n"
        "  +- pci_0000_00_03_0\n"
        "      |\n"
        "      +- usb_1_4\n"
        "\n");
  CHECK(user.Run("nodedev-list --cap net") == kExitUsage);
  CHECK(user.Run("nodedev-list --output json") == kExitOk);
  CHECK_THAT(user.out(), Catch::Contains("\"nodeDevices/pci_0000_01_00_0\""));
}

TEST_CASE_METHOD(Fixture, "a device is known by its name and its address") {
  TestUser user(daemon.uri());
  for (const char* name : {"pci_0000_00_03_0", "nodeDevices/pci_0000_00_03_0", "0000:00:03.0", "00:03.0"}) {
    INFO(name);
    CHECK(user.Run(absl::StrCat("nodedev-dumpxml ", name)) == kExitOk);
    CHECK(asked == "nodeDevices/pci_0000_00_03_0");
    CHECK_THAT(user.out(), Catch::StartsWith("<device>\n  <name>pci_0000_00_03_0</name>\n") &&
                               Catch::Contains("<vendor id='0x8086'/>"));
  }
  CHECK(NodeDeviceName("0000:00:1F.2") == "nodeDevices/pci_0000_00_1f_2");
  CHECK(NodeDeviceName("../x") == "nodeDevices/../x");
  CHECK(user.Run("nodedev-dumpxml pci_0000_00_09_0") == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("Could not find matching device 'pci_0000_00_09_0'"));
}

TEST_CASE_METHOD(Fixture, "a device is detached, reattached and reset") {
  TestUser user(daemon.uri());
  CHECK(user.Run("nodedev-detach pci_0000_00_03_0") == kExitOk);
  CHECK(user.out() == "Device pci_0000_00_03_0 detached\n\n");
  CHECK(asked == "detach nodeDevices/pci_0000_00_03_0 for hypervisors/test");
  CHECK(user.Run("nodedev-dettach 00:03.0 --driver xen") == kExitOk);
  CHECK(user.out() == "Device 00:03.0 detached\n\n");
  CHECK(user.Run("nodedev-detach 00:03.0 --driver vfio") == kExitUsage);
  CHECK(user.Run("nodedev-reattach 00:03.0") == kExitOk);
  CHECK(user.out() == "Device 00:03.0 re-attached\n\n");
  CHECK(asked == "reattach nodeDevices/pci_0000_00_03_0 for hypervisors/test");
  CHECK(user.Run("nodedev-reset 00:03.0") == kExitOk);
  CHECK(user.out() == "Device 00:03.0 reset\n\n");
  CHECK(asked == "reset nodeDevices/pci_0000_00_03_0 for hypervisors/test");
  for (const auto& [command, words] : {std::pair{"nodedev-detach", "Failed to detach device 00:04.0"},
                                       {"nodedev-reattach", "Failed to re-attach device 00:04.0"},
                                       {"nodedev-reset", "Failed to reset device 00:04.0"}}) {
    CHECK(user.Run(absl::StrCat(command, " 00:04.0")) == kExitFailed);
    CHECK_THAT(user.error(), Catch::Contains(words) && Catch::Contains("web1 has it"));
  }
}

TEST_CASE("what a daemon says of parents does no harm") {
  v1::ListNodeDevicesResponse list;
  CHECK(NodeDeviceTree(list) == "computer\n");
  *list.add_devices() = Device("computer", "computer");
  *list.add_devices() = Device("a\x1b[2J", "computer");
  *list.add_devices() = Device("b", "c");
  *list.add_devices() = Device("c", "b");
  CHECK(NodeDeviceTree(list) == "computer\n  |\n  +- computer\n  +- a\\x1b[2J\n");
  CHECK_THAT(NodeDeviceLines(list), Catch::Contains("a\\x1b[2J\n"));
}

}  // namespace
}  // namespace reeve::cli
