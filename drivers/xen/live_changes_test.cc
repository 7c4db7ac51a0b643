// What is changed of a guest that runs, on the fake.
#include "drivers/xen/live_changes.h"

#include <catch2/catch.hpp>
#include <string>

#include "drivers/xen/fake_toolstack.h"
#include "proto/status.h"

namespace reeve::xen {
namespace {

struct Fixture {
  Fixture() {
    auto loaded = LibxlLibrary::Load();
    REQUIRE(loaded.ok());
    library = *loaded;
    toolstack = std::make_unique<FakeToolstack>(&xen, library);
    guest.key = {.name = "web1", .uid = "c7a5fdb2-cdaf-9455-926a-d65c16db1809", .run = 1};
    guest.domid = xen.CreateBehind(guest.key.name, guest.key.uid);
    spec.set_memory_kib(65536);
    spec.set_vcpus(2);
    spec.mutable_os()->set_type("linux");
    spec.mutable_os()->set_kernel("/boot/vmlinuz");
  }
  absl::Status Change(drivers::DeviceChange change, const v1::Devices& device) {
    return ChangeGuestDevice(*toolstack, library, guest, change, device, spec);
  }
  absl::Status Tune(const v1::DomainSpec& after) { return TuneGuest(*toolstack, guest, spec, after); }
  FakeXen::Domain Now() const { return xen.domain(guest.domid); }

  FakeXen xen;
  std::shared_ptr<const LibxlLibrary> library;
  std::unique_ptr<FakeToolstack> toolstack;
  Guest guest;
  v1::DomainSpec spec;
};

v1::Devices Disk(const std::string& source, const std::string& target) {
  v1::Devices devices;
  v1::Disk& disk = *devices.add_disks();
  disk.set_type("block");
  disk.set_device("disk");
  disk.set_driver_name("phy");
  disk.set_source(source);
  disk.set_target_device(target);
  disk.set_target_bus("xen");
  return devices;
}

TEST_CASE("Devices come and go") {
  Fixture fixture;
  v1::Devices device;
  std::string name;
  SECTION("a disk") {
    device = Disk("/dev/vg/data", "xvdb");
    name = "xvdb";
  }
  SECTION("an interface") {
    v1::Interface& interface = *device.add_interfaces();
    interface.set_type(v1::Interface::TYPE_BRIDGE);
    interface.set_source("br0");
    interface.set_mac_address("00:16:3e:11:22:33");
    name = "00:16:3e:11:22:33";
  }
  SECTION("a PCI device of the host") {
    v1::HostPciDevice& pci = *device.add_host_devices()->mutable_pci();
    pci.set_bus(3);
    pci.set_slot(1);
    name = "pci 3:1.0";
  }
  SECTION("a USB device of the host") {
    v1::HostUsbDevice& usb = *device.add_host_devices()->mutable_usb();
    usb.set_bus(1);
    usb.set_device(4);
    name = "usb 1.4";
    REQUIRE(fixture.toolstack->AddUsbController(fixture.guest.domid, nullptr).ok());
  }
  REQUIRE(fixture.Change(drivers::DeviceChange::kAttach, device).ok());
  CHECK(fixture.Now().devices.count(name) == 1);
  CHECK(ReasonOf(fixture.Change(drivers::DeviceChange::kUpdate, device)) == v1::REASON_UNSUPPORTED_BY_DRIVER);
  REQUIRE(fixture.Change(drivers::DeviceChange::kDetach, device).ok());
  CHECK(fixture.Now().devices.empty());
}

TEST_CASE("What fails is told by the toolstack's own words") {
  Fixture fixture;
  for (const auto& [call, change] : {std::pair{"AddDisk", drivers::DeviceChange::kAttach},
                                     std::pair{"RemoveDisk", drivers::DeviceChange::kDetach}}) {
    fixture.xen.Fail(call, absl::InternalError("libxl_device_disk: no"));
    CHECK_THAT(std::string(fixture.Change(change, Disk("/dev/vg/data", "xvdb")).message()),
               Catch::Contains("libxl_device_disk: no"));
  }
}

TEST_CASE("A device that Xen has not is refused") {
  Fixture fixture;
  v1::Devices device;
  device.add_filesystems()->set_target("/data");
  CHECK_FALSE(fixture.Change(drivers::DeviceChange::kAttach, device).ok());
  CHECK(fixture.Now().devices.empty());
}

TEST_CASE("The medium of a drive is changed") {
  Fixture fixture;
  fixture.spec.mutable_os()->set_type("hvm");
  fixture.spec.mutable_os()->clear_kernel();
  v1::Devices device = Disk("/iso/second.iso", "hdc");
  device.mutable_disks(0)->set_type("file");
  device.mutable_disks(0)->set_driver_name("qemu");
  device.mutable_disks(0)->set_device("cdrom");
  device.mutable_disks(0)->set_target_bus("ide");
  device.mutable_disks(0)->set_read_only(true);
  REQUIRE(fixture.Change(drivers::DeviceChange::kUpdate, device).ok());
  CHECK(fixture.Now().devices["cdrom"] == "/iso/second.iso");
}

TEST_CASE("Memory, weight, quota and pins are set") {
  Fixture fixture;
  v1::DomainSpec after = fixture.spec;
  after.set_memory_kib(131072);
  after.set_current_memory_kib(98304);
  after.mutable_cpu_tuning()->set_shares(512);
  after.mutable_cpu_tuning()->set_period_us(100'000);
  after.mutable_cpu_tuning()->set_quota_us(150'000);
  v1::CpuPin& pin = *after.mutable_cpu_tuning()->add_vcpu_pins();
  pin.set_id(1);
  pin.set_cpuset("2-3");

  SECTION("all") {
    REQUIRE(fixture.Tune(after).ok());
    const FakeXen::Domain now = fixture.Now();
    CHECK(now.facts.maximum_memory_kib == 131072);
    CHECK(now.facts.memory_kib == 98304);
    CHECK(now.scheduling.weight == 512);
    CHECK(now.scheduling.cap == 150);
    CHECK(now.pins.at(1) == std::set<uint32_t>{2, 3});
  }
  SECTION("what was done before a step failed is undone") {
    fixture.xen.Fail("Pin", absl::InternalError("injected"));
    CHECK_THAT(std::string(fixture.Tune(after).message()), Catch::Contains("injected"));
    const FakeXen::Domain now = fixture.Now();
    CHECK(now.facts.maximum_memory_kib == 65536);
    CHECK(now.facts.memory_kib == 65536);
    CHECK(now.scheduling.weight == 256);
    CHECK(now.scheduling.cap == 0);
  }
  SECTION("each step's failure is told") {
    for (const char* call : {"SetMaximumMemory", "SetMemoryTarget", "SetScheduling"}) {
      INFO(call);
      fixture.xen.Fail(call, absl::InternalError("injected"));
      CHECK_FALSE(fixture.Tune(after).ok());
      CHECK(fixture.Now().facts.memory_kib == 65536);
    }
  }
}

TEST_CASE("Nothing is called for what is the same") {
  Fixture fixture;
  v1::DomainSpec after = fixture.spec;
  after.set_title("another");
  REQUIRE(fixture.Tune(after).ok());
  CHECK(fixture.xen.calls().empty());
}

}  // namespace
}  // namespace reeve::xen
