// USB devices of the host that are named by what they are, on the fake.
#include "drivers/xen/usb_addresses.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "drivers/node/fake_tree.h"
#include "drivers/xen/config_builder.h"
#include "drivers/xen/test_host.h"
#include "proto/status.h"

namespace reeve::xen {
namespace {

// A host with a keyboard, and two sticks that are the same.
struct Fixture : Host {
  Fixture() {
    Plug("1-1", 1, 4, "046d", "c31c");
    Plug("1-2", 1, 5, "0781", "5567");
    Plug("2-1", 2, 7, "0781", "5567");
    sysfs = tree.Path("sys");
    Restart();
    driver->Recover({}, &recorder);
  }
  void Plug(const std::string& name, int bus, int device, const std::string& vendor, const std::string& product) const {
    const std::string directory = absl::StrCat("sys/bus/usb/devices/", name, "/");
    tree.Write(directory + "bDeviceClass", "00");
    tree.Write(directory + "busnum", absl::StrCat(bus));
    tree.Write(directory + "devnum", absl::StrCat(device));
    tree.Write(directory + "idVendor", vendor);
    tree.Write(directory + "idProduct", product);
  }
  static v1::HostUsbDevice& Add(v1::Devices* devices, uint32_t vendor, uint32_t product) {
    v1::HostUsbDevice& usb = *devices->add_host_devices()->mutable_usb();
    usb.set_vendor(vendor);
    usb.set_product(product);
    return usb;
  }
  absl::Status Change(drivers::DeviceChange change, const v1::Devices& device, const v1::DomainSpec& spec) {
    return driver->ChangeDevice(key, change, device, spec, spec);
  }

  node::FakeTree tree;
};

TEST_CASE_METHOD(Fixture, "a device is found by vendor and product") {
  v1::DomainSpec spec = Spec();
  Add(spec.mutable_devices(), 0x46d, 0xc31c);
  REQUIRE(driver->Validate(spec).ok());
  const uint32_t domid = Start(spec);
  CHECK(xen.domain(domid).devices.count("usb 1.4") == 1);
}

TEST_CASE_METHOD(Fixture, "one of two that are the same is named by its place") {
  v1::Devices devices;
  v1::HostUsbDevice& usb = Add(&devices, 0x781, 0x5567);
  const absl::Status several = FindUsbDevices(sysfs, AbsentUsb::kByPolicy, &devices);
  CHECK(ReasonOf(several) == v1::REASON_SPEC_INVALID);
  CHECK_THAT(std::string(several.message()), Catch::Contains("2 of USB device 0781:5567"));
  usb.set_bus(2);
  usb.set_device(7);
  CHECK(FindUsbDevices(sysfs, AbsentUsb::kByPolicy, &devices).ok());
  usb.set_device(8);
  const absl::Status none = FindUsbDevices(sysfs, AbsentUsb::kByPolicy, &devices);
  CHECK(ReasonOf(none) == v1::REASON_NODE_DEVICE_NOT_FOUND);
  CHECK(std::string(none.message()) == "the host has no USB device 0781:5567 at bus 2 device 8");
}

TEST_CASE_METHOD(Fixture, "without one that is optional a guest starts, without another it does not") {
  v1::DomainSpec spec = Spec();
  v1::HostUsbDevice& usb = Add(spec.mutable_devices(), 0xdead, 1);
  const auto refused = driver->Start(key, spec, false);
  CHECK(ReasonOf(refused.status()) == v1::REASON_NODE_DEVICE_NOT_FOUND);
  CHECK(xen.domids() == std::vector<uint32_t>{0});
  usb.set_startup_policy("optional");
  const uint32_t domid = Start(spec);
  CHECK(xen.domain(domid).devices.empty());
}

TEST_CASE_METHOD(Fixture, "it comes and goes while the guest runs, and is missed when it is not there") {
  v1::DomainSpec spec = Spec();
  SECTION("PV, with a controller") {
    v1::Controller& controller = *spec.mutable_devices()->add_controllers();
    controller.set_type("usb");
    controller.set_model("qusb2");
  }
  SECTION("HVM, which is given one") {
    spec.mutable_os()->set_type("hvm");
    spec.mutable_os()->clear_kernel();
  }
  const uint32_t domid = Start(spec);
  v1::Devices devices;
  Add(&devices, 0x46d, 0xc31c);
  REQUIRE(Change(drivers::DeviceChange::kAttach, devices, spec).ok());
  CHECK(xen.domain(domid).devices.count("usb 1.4") == 1);
  CHECK(xen.domain(domid).usb_controllers == 1);
  REQUIRE(Change(drivers::DeviceChange::kDetach, devices, spec).ok());
  CHECK(xen.domain(domid).devices.empty());
  v1::Devices absent;
  Add(&absent, 0xdead, 1).set_startup_policy("optional");
  CHECK(ReasonOf(Change(drivers::DeviceChange::kAttach, absent, spec)) == v1::REASON_NODE_DEVICE_NOT_FOUND);
}

TEST_CASE_METHOD(Fixture, "a PV guest that has no controller is given no device while it runs") {
  const uint32_t domid = Start(Spec());
  v1::Devices devices;
  Add(&devices, 0x46d, 0xc31c);
  const absl::Status status = Change(drivers::DeviceChange::kAttach, devices, Spec());
  CHECK(ReasonOf(status) == v1::REASON_UNSUPPORTED_BY_DRIVER);
  CHECK_THAT(std::string(status.message()), Catch::Contains("qusb2"));
  CHECK(xen.domain(domid).devices.empty());
}

TEST_CASE_METHOD(Fixture, "a guest that starts with USB devices has the controllers for them") {
  v1::DomainSpec spec = Spec();
  for (int i = 0; i < 9; ++i) {
    v1::HostUsbDevice& usb = *spec.mutable_devices()->add_host_devices()->mutable_usb();
    usb.set_bus(1);
    usb.set_device(10 + i);
  }
  auto config = BuildDomainConfig(library, key, spec);
  REQUIRE(config.ok());
  REQUIRE((*config)->num_usbctrls == 2);
  CHECK((*config)->usbctrls[0].type == LIBXL_USBCTRL_TYPE_QUSB);
  v1::Controller& controller = *spec.mutable_devices()->add_controllers();
  controller.set_type("usb");
  controller.set_model("qusb1");
  controller.set_ports(15);
  config = BuildDomainConfig(library, key, spec);
  REQUIRE(config.ok());
  REQUIRE((*config)->num_usbctrls == 1);
  CHECK((*config)->usbctrls[0].ports == 15);
  spec.mutable_devices()->clear_controllers();
  spec.mutable_os()->set_type("hvm");
  spec.mutable_os()->clear_kernel();
  config = BuildDomainConfig(library, key, spec);
  REQUIRE(config.ok());
  REQUIRE((*config)->num_usbctrls == 2);
  CHECK((*config)->usbctrls[0].type == LIBXL_USBCTRL_TYPE_DEVICEMODEL);
}

TEST_CASE_METHOD(Fixture, "a device without a name is refused") {
  v1::DomainSpec spec = Spec();
  spec.mutable_devices()->add_host_devices()->mutable_usb()->set_bus(1);
  const absl::Status status = driver->Validate(spec);
  CHECK(ReasonOf(status) == v1::REASON_SPEC_INVALID);
}

}  // namespace
}  // namespace reeve::xen
