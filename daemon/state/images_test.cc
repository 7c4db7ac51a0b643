// Guests in files: saved, looked at, restored, dumped; and asleep.
#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "daemon/state/fixture.h"

namespace reeve::state {
namespace {

namespace fs = std::filesystem;

struct ImageFixture : Fixture {
  ImageFixture() { Open(); }
  std::string At(const std::string& name) const { return directory.path() + "/" + name; }

  v1::SaveDomainToFileRequest SaveRequest(const std::string& name, const std::string& path) const {
    v1::SaveDomainToFileRequest request;
    request.set_name(Name(name));
    request.set_path(path);
    return request;
  }
  v1::RestoreDomainRequest RestoreRequest(const std::string& path) const {
    v1::RestoreDomainRequest request;
    request.set_parent("hypervisors/test");
    request.set_path(path);
    return request;
  }
  // How an operation ended.
  absl::Status Ended(const absl::StatusOr<v1::Operation>& operation) {
    if (!operation.ok()) return operation.status();
    v1::WaitOperationRequest wait;
    wait.set_name(operation->name());
    const auto ended = Call<v1::Operation>(&ManagerImpl::WaitOperation, wait);
    REQUIRE(ended.ok());
    REQUIRE(ended->done());
    return ended->has_error() ? FromRpcStatus(ended->error()) : absl::OkStatus();
  }
  // WaitOperation takes its request by reference.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(void (ManagerImpl::*method)(const Caller&, const Request&, Done<Response>),
                                const Request& request) {
    std::promise<absl::StatusOr<Response>> promise;
    (manager.get()->*method)(caller(), request,
                             [&](absl::StatusOr<Response> response) { promise.set_value(std::move(response)); });
    return promise.get_future().get();
  }
  using Fixture::Call;
  absl::Status Save(const v1::SaveDomainToFileRequest& request) {
    return Ended(Fixture::Call<v1::Operation>(&ManagerImpl::SaveDomainToFile, request));
  }
  absl::Status Save(const std::string& name, const std::string& path) { return Save(SaveRequest(name, path)); }
  absl::Status Restore(const v1::RestoreDomainRequest& request) {
    return Ended(Fixture::Call<v1::Operation>(&ManagerImpl::RestoreDomain, request));
  }
  absl::Status Dump(const std::string& name, const std::string& path, bool crash = false, bool live = false) {
    v1::DumpDomainRequest request;
    request.set_name(Name(name));
    request.set_path(path);
    request.set_crash(crash);
    request.set_live(live);
    return Ended(Fixture::Call<v1::Operation>(&ManagerImpl::DumpDomain, request));
  }
  absl::StatusOr<v1::SavedImage> Look(const std::string& path) {
    v1::GetSavedImageRequest request;
    request.set_parent("hypervisors/test");
    request.set_path(path);
    request.set_format(v1::Document::FORMAT_LIBVIRT_XML);
    return manager->GetSavedImage(caller(), request);
  }
  size_t files() const {
    size_t count = 0;
    for (const auto& file : fs::directory_iterator(directory.path())) count += file.is_regular_file() ? 1 : 0;
    return count;
  }
};

TEST_CASE_METHOD(ImageFixture, "a guest goes into a file, can be looked at there, and comes out of it") {
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  REQUIRE(Save("web1", At("image")).ok());
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_SHUTOFF);
  CHECK(Get("web1")->status().reason() == v1::DOMAIN_STATE_REASON_SAVED);
  CHECK_FALSE(Get("web1")->status().managed_save());
  CHECK_FALSE(driver->Runs("web1"));
  struct stat facts {};
  REQUIRE(stat(At("image").c_str(), &facts) == 0);
  CHECK((facts.st_mode & 07777) == 0600);
  CHECK(files() == 1);

  const auto image = Look(At("image"));
  REQUIRE(image.ok());
  CHECK(image->domain().name() == Name("web1"));
  CHECK(image->domain().uid() == Get("web1")->uid());
  CHECK(image->domain().spec().title() == "title of web1");
  CHECK(image->producer() == "reeve");
  CHECK(image->version() == 1);
  CHECK_FALSE(image->paused());
  CHECK(absl::StrContains(image->document().text(), "title of web1"));

  REQUIRE(Restore(RestoreRequest(At("image"))).ok());
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(Get("web1")->status().reason() == v1::DOMAIN_STATE_REASON_RESTORED);
  CHECK(driver->Runs("web1"));
  CHECK(ReasonOf(Restore(RestoreRequest(At("image")))) == v1::REASON_DOMAIN_STATE);
  CHECK(fs::exists(At("image")));
}

