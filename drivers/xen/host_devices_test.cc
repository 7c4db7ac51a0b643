#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "drivers/node/fake_tree.h"
#include "drivers/xen/test_host.h"
#include "proto/status.h"

namespace reeve::xen {
namespace {

constexpr PciFunction kFunction{0, 0, 4, 0};

// A host with one PCI function, of the driver e1000.
struct Fixture : Host {
  Fixture() {
    address.set_slot(4);
    place = tree.Pci("pci0000:00", "0000:00:04.0");
    tree.Write("sys/bus/pci/drivers/pciback/new_slot", "");
    BindTo("e1000");
    sysfs = tree.Path("sys");
    Restart();
    driver->Recover({}, &recorder);
  }
  void BindTo(const std::string& name) {
    tree.Remove(place + "/driver");
    if (!name.empty()) tree.Link(place + "/driver", "../../../bus/pci/drivers/" + name);
  }
  size_t Count(const std::string& call) const {
    const auto calls = xen.calls();
    return static_cast<size_t>(std::count(calls.begin(), calls.end(), call));
  }
  void CheckInUse(const absl::Status& status, const std::string& by) {
    CHECK(ReasonOf(status) == v1::REASON_NODE_DEVICE_IN_USE);
    CHECK_THAT(std::string(status.message()), Catch::Contains(by) && Catch::Contains("0000:00:04.0"));
  }
  v1::DomainSpec WithFunction() const {
    v1::DomainSpec spec = Spec();
    spec.mutable_devices()->add_host_devices()->mutable_pci()->set_slot(4);
    return spec;
  }

