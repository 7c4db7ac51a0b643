// A manager that tests hold in their hands.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "daemon/services/testing/fake_console.h"
#include "daemon/services/testing/fake_feed.h"
#include "daemon/services/testing/fake_guest_process.h"
#include "daemon/state/manager.h"
#include "proto/status.h"

namespace reeve::services::testing {

// Reads answer with canned values; changes are kept until the test answers them, or answered at once. Thread-safe.
class FakeManager final : public state::Manager {
 public:
  // A change that waits for its answer.
  struct Pending {
    state::Caller caller;
    std::string name;
    state::Done<v1::Domain> done;
  };
  void HoldChanges(bool hold) {
    const absl::MutexLock lock(&mutex_);
    hold_ = hold;
  }
  bool AwaitPending(size_t count) {
    const absl::MutexLock lock(&mutex_);
    const auto enough = [this, count]() { return pending_.size() >= count; };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(10));
  }
  std::vector<Pending> TakePending() {
    const absl::MutexLock lock(&mutex_);
    return std::exchange(pending_, {});
  }
  state::Caller last_caller() {
    const absl::MutexLock lock(&mutex_);
    return last_caller_;
  }
  // The feeds of the watches opened so far.
  std::vector<std::shared_ptr<Feed>> feeds() {
    const absl::MutexLock lock(&mutex_);
    return feeds_;
  }
  std::vector<std::shared_ptr<Feed>> AwaitFeeds(size_t count) {
    const absl::MutexLock lock(&mutex_);
    const auto enough = [this, count]() { return feeds_.size() >= count; };
    mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(10));
    return feeds_;
  }
  const std::shared_ptr<FakeConsoleState> console = std::make_shared<FakeConsoleState>();

  absl::StatusOr<v1::Domain> GetDomain(const state::Caller& caller,
                                       const v1::GetDomainRequest& request) const override {
    if (request.name() != "forget") (void)caller.access->Decide(request.name());
    if (request.name() == "throw") throw std::runtime_error("a bug");
    if (request.name() != "hypervisors/test/domains/web1" && request.name() != "forget") {
      return Error(v1::REASON_DOMAIN_NOT_FOUND, "there is no domain " + request.name(), {{"name", request.name()}});
    }
    v1::Domain domain;
    domain.set_name(request.name());
    return domain;
  }
  absl::StatusOr<std::string> ListDomains(const state::Caller&, const v1::ListDomainsRequest&) const override {
    v1::ListDomainsResponse response;
    response.add_domains()->set_name("hypervisors/test/domains/web1");
    response.set_revision(7);
    return response.SerializeAsString();
  }
  absl::StatusOr<v1::Document> ExportDomain(const state::Caller& caller,
                                            const v1::ExportDomainRequest& request) const override {
    (void)caller.access->Decide(request.name());
    return v1::Document();
  }
  absl::StatusOr<v1::Domain> GetDomainWithSecrets(const state::Caller& caller,
                                                  const v1::GetDomainRequest& request) const override {
    return GetDomain(caller, request);
  }
  absl::StatusOr<v1::Document> ExportDomainWithSecrets(const state::Caller& caller,
                                                       const v1::ExportDomainRequest& request) const override {
    return ExportDomain(caller, request);
  }
  v1::ListHypervisorsResponse ListHypervisors(const state::Caller&) const override { return {}; }
  absl::StatusOr<v1::Hypervisor> GetHypervisor(const state::Caller&,
                                               const v1::GetHypervisorRequest& request) const override {
    v1::Hypervisor hypervisor;
    hypervisor.set_name(request.name());
    hypervisor.set_available(request.name() == "hypervisors/test");
    if (request.name() == "hypervisors/test" || request.name() == "hypervisors/xen") return hypervisor;
    return Error(v1::REASON_HYPERVISOR_NOT_FOUND, "there is no hypervisor " + request.name());
  }
  absl::StatusOr<v1::Capabilities> GetCapabilities(const v1::GetCapabilitiesRequest&) const override {
    v1::Capabilities capabilities;
    capabilities.set_xml("<capabilities/>");
    return capabilities;
  }
  absl::StatusOr<v1::Capabilities> GetDomainCapabilities(const v1::GetDomainCapabilitiesRequest&) const override {
    v1::Capabilities capabilities;
    capabilities.set_xml("<domainCapabilities/>");
    return capabilities;
  }
  absl::StatusOr<v1::CpuComparison> CompareCpu(const v1::CompareCpuRequest& request) const override {
    v1::CpuComparison comparison;
    comparison.set_result(v1::CPU_COMPARISON_RESULT_INCOMPATIBLE);
    comparison.set_reason(request.xml());
    return comparison;
  }
  absl::StatusOr<v1::CpuBaseline> BaselineCpu(const v1::BaselineCpuRequest& request) const override {
    v1::CpuBaseline baseline;
    if (request.xml_size() == 0) return Error(v1::REASON_SPEC_INVALID, "there are no processors");
    baseline.set_xml(request.xml(0));
    return baseline;
  }
  absl::Status ChangeNodeDevice(absl::string_view hypervisor, state::DeviceVerb,
                                const v1::PciDeviceAddress&) override {
    if (hypervisor == "hypervisors/test") return absl::OkStatus();
    return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "it cannot");
  }
  state::StateSummary Summary() const override { return {.revision = 9, .oldest_revision = 3, .watches = 1}; }

  void CreateDomain(const state::Caller& caller, v1::CreateDomainRequest request,
                    state::Done<v1::Domain> done) override {
    Change(caller, request.domain().name(), std::move(done));
  }
  void UpdateDomain(const state::Caller& caller, v1::UpdateDomainRequest request,
                    state::Done<v1::Domain> done) override {
    Change(caller, request.domain().name(), std::move(done));
  }
  void DeleteDomain(const state::Caller& caller, v1::DeleteDomainRequest,
                    state::Done<v1::DeleteDomainResponse> done) override {
    SetCaller(caller, "");
    done(v1::DeleteDomainResponse());
  }
  void RenameDomain(const state::Caller& caller, v1::RenameDomainRequest request,
                    state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void StartDomain(const state::Caller& caller, v1::StartDomainRequest request, state::Done<v1::Domain> done) override {
    if (request.name() == "drop") return;  // a bug: `done` is never called
    Change(caller, request.name(), std::move(done));
  }
  void ShutdownDomain(const state::Caller& caller, v1::DomainVerbRequest request,
                      state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void RebootDomain(const state::Caller& caller, v1::DomainVerbRequest request, state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void DestroyDomain(const state::Caller& caller, v1::DomainVerbRequest request,
                     state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void SuspendDomain(const state::Caller& caller, v1::DomainVerbRequest request,
                     state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void ResumeDomain(const state::Caller& caller, v1::DomainVerbRequest request, state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void SetDomainAutostart(const state::Caller& caller, v1::SetDomainAutostartRequest request,
                          state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void SetDomainLabels(const state::Caller& caller, v1::SetDomainLabelsRequest request,
                       state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void SaveDomain(const state::Caller& caller, v1::DomainVerbRequest, state::Done<v1::Operation> done) override {
    SetCaller(caller, "");
    done(v1::Operation());
  }

  absl::StatusOr<v1::DomainMetadata> GetDomainMetadata(const state::Caller&,
                                                       const v1::GetDomainMetadataRequest&) const override {
    return v1::DomainMetadata();
  }
  absl::StatusOr<v1::DomainTuning> GetTuning(const state::Caller&, const v1::GetTuningRequest&) const override {
    return v1::DomainTuning();
  }
  absl::StatusOr<v1::ListVcpusResponse> ListVcpus(const state::Caller&, const v1::ListVcpusRequest&) const override {
    return v1::ListVcpusResponse();
  }
  void SetVcpus(const state::Caller& caller, v1::SetVcpusRequest request, state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void SetVcpuPin(const state::Caller& caller, v1::SetVcpuPinRequest request, state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  absl::StatusOr<v1::SavedImage> GetSavedImage(const state::Caller&, const v1::GetSavedImageRequest&) override {
    return v1::SavedImage();
  }
  void RestoreDomain(const state::Caller& caller, v1::RestoreDomainRequest, state::Done<v1::Operation> done) override {
    SetCaller(caller, "");
    done(v1::Operation());
  }
  void SaveDomainToFile(const state::Caller& caller, v1::SaveDomainToFileRequest,
                        state::Done<v1::Operation> done) override {
    SetCaller(caller, "");
    done(v1::Operation());
  }
  void DumpDomain(const state::Caller& caller, v1::DumpDomainRequest, state::Done<v1::Operation> done) override {
    SetCaller(caller, "");
    done(v1::Operation());
  }
  void RemoveManagedSave(const state::Caller& caller, v1::DomainVerbRequest request,
                         state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void SleepDomain(const state::Caller& caller, v1::SleepDomainRequest request, state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void WakeDomain(const state::Caller& caller, v1::DomainVerbRequest request, state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  absl::StatusOr<std::vector<v1::WatchStatisticsResponse>> SampleDomains(
      const state::Caller&, const v1::WatchStatisticsRequest& request) const override {
    if (request.parent() == "none") return Error(v1::REASON_NAME_INVALID, "there is no such name");
    std::vector<v1::WatchStatisticsResponse> messages(2);
    messages[0].add_samples()->set_name("first");
    messages[1].add_samples()->set_name("second");
    messages[1].set_complete(true);
    return messages;
  }
  void SetDomainMetadata(const state::Caller& caller, v1::SetDomainMetadataRequest request,
                         state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void AttachDevice(const state::Caller& caller, v1::DeviceRequest request, state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void DetachDevice(const state::Caller& caller, v1::DeviceRequest request, state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void UpdateDevice(const state::Caller& caller, v1::DeviceRequest request, state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void SetMemory(const state::Caller& caller, v1::SetMemoryRequest request, state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void SetMemoryParameters(const state::Caller& caller, v1::SetMemoryParametersRequest request,
                           state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void SetBlockIoParameters(const state::Caller& caller, v1::SetBlockIoParametersRequest request,
                            state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void SetSchedulerParameters(const state::Caller& caller, v1::SetSchedulerParametersRequest request,
                              state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void SetPlacement(const state::Caller& caller, v1::SetPlacementRequest request,
                    state::Done<v1::Domain> done) override {
    Change(caller, request.name(), std::move(done));
  }
  void SendProcessSignal(const state::Caller& caller, v1::SendProcessSignalRequest request,
                         state::Done<v1::SendProcessSignalResponse> done) override {
    SetCaller(caller, request.name());
    done(v1::SendProcessSignalResponse());
  }
  absl::StatusOr<v1::GuestHostname> GetHostname(const state::Caller&, const v1::GetHostnameRequest&) override {
    return v1::GuestHostname();
  }
  absl::StatusOr<v1::ListInterfaceAddressesResponse> ListInterfaceAddresses(
      const state::Caller&, const v1::ListInterfaceAddressesRequest&) override {
    return v1::ListInterfaceAddressesResponse();
  }
  absl::StatusOr<v1::GuestSecurityLabel> GetSecurityLabel(const state::Caller&,
                                                          const v1::GetSecurityLabelRequest&) override {
    return v1::GuestSecurityLabel();
  }
  absl::StatusOr<v1::GuestNamespaces> GetNamespaces(const state::Caller&, const v1::GetNamespacesRequest&) override {
    return v1::GuestNamespaces();
  }
  absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> Execute(const state::Caller& caller,
                                                                 const v1::ExecStart& start,
                                                                 drivers::GuestProcessReader reader) override {
    (void)caller.access->Decide(start.domain());
    if (start.domain() == "none") return Error(v1::REASON_DOMAIN_NOT_FOUND, "there is no domain none");
    return FakeGuestProcess::Attach(process, std::move(reader));
  }
  absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> PushFile(const state::Caller& caller,
                                                                  const v1::PushFileStart& start,
                                                                  drivers::GuestProcessReader reader) override {
    (void)caller.access->Decide(start.domain());
    return FakeGuestProcess::Attach(process, std::move(reader));
  }
  absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> PullFile(const state::Caller& caller,
                                                                  const v1::PullFileRequest& request,
                                                                  drivers::GuestProcessReader reader) override {
    (void)caller.access->Decide(request.domain());
    return FakeGuestProcess::Attach(process, std::move(reader));
  }

  absl::StatusOr<std::unique_ptr<state::Subscription>> Watch(const state::Caller&, const v1::WatchRequest& request,
                                                             std::function<void()> ready) override {
    if (request.start_revision() > 1000) return Error(v1::REASON_REVISION_UNKNOWN, "the revision lies in the future");
    auto feed = std::make_shared<Feed>();
    auto subscription = std::make_unique<FakeSubscription>(feed, std::move(ready));
    const absl::MutexLock lock(&mutex_);
    feeds_.push_back(std::move(feed));
    return subscription;
  }

  v1::ListOperationsResponse ListOperations(const state::Caller&, const v1::ListOperationsRequest&) const override {
    return {};
  }
  absl::StatusOr<v1::Operation> GetOperation(const state::Caller&, absl::string_view name) const override {
    return Error(v1::REASON_OPERATION_NOT_FOUND, "there is no operation", {{"name", name}});
  }
  absl::StatusOr<v1::Operation> CancelOperation(const state::Caller& caller, absl::string_view name) override {
    return GetOperation(caller, name);
  }
  void WaitOperation(const state::Caller& caller, const v1::WaitOperationRequest& request,
                     state::Done<v1::Operation> done) override {
    (void)caller.access->Decide(request.name());
    done(v1::Operation());
  }

  absl::StatusOr<std::unique_ptr<drivers::Console>> OpenConsole(const state::Caller& caller,
                                                                const v1::OpenConsole& request,
                                                                drivers::ConsoleReader reader) override {
    (void)caller.access->Decide(request.domain());
    if (request.domain() == "none") return Error(v1::REASON_DOMAIN_NOT_FOUND, "there is no domain none");
    if (request.domain() == "replay") reader.on_output("before", 3);  // from within, as a driver may
    const absl::MutexLock lock(&console->mutex);
    console->reader = std::move(reader);
    console->attached = true;
    return std::make_unique<FakeConsole>(console);
  }

  // What Execute, PushFile and PullFile attach.
  const std::shared_ptr<FakeGuestProcess::State> process = std::make_shared<FakeGuestProcess::State>();

 private:
  void SetCaller(const state::Caller& caller, const std::string& name) {
    (void)caller.access->Decide(name);
    const absl::MutexLock lock(&mutex_);
    last_caller_ = caller;
  }
  void Change(const state::Caller& caller, const std::string& name, state::Done<v1::Domain> done) {
    SetCaller(caller, name);
    {
      const absl::MutexLock lock(&mutex_);
      if (hold_) {
        pending_.push_back({.caller = caller, .name = name, .done = std::move(done)});
        return;
      }
    }
    v1::Domain domain;
    domain.set_name(name);
    done(domain);
  }

  absl::Mutex mutex_;
  bool hold_ ABSL_GUARDED_BY(mutex_) = false;
  state::Caller last_caller_ ABSL_GUARDED_BY(mutex_);
  std::vector<Pending> pending_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Feed>> feeds_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::services::testing