TEST_CASE_METHOD(ImageFixture, "a transient domain goes with its guest and comes back transient") {
  REQUIRE(Create("web1", true).ok());
  const std::string uid = Get("web1")->uid();
  REQUIRE(Save("web1", At("image")).ok());
  CHECK(ReasonOf(Get("web1").status()) == v1::REASON_DOMAIN_NOT_FOUND);
  v1::RestoreDomainRequest request = RestoreRequest(At("image"));
  request.set_paused(true);
  REQUIRE(Restore(request).ok());
  CHECK(Get("web1")->uid() == uid);
  CHECK_FALSE(Get("web1")->status().persistent());
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_PAUSED);
}

TEST_CASE_METHOD(ImageFixture, "whether it runs when it comes back") {
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1", true).ok());
  REQUIRE(Save("web1", At("as-it-was")).ok());
  CHECK(Look(At("as-it-was"))->paused());
  v1::RestoreDomainRequest request = RestoreRequest(At("as-it-was"));
  request.set_running(true);
  REQUIRE(Restore(request).ok());
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_RUNNING);
  v1::SaveDomainToFileRequest save = SaveRequest("web1", At("paused"));
  save.set_paused(true);
  REQUIRE(Save(save).ok());
  REQUIRE(Restore(RestoreRequest(At("paused"))).ok());
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_PAUSED);
  save.set_running(true);
  CHECK(ReasonOf(Save(save)) == v1::REASON_REQUEST_INVALID);
  request.set_paused(true);
  CHECK(ReasonOf(Restore(request)) == v1::REASON_REQUEST_INVALID);
}

TEST_CASE_METHOD(ImageFixture, "a save that fails leaves the guest running and no file") {
  REQUIRE(Create("web1").ok());
  CHECK(ReasonOf(Save("web1", At("image"))) == v1::REASON_DOMAIN_STATE);
  REQUIRE(Start("web1").ok());
  CHECK(ReasonOf(Save("web1", "image")) == v1::REASON_REQUEST_INVALID);
  CHECK(ReasonOf(Save("web1", At("none/image"))) == v1::REASON_HOST_FILE_FAILED);
  CHECK(ReasonOf(Save("web1", "/dev/null")) == v1::REASON_HOST_FILE_FAILED);
  CHECK(ReasonOf(Save("web1", directory.path())) == v1::REASON_HOST_FILE_FAILED);
  driver->SetFailure("send web1", absl::InternalError("no space left"));
  CHECK(ReasonOf(Save("web1", At("image"))) == v1::REASON_DRIVER_FAILED);
  driver->SetFailure("send web1", absl::OkStatus());
  // What comes into the place of the file while the memory is written is left alone, and the guest runs on.
  driver->Wedge("web1", true);
  auto pending = Begin<v1::Operation>(&ManagerImpl::SaveDomainToFile, SaveRequest("web1", At("image")));
  driver->AwaitWedged(1);
  fs::create_directory(At("image"));
  driver->Wedge("web1", false);
  CHECK(ReasonOf(Ended(pending.get())) == v1::REASON_TRANSFER_FAILED);
  fs::remove(At("image"));
  CHECK(files() == 0);
  CHECK(driver->Runs("web1"));
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_RUNNING);
  driver->SetFailure("end web1", absl::InternalError("it does not go"));
  CHECK(absl::StrContains(Save("web1", At("image")).message(), "is whole, but the guest cannot be ended"));
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_RUNNING);
}

TEST_CASE_METHOD(ImageFixture, "a save can be cancelled") {
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  driver->Wedge("web1", true);
  const auto operation = Fixture::Call<v1::Operation>(&ManagerImpl::SaveDomainToFile, SaveRequest("web1", At("image")));
  driver->AwaitWedged(1);
  CHECK(manager->CancelOperation(caller(), operation->name()).ok());
  driver->Wedge("web1", false);
  CHECK(ReasonOf(Ended(operation)) == v1::REASON_OPERATION_CANCELLED);
  CHECK(files() == 0);
  CHECK(driver->Runs("web1"));
}