  node::FakeTree tree;
  std::string place;
  v1::PciDeviceAddress address;
};

TEST_CASE_METHOD(Fixture, "a function is taken from the host and given back; what is done already is no error") {
  CHECK(driver->ReattachToHost(address).ok());
  CHECK(Count("ReturnPciToHost") == 0);
  CHECK(driver->DetachFromHost(address).ok());
  CHECK(driver->DetachFromHost(address).ok());
  CHECK(xen.assignable() == std::set<PciFunction>{kFunction});
  CHECK(driver->ReattachToHost(address).ok());
  CHECK(xen.assignable().empty());
  CHECK(Count("ReturnPciToHost") == 1);
}

TEST_CASE_METHOD(Fixture, "what a guest has is left alone; what it has released is not") {
  CHECK(driver->DetachFromHost(address).ok());
  BindTo("pciback");
  tree.Write(place + "/reset", "");
  Start(WithFunction());
  CheckInUse(driver->DetachFromHost(address), "web1");
  CheckInUse(driver->ReattachToHost(address), "web1");
  CheckInUse(driver->ResetDevice(address), "web1");
  CHECK(xen.assignable() == std::set<PciFunction>{kFunction});
  CHECK(driver->Destroy(key).ok());
  CHECK(driver->ResetDevice(address).ok());
  CHECK(driver->ReattachToHost(address).ok());
  CHECK(xen.assignable().empty());
}

TEST_CASE_METHOD(Fixture,
                 "what is managed goes back to the host with its guest; a failure is no matter of the guest's") {
  v1::DomainSpec spec = WithFunction();
  spec.mutable_devices()->mutable_host_devices(0)->mutable_pci()->set_managed(true);
  xen.SetAssignable({kFunction});  // as libxenlight does at the start
  Start(spec);
  CHECK(driver->Destroy(key).ok());
  CHECK(xen.assignable().empty());

  // Detached while the guest runs, which then has nothing to give back.
  xen.SetAssignable({kFunction});
  Start(spec);
  v1::DomainSpec without = spec;
  without.mutable_devices()->clear_host_devices();
  CHECK(driver->ChangeDevice(key, drivers::DeviceChange::kDetach, spec.devices(), spec, without).ok());
  CHECK(xen.assignable().empty());
  CHECK(driver->Destroy(key).ok());
  CHECK(Count("ReturnPciToHost") == 2);

  xen.SetAssignable({kFunction});
  Start(spec);
  xen.Fail("ReturnPciToHost", absl::InternalError("injected"));
  CHECK(driver->Destroy(key).ok());
  CHECK(xen.assignable() == std::set<PciFunction>{kFunction});

  // One that somebody has detached by hand stays so.
  Start(WithFunction());
  CHECK(driver->Destroy(key).ok());
  CHECK(xen.assignable() == std::set<PciFunction>{kFunction});
  CHECK(Count("ReturnPciToHost") == 3);
}

TEST_CASE_METHOD(Fixture, "a guest of another toolstack is told too, by its id where its name cannot be had") {
  const uint32_t domid = xen.CreateBehind("theirs", "11111111-2222-4333-8444-555555555555");
  xen.GiveBehind(domid, kFunction);
  CheckInUse(driver->DetachFromHost(address), "theirs");
  address.set_function(1);
  CHECK(driver->DetachFromHost(address).ok());
}

TEST_CASE_METHOD(Fixture, "nothing changes hands while a guest is being given functions") {
  absl::Status meanwhile;
  xen.During("Create", [&] { meanwhile = driver->ReattachToHost(address); });
  Start(WithFunction());
  CHECK(ReasonOf(meanwhile) == v1::REASON_NODE_DEVICE_IN_USE);
  CHECK_THAT(std::string(meanwhile.message()), Catch::Contains("at this moment"));
}

TEST_CASE_METHOD(Fixture, "guests without functions of the host hinder nobody") {
  absl::Status meanwhile = absl::UnknownError("not called");
  xen.During("Create", [&] { meanwhile = driver->DetachFromHost(address); });
  Start(Spec());
  CHECK(meanwhile.ok());
}

TEST_CASE_METHOD(Fixture, "a call that fails is told with its cause, and the host has the function as before") {
  const std::string call = GENERATE("List", "PciOf", "Host", "AssignablePci", "MakePciAssignable");
  INFO(call);
  xen.Fail(call, absl::InternalError("injected"));
  const absl::Status status = driver->DetachFromHost(address);
  CHECK(ReasonOf(status) == v1::REASON_DRIVER_FAILED);
  CHECK_THAT(std::string(status.message()), Catch::Contains("injected") && !Catch::Contains("modprobe"));
  CHECK(xen.assignable().empty());
}

TEST_CASE_METHOD(Fixture, "giving back that fails leaves it where it is") {
  const std::string call = GENERATE("List", "PciOf", "AssignablePci", "ReturnPciToHost");
  INFO(call);
  xen.SetAssignable({kFunction});
  xen.Fail(call, absl::InternalError("injected"));
  const absl::Status status = driver->ReattachToHost(address);
  CHECK(ReasonOf(status) == v1::REASON_DRIVER_FAILED);
  CHECK_THAT(std::string(status.message()), Catch::Contains("injected"));
  CHECK(xen.assignable() == std::set<PciFunction>{kFunction});
}

TEST_CASE_METHOD(Fixture, "one that was taken already stays so when it is taken again in vain") {
  xen.SetAssignable({kFunction});
  xen.Fail("MakePciAssignable", absl::InternalError("injected"));
  CHECK(ReasonOf(driver->DetachFromHost(address)) == v1::REASON_DRIVER_FAILED);
  CHECK(xen.assignable() == std::set<PciFunction>{kFunction});
}

TEST_CASE_METHOD(Fixture, "what has been taken in vain and is not given back stays in sight") {
  xen.Fail("MakePciAssignable", absl::InternalError("injected"));
  xen.Fail("ReturnPciToHost", absl::InternalError("also that"));
  CHECK_THAT(std::string(driver->DetachFromHost(address).message()), Catch::Contains("injected"));
  CHECK(xen.assignable() == std::set<PciFunction>{kFunction});
}

TEST_CASE_METHOD(Fixture, "without an IOMMU nothing is taken from the host") {
  xen.SetIommu(false);
  const absl::Status status = driver->DetachFromHost(address);
  CHECK(ReasonOf(status) == v1::REASON_NODE_CANNOT);
  CHECK_THAT(std::string(status.message()), Catch::Contains("IOMMU"));
  CHECK(Count("MakePciAssignable") == 0);
}

TEST_CASE_METHOD(Fixture, "the module that is missing is named") {
  tree.Remove("sys/bus/pci/drivers/pciback/new_slot");
  tree.Remove("sys/bus/pci/drivers/pciback");
  xen.Fail("MakePciAssignable", absl::InternalError("injected"));
  const absl::Status status = driver->DetachFromHost(address);
  CHECK(ReasonOf(status) == v1::REASON_DRIVER_FAILED);
  CHECK_THAT(std::string(status.message()), Catch::Contains("modprobe xen-pciback") && Catch::Contains("injected"));
}

TEST_CASE_METHOD(Fixture, "a reset is for what nobody has, and for what can be reset") {
  tree.Write(place + "/reset", "");
  CheckInUse(driver->ResetDevice(address), "e1000");
  for (const char* name : {"", "pciback"}) {
    INFO(name);
    BindTo(name);
    CHECK(driver->ResetDevice(address).ok());
  }
  tree.Remove(place + "/reset");
  CHECK(ReasonOf(driver->ResetDevice(address)) == v1::REASON_NODE_CANNOT);
  address.set_bus(9);
  CHECK(ReasonOf(driver->ResetDevice(address)) == v1::REASON_NODE_DEVICE_NOT_FOUND);
}

TEST_CASE("without Xen there is nobody to take it for") {
  XenDriver driver({.state_directory = "/nowhere", .unavailable = absl::FailedPreconditionError("no Xen")});
  CHECK(ReasonOf(driver.DetachFromHost({})) == v1::REASON_HYPERVISOR_UNAVAILABLE);
  CHECK(ReasonOf(driver.ReattachToHost({})) == v1::REASON_HYPERVISOR_UNAVAILABLE);
  CHECK(ReasonOf(driver.ResetDevice({})) == v1::REASON_HYPERVISOR_UNAVAILABLE);
}

}  // namespace
}  // namespace reeve::xen
