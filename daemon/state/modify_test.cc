// Devices, limits and metadata of domains that are there already.
#include <catch2/catch.hpp>

#include "daemon/state/fixture.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

struct ModifyFixture : Fixture {
  ModifyFixture() {
    options.formats.put_into_namespace = [](absl::string_view element, absl::string_view key, absl::string_view uri) {
      return absl::StatusOr<std::string>(std::string(uri) + "|" + std::string(key) + "|" + std::string(element));
    };
    options.formats.take_from_namespace = [](absl::string_view element) {
      return absl::StatusOr<std::string>(std::string(element.substr(element.rfind('|') + 1)));
    };
    options.formats.namespace_of = [](absl::string_view element) {
      return std::string(element.substr(0, element.find('|')));
    };
    options.on_connection_end = [this](uint64_t, std::function<void()> action) {
      if (connection_gone) return false;
      hang_up = std::move(action);
      return true;
    };
    Open();
    REQUIRE(Create("web1").ok());
  }

  static v1::DeviceRequest Interface(const std::string& mac) {
    v1::DeviceRequest request;
    request.set_name(Name("web1"));
    request.mutable_device()->add_interfaces()->set_mac_address(mac);
    return request;
  }
  absl::StatusOr<v1::Domain> Attach(const v1::DeviceRequest& request) {
    return Call<v1::Domain>(&ManagerImpl::AttachDevice, request);
  }
  absl::StatusOr<v1::Domain> Detach(const v1::DeviceRequest& request) {
    return Call<v1::Domain>(&ManagerImpl::DetachDevice, request);
  }
  absl::StatusOr<v1::Domain> SetShares(uint64_t shares, bool live, bool config) {
    v1::SetSchedulerParametersRequest request;
    request.set_name(Name("web1"));
    request.mutable_cpu()->set_shares(shares);
    request.set_live(live);
    request.set_config(config);
    return Call<v1::Domain>(&ManagerImpl::SetSchedulerParameters, request);
  }
  uint64_t Shares(bool config) {
    v1::GetTuningRequest request;
    request.set_name(Name("web1"));
    request.set_config(config);
    return manager->GetTuning(Caller(), request)->cpu().shares();
  }

  bool connection_gone = false;
  std::function<void()> hang_up;
};

TEST_CASE_METHOD(ModifyFixture, "without flags a change is of the guest if it runs, else of the definition") {
  REQUIRE(SetShares(100, false, false).ok());
  CHECK(Shares(true) == 100);
  CHECK(driver->tunings.empty());
  CHECK(LastEvent().type() == v1::EVENT_TYPE_DEFINED);
  REQUIRE(Start("web1").ok());
  const auto domain = SetShares(200, false, false);
  REQUIRE(domain.ok());
  CHECK(domain->status().updated());
  CHECK(Shares(false) == 200);
  CHECK(Shares(true) == 100);
  REQUIRE(driver->tunings.size() == 1);
  CHECK(driver->tunings[0].first.cpu_tuning().shares() == 100);
  CHECK(driver->tunings[0].second.cpu_tuning().shares() == 200);
  const v1::Event event = LastEvent();
  CHECK(event.type() == v1::EVENT_TYPE_TUNABLE);
  REQUIRE(event.parameters_size() == 1);
  CHECK(event.parameters(0).name() == "cputune.cpu_shares");
  CHECK(event.parameters(0).value() == "200");
}

TEST_CASE_METHOD(ModifyFixture, "live and config change both; what both have is one definition again") {
  REQUIRE(Start("web1").ok());
  REQUIRE(SetShares(200, true, false).ok());
  CHECK(Get("web1")->status().updated());
  const auto domain = SetShares(300, true, true);
  REQUIRE(domain.ok());
  CHECK_FALSE(domain->status().updated());
  CHECK(Shares(false) == 300);
  CHECK(Shares(true) == 300);
  REQUIRE(SetShares(400, false, true).ok());
  CHECK(Shares(false) == 300);
  CHECK(Shares(true) == 400);
  CHECK(driver->tunings.size() == 2);
}

TEST_CASE_METHOD(ModifyFixture, "a guest that does not run, and a definition that is not there, are refused") {
  CHECK(ReasonOf(SetShares(200, true, false).status()) == v1::REASON_DOMAIN_STATE);
  REQUIRE(Start("web1").ok());
  REQUIRE(Delete("web1").ok());
  CHECK(ReasonOf(SetShares(200, false, true).status()) == v1::REASON_DOMAIN_TRANSIENT);
  CHECK(SetShares(200, false, false).ok());
  CHECK(Shares(false) == 200);
}

TEST_CASE_METHOD(ModifyFixture, "a change that the driver cannot do leaves everything as it was") {
  REQUIRE(Start("web1").ok());
  driver->SetFailure("tune web1", Error(v1::REASON_DRIVER_FAILED, "write cpu.shares"));
  CHECK(ReasonOf(SetShares(200, true, true).status()) == v1::REASON_DRIVER_FAILED);
  CHECK(Shares(false) == 0);
  CHECK(Shares(true) == 0);
}