TEST_CASE_METHOD(ImageFixture, "files that are no saved guests, or of other domains, are refused") {
  std::ofstream(At("text")) << "not a saved guest, but a long text with more bytes than a head has";
  CHECK(ReasonOf(Look(At("text")).status()) == v1::REASON_IMAGE_INVALID);
  CHECK(ReasonOf(Restore(RestoreRequest(At("text")))) == v1::REASON_IMAGE_INVALID);
  CHECK(ReasonOf(Restore(RestoreRequest(At("missing")))) == v1::REASON_HOST_FILE_FAILED);
  CHECK(ReasonOf(Restore(RestoreRequest("/dev/zero"))) == v1::REASON_HOST_FILE_FAILED);
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  REQUIRE(Save("web1", At("image")).ok());
  REQUIRE(Delete("web1").ok());
  REQUIRE(Create("web1").ok());  // of another UUID
  CHECK(ReasonOf(Restore(RestoreRequest(At("image")))) == v1::REASON_DOMAIN_EXISTS);
  REQUIRE(Delete("web1").ok());
  fs::resize_file(At("image"), 4096 + 3);
  CHECK(ReasonOf(Restore(RestoreRequest(At("image")))) == v1::REASON_IMAGE_INVALID);
  CHECK(ReasonOf(Get("web1").status()) == v1::REASON_DOMAIN_NOT_FOUND);
}

TEST_CASE_METHOD(ImageFixture, "another specification must be of the same machine") {
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  REQUIRE(Save("web1", At("image")).ok());
  v1::RestoreDomainRequest request = RestoreRequest(At("image"));
  v1::Domain& domain = *request.mutable_domain();
  domain.set_name("web1");
  *domain.mutable_spec() = Get("web1")->spec();
  const auto refused = [&](const std::function<void(v1::Domain*)>& change) {
    v1::RestoreDomainRequest other = request;
    change(other.mutable_domain());
    return ReasonOf(Restore(other)) == v1::REASON_REQUEST_INVALID;
  };
  CHECK(refused([](v1::Domain* d) { d->set_name("web2"); }));
  CHECK(refused([](v1::Domain* d) { d->set_uid("8c2f1f2e-5d8f-4f4e-9f4b-6f1f2e3d4c5b"); }));
  CHECK(refused([](v1::Domain* d) { d->mutable_spec()->set_memory_kib(1); }));
  CHECK(refused([](v1::Domain* d) { d->mutable_spec()->set_vcpus(7); }));
  CHECK(refused([](v1::Domain* d) { d->mutable_spec()->mutable_os()->set_type("hvm"); }));
  CHECK(refused([](v1::Domain* d) { d->mutable_spec()->mutable_devices()->add_disks()->set_target_device("xvda"); }));
  CHECK(refused([](v1::Domain* d) { d->mutable_spec()->mutable_devices()->add_interfaces(); }));
  domain.mutable_spec()->set_title("other");
  REQUIRE(Restore(request).ok());
  CHECK(driver->restored.title() == "other");
  CHECK(Get("web1")->status().updated());
}

TEST_CASE_METHOD(ImageFixture, "a core is written, and the guest runs on or ends") {
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  REQUIRE(Dump("web1", At("core")).ok());
  CHECK(fs::file_size(At("core")) == 4);
  CHECK(driver->Runs("web1"));
  REQUIRE(Dump("web1", At("core"), false, true).ok());
  CHECK(fs::file_size(At("core")) == 9);
  CHECK(ReasonOf(Dump("web1", At("core"), true, true)) == v1::REASON_REQUEST_INVALID);
  driver->SetFailure("dump web1", absl::InternalError("broken"));
  CHECK(ReasonOf(Dump("web1", At("other"))) == v1::REASON_DRIVER_FAILED);
  CHECK_FALSE(fs::exists(At("other")));
  driver->SetFailure("dump web1", absl::OkStatus());
  REQUIRE(Dump("web1", At("other"), true).ok());
  CHECK_FALSE(driver->Runs("web1"));
  CHECK(Get("web1")->status().reason() == v1::DOMAIN_STATE_REASON_CRASHED);
}

TEST_CASE_METHOD(ImageFixture, "a managed save can be removed, and stands in the way of a restore") {
  REQUIRE(Create("web1").ok());
  CHECK(ReasonOf(Verb(&ManagerImpl::RemoveManagedSave, "web1").status()) == v1::REASON_DOMAIN_STATE);
  REQUIRE(Start("web1").ok());
  REQUIRE(Save("web1", At("image")).ok());
  REQUIRE(Start("web1").ok());
  REQUIRE(Ended(Fixture::Call<v1::Operation>(&ManagerImpl::SaveDomain, VerbRequest("web1"))).ok());
  CHECK(ReasonOf(Restore(RestoreRequest(At("image")))) == v1::REASON_DOMAIN_STATE);
  REQUIRE(Verb(&ManagerImpl::RemoveManagedSave, "web1").ok());
  CHECK_FALSE(Get("web1")->status().managed_save());
  CHECK(Restore(RestoreRequest(At("image"))).ok());
}

TEST_CASE_METHOD(ImageFixture, "a guest sleeps and is woken up") {
  REQUIRE(Create("web1").ok());
  v1::SleepDomainRequest sleep;
  sleep.set_name(Name("web1"));
  CHECK(ReasonOf(Fixture::Call<v1::Domain>(&ManagerImpl::SleepDomain, sleep).status()) == v1::REASON_DOMAIN_STATE);
  REQUIRE(Start("web1").ok());
  CHECK(ReasonOf(Verb(&ManagerImpl::WakeDomain, "web1").status()) == v1::REASON_DOMAIN_STATE);
  REQUIRE(Fixture::Call<v1::Domain>(&ManagerImpl::SleepDomain, sleep).ok());
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_PMSUSPENDED);
  CHECK(ReasonOf(Verb(&ManagerImpl::SuspendDomain, "web1").status()) == v1::REASON_DOMAIN_STATE);
  REQUIRE(Verb(&ManagerImpl::WakeDomain, "web1").ok());
  CHECK(Get("web1")->status().reason() == v1::DOMAIN_STATE_REASON_WOKEN_UP);
  driver->SetFailure("sleep web1", Error(v1::REASON_GUEST_CANNOT, "it does not know how"));
  CHECK(ReasonOf(Fixture::Call<v1::Domain>(&ManagerImpl::SleepDomain, sleep).status()) == v1::REASON_GUEST_CANNOT);
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_RUNNING);
}

TEST_CASE_METHOD(ImageFixture, "number and pins of virtual CPUs") {
  v1::CreateDomainRequest create = CreateRequest("web1");
  create.mutable_domain()->mutable_spec()->set_vcpus(4);
  REQUIRE(Fixture::Call<v1::Domain>(&ManagerImpl::CreateDomain, create).ok());
  v1::SetVcpusRequest count;
  count.set_name(Name("web1"));
  const auto set = [&](uint32_t vcpus, bool maximum = false) {
    count.set_vcpus(vcpus);
    count.set_maximum(maximum);
    return Fixture::Call<v1::Domain>(&ManagerImpl::SetVcpus, count);
  };
  CHECK(ReasonOf(set(0).status()) == v1::REASON_REQUEST_INVALID);
  CHECK(ReasonOf(set(5).status()) == v1::REASON_REQUEST_INVALID);
  CHECK(set(2)->spec().cpu_placement().current() == 2);
  CHECK_FALSE(set(4)->spec().has_cpu_placement());
  REQUIRE(set(3).ok());
  CHECK(set(2, true)->spec().vcpus() == 2);
  CHECK_FALSE(Get("web1")->spec().has_cpu_placement());
  v1::SetVcpuPinRequest pin;
  pin.set_name(Name("web1"));
  const auto bind = [&](uint32_t vcpu, const std::string& cpus) {
    pin.set_vcpu(vcpu);
    pin.set_cpuset(cpus);
    return Fixture::Call<v1::Domain>(&ManagerImpl::SetVcpuPin, pin);
  };
  CHECK(ReasonOf(bind(2, "0").status()) == v1::REASON_REQUEST_INVALID);
  CHECK(ReasonOf(bind(0, "none").status()) == v1::REASON_REQUEST_INVALID);
  REQUIRE(bind(1, "0,1,2").ok());
  REQUIRE(bind(0, "3").ok());
  CHECK(Get("web1")->spec().cpu_tuning().vcpu_pins(0).id() == 0);
  CHECK(Get("web1")->spec().cpu_tuning().vcpu_pins(1).cpuset() == "0-2");
  v1::ListVcpusRequest list;
  list.set_name(Name("web1"));
  CHECK(manager->ListVcpus(caller(), list)->vcpus(1).cpuset() == "0-2");
  REQUIRE(bind(0, "").ok());
  REQUIRE(bind(1, "").ok());
  CHECK_FALSE(Get("web1")->spec().has_cpu_tuning());

  REQUIRE(Start("web1").ok());
  REQUIRE(set(1).ok());
  REQUIRE(driver->tunings.size() == 1);
  CHECK(driver->tunings[0].second.cpu_placement().current() == 1);
  CHECK(ReasonOf(set(8, true).status()) == v1::REASON_UNSUPPORTED_BY_DRIVER);
  CHECK(ReasonOf(manager->ListVcpus(caller(), list).status()) == v1::REASON_UNSUPPORTED_BY_DRIVER);
  list.set_config(true);
  CHECK(manager->ListVcpus(caller(), list)->vcpus_size() == 2);
}

}  // namespace
}  // namespace reeve::state