TEST_CASE_METHOD(ModifyFixture, "a device is attached, told of, and detached") {
  REQUIRE(Start("web1").ok());
  REQUIRE(Attach(Interface("52:54:00:00:00:01")).ok());
  REQUIRE(driver->device_changes.size() == 1);
  CHECK(driver->device_changes[0].change == drivers::DeviceChange::kAttach);
  CHECK(driver->device_changes[0].after.devices().interfaces_size() == 1);
  CHECK(driver->device_changes[0].before.devices().interfaces_size() == 0);
  CHECK(LastEvent().type() == v1::EVENT_TYPE_DEVICE_ADDED);
  CHECK(LastEvent().device() == "interface 52:54:00:00:00:01");
  CHECK(Get("web1")->spec().devices().interfaces_size() == 0);  // the definition has not got it
  CHECK(ReasonOf(Attach(Interface("52:54:00:00:00:01")).status()) == v1::REASON_DEVICE_EXISTS);
  CHECK(ReasonOf(Detach(Interface("52:54:00:00:00:02")).status()) == v1::REASON_DEVICE_NOT_FOUND);
  REQUIRE(Detach(Interface("52:54:00:00:00:01")).ok());
  CHECK(LastEvent().type() == v1::EVENT_TYPE_DEVICE_REMOVED);
  CHECK_FALSE(Get("web1")->status().updated());
}

TEST_CASE_METHOD(ModifyFixture, "what is not exactly one device is refused") {
  v1::DeviceRequest request;
  request.set_name(Name("web1"));
  CHECK(ReasonOf(Attach(request).status()) == v1::REASON_REQUEST_INVALID);
  request.mutable_device();
  CHECK(ReasonOf(Attach(request).status()) == v1::REASON_REQUEST_INVALID);
  request.mutable_device()->add_interfaces();
  request.mutable_device()->add_disks();
  CHECK(ReasonOf(Attach(request).status()) == v1::REASON_REQUEST_INVALID);
  request.mutable_document()->set_text("<interface/>");
  CHECK(ReasonOf(Attach(request).status()) == v1::REASON_REQUEST_INVALID);  // no format
}

TEST_CASE_METHOD(ModifyFixture, "an interface without an address is meant when it is the only one") {
  REQUIRE(Attach(Interface("52:54:00:00:00:01")).ok());
  REQUIRE(Attach(Interface("52:54:00:00:00:02")).ok());
  CHECK(ReasonOf(Detach(Interface("")).status()) == v1::REASON_REQUEST_INVALID);
  REQUIRE(Detach(Interface("52:54:00:00:00:02")).ok());
  REQUIRE(Detach(Interface("")).ok());
  CHECK(Get("web1")->spec().devices().interfaces_size() == 0);
}

TEST_CASE_METHOD(ModifyFixture, "memory: not beyond its maximum, the maximum not while it runs") {
  v1::SetMemoryRequest request;
  request.set_name(Name("web1"));
  request.set_maximum(true);
  request.set_memory_kib(65536);
  REQUIRE(Call<v1::Domain>(&ManagerImpl::SetMemory, request).ok());
  request.set_maximum(false);
  request.set_memory_kib(65537);
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::SetMemory, request).status()) == v1::REASON_REQUEST_INVALID);
  request.set_memory_kib(4096);
  REQUIRE(Call<v1::Domain>(&ManagerImpl::SetMemory, request).ok());
  CHECK(Get("web1")->spec().current_memory_kib() == 4096);
  request.set_memory_kib(1);
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::SetMemory, request).status()) == v1::REASON_REQUEST_INVALID);
  REQUIRE(Start("web1").ok());
  request.set_maximum(true);
  request.set_memory_kib(32768);
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::SetMemory, request).status()) == v1::REASON_UNSUPPORTED_BY_DRIVER);
}

TEST_CASE_METHOD(ModifyFixture, "block devices are told apart by path, and 0 takes a limit away") {
  v1::SetBlockIoParametersRequest request;
  request.set_name(Name("web1"));
  v1::BlockDeviceTuning& device = *request.mutable_block_io()->add_devices();
  device.set_path("/dev/sda");
  device.set_read_iops(10);
  device.set_write_iops(20);
  REQUIRE(Call<v1::Domain>(&ManagerImpl::SetBlockIoParameters, request).ok());
  device.set_read_iops(0);
  device.clear_write_iops();
  REQUIRE(Call<v1::Domain>(&ManagerImpl::SetBlockIoParameters, request).ok());
  const v1::BlockIoTuning tuning = Get("web1")->spec().block_io_tuning();
  REQUIRE(tuning.devices_size() == 1);
  CHECK_FALSE(tuning.devices(0).has_read_iops());
  CHECK(tuning.devices(0).write_iops() == 20);
  device.set_write_iops(0);
  REQUIRE(Call<v1::Domain>(&ManagerImpl::SetBlockIoParameters, request).ok());
  CHECK_FALSE(Get("web1")->spec().has_block_io_tuning());
}

TEST_CASE_METHOD(ModifyFixture, "title, description and elements of metadata") {
  v1::SetDomainMetadataRequest set;
  set.set_name(Name("web1"));
  set.set_kind(v1::METADATA_KIND_TITLE);
  set.set_text("shop");
  REQUIRE(Call<v1::Domain>(&ManagerImpl::SetDomainMetadata, set).ok());
  CHECK(LastEvent().detail() == v1::EVENT_DETAIL_METADATA_TITLE);
  set.set_kind(v1::METADATA_KIND_ELEMENT);
  set.set_uri("urn:a");
  set.set_key("a");
  set.set_text("<x/>");
  REQUIRE(Call<v1::Domain>(&ManagerImpl::SetDomainMetadata, set).ok());
  set.set_text("<y/>");
  REQUIRE(Call<v1::Domain>(&ManagerImpl::SetDomainMetadata, set).ok());
  CHECK(Get("web1")->spec().metadata_size() == 1);
  v1::GetDomainMetadataRequest get;
  get.set_name(Name("web1"));
  get.set_kind(v1::METADATA_KIND_TITLE);
  CHECK(manager->GetDomainMetadata(Caller(), get)->text() == "shop");
  get.set_kind(v1::METADATA_KIND_ELEMENT);
  get.set_uri("urn:a");
  CHECK(manager->GetDomainMetadata(Caller(), get)->text() == "<y/>");
  set.clear_text();
  REQUIRE(Call<v1::Domain>(&ManagerImpl::SetDomainMetadata, set).ok());
  CHECK(ReasonOf(manager->GetDomainMetadata(Caller(), get).status()) == v1::REASON_METADATA_NOT_FOUND);
  get.set_kind(v1::METADATA_KIND_UNSPECIFIED);
  CHECK(ReasonOf(manager->GetDomainMetadata(Caller(), get).status()) == v1::REASON_REQUEST_INVALID);
}

TEST_CASE_METHOD(ModifyFixture, "a domain ends with its connection, not with that of an earlier run") {
  v1::StartDomainRequest start;
  start.set_name(Name("web1"));
  start.set_auto_destroy(true);
  REQUIRE(Call<v1::Domain>(&ManagerImpl::StartDomain, start).ok());
  CHECK(Get("web1")->status().auto_destroy());
  const std::function<void()> first = hang_up;
  REQUIRE(Verb(&ManagerImpl::DestroyDomain, "web1").ok());
  REQUIRE(Call<v1::Domain>(&ManagerImpl::StartDomain, start).ok());
  first();
  Settle("web1");
  CHECK(driver->Runs("web1"));
  hang_up();
  Settle("web1");
  CHECK_FALSE(driver->Runs("web1"));
  CHECK(LastEvent().type() == v1::EVENT_TYPE_STOPPED);
  CHECK(LastEvent().cause() == v1::EVENT_CAUSE_DAEMON);
}

TEST_CASE_METHOD(ModifyFixture, "one that was to end with a connection that is gone does not stay") {
  connection_gone = true;
  v1::StartDomainRequest start;
  start.set_name(Name("web1"));
  start.set_auto_destroy(true);
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::StartDomain, start).status()) == v1::REASON_CONNECTION_UNKNOWN);
  CHECK_FALSE(driver->Runs("web1"));
}

TEST_CASE_METHOD(ModifyFixture, "modes are for shutdown and reboot only, and must be ones") {
  REQUIRE(Start("web1").ok());
  v1::DomainVerbRequest request = VerbRequest("web1");
  request.add_modes(v1::SHUTDOWN_MODE_SIGNAL);
  CHECK(Call<v1::Domain>(&ManagerImpl::ShutdownDomain, request).ok());
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::SuspendDomain, request).status()) == v1::REASON_REQUEST_INVALID);
  request.add_modes(v1::SHUTDOWN_MODE_UNSPECIFIED);
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::ShutdownDomain, request).status()) == v1::REASON_REQUEST_INVALID);
}

TEST_CASE_METHOD(ModifyFixture, "samples of all running domains in one round, and of one") {
  REQUIRE(Create("web2").ok());
  REQUIRE(Start("web1").ok());
  const auto all = manager->SampleDomains(Caller(), {});
  REQUIRE(all.ok());
  REQUIRE(all->size() == 1);
  CHECK(all->front().complete());
  REQUIRE(all->front().samples_size() == 1);
  CHECK(all->front().samples(0).statistics().cpu_time_ns() == 1000);
  v1::WatchStatisticsRequest request;
  request.set_parent(Name("web2"));
  CHECK(manager->SampleDomains(Caller(), request)->front().samples().empty());
  request.set_parent(Name("web3"));
  CHECK(ReasonOf(manager->SampleDomains(Caller(), request).status()) == v1::REASON_DOMAIN_NOT_FOUND);
  request.set_parent("");
  request.add_statistics(v1::STATISTICS_PART_UNSPECIFIED);
  CHECK(ReasonOf(manager->SampleDomains(Caller(), request).status()) == v1::REASON_REQUEST_INVALID);
}

}  // namespace
}  // namespace reeve::state
