// The real Manager.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "auth/labels.h"
#include "daemon/migration/link.h"
#include "daemon/state/manager.h"
#include "daemon/state/migration_manager.h"
#include "drivers/driver.h"
#include "util/clock.h"
#include "util/timers.h"

namespace reeve::state {

class Core;

// The codecs and the check, which live in folders that the manager need not know. Thread-safe, pure. Null: refused.
struct Formats {
  // Reads a document; the name of the result is the bare last part ("web1") or a whole resource name, uid may be empty.
  // REQUEST_INVALID for a format that is not known.
  std::function<absl::StatusOr<v1::Domain>(v1::Document::Format format, absl::string_view text)> parse;
  // Writes a document. The domain's name is the whole resource name.
  std::function<absl::StatusOr<std::string>(v1::Document::Format format, const v1::Domain& domain)> write;
  // Whether a specification is sound by itself: SPEC_INVALID with every wrong field.
  std::function<absl::Status(const v1::DomainSpec& spec)> check;
  // Reads a document of one device.
  std::function<absl::StatusOr<v1::Devices>(absl::string_view text)> parse_device;
  // Puts an element into a namespace under a prefix, takes it out again, and tells which it is in.
  std::function<absl::StatusOr<std::string>(absl::string_view element, absl::string_view key, absl::string_view uri)>
      put_into_namespace;
  std::function<absl::StatusOr<std::string>(absl::string_view element)> take_from_namespace;
  std::function<std::string(absl::string_view element)> namespace_of;
};

// How much is kept and for how long.
struct Limits {
  absl::Duration journal_age = absl::Hours(7 * 24);  // journal entries older than this go
  int64_t journal_revisions = 100000;                // and so do those beyond so many
  absl::Duration request_age = absl::Hours(1);       // answers of calls with a request_id
  absl::Duration operation_age = absl::Hours(24);    // ended operations
  size_t operations = 1000;                          // ended operations
  size_t waiting_per_domain = 16;                    // changes that wait behind the one being done; then DOMAIN_BUSY
  size_t threads = 256;                              // that do changes at the same time
  absl::Duration page_age = absl::Minutes(5);        // snapshots pinned by page tokens
  size_t pages = 32;                                 // and how many of them
  size_t watch_events = 1000;                        // events that wait for one watcher, before and after coalescing
  size_t watch_bytes = 4 << 20;                      // and their size
  absl::Duration progress_interval = absl::Seconds(10);
  absl::Duration retry_first = absl::Seconds(1);  // of a commit that must not be lost; doubled up to retry_last
  absl::Duration retry_last = absl::Seconds(60);
};

struct Options {
  std::string directory;      // of reeve.db; made with mode 0700 if missing
  std::string run_directory;  // on a tmpfs: says whether Autostart was done since the boot; made if missing
  std::string boot_id;        // default: /proc/sys/kernel/random/boot_id
  const util::Clock* clock = nullptr;
  util::Timers* timers = nullptr;
  std::vector<std::shared_ptr<drivers::HypervisorDriver>> drivers;
  Formats formats;
  Limits limits;
  // Calls `action` once, on any thread, when the connection of that number ends; false when it has ended. Null: there
  // are no connections, and domains that shall end with one are refused.
  std::function<bool(uint64_t connection, std::function<void()> action)> on_connection_end;
  // Duplicates of open files of the process behind a connection, by their numbers there. DESCRIPTOR_INVALID. Null:
  // there are no connections, and nothing is handed to guests.
  std::function<absl::StatusOr<drivers::PassedFiles>(uint64_t connection, const std::vector<int>& numbers)> take_files;
  // The daemon that a guest is to be brought to. INVALID_ARGUMENT. Null: none is brought anywhere.
  std::function<absl::StatusOr<std::unique_ptr<migration::Destination>>(
      const std::string& uri, const std::string& ticket_id, const std::string& ticket_secret)>
      open_destination;
  // How time passes between two questions to such a daemon. Null: by sleeping.
  std::function<void(absl::Duration)> wait;
  // For tests: called at every step of a commit with its name (store.h), and 0: no limit of the database's size in
  // pages.
  std::function<void(absl::string_view step)> step_hook;
  int64_t max_pages = 0;
};

// The manager over a SQLite store. Reads never wait for a change. It must outlive its subscriptions. Destroying it
// waits for the changes being done: call Drain first, and if that fails leave the process without destroying it (a
// driver hangs).
//
// What happens when the store cannot be written:
// - A change without effect on a guest fails with STORE_FAILED and nothing is changed.
// - A start destroys the guest again; a suspend or resume is taken back. Both then fail with STORE_FAILED.
// - What cannot be taken back (an ending, a reboot, a requested shutdown, a failed undoing) is kept and stored later,
// by a
//   retry with growing delay and before the next change of the same domain; until then reads show the domain as it was
//   and changes of it fail with STORE_FAILED. A call that brought it about fails with STORE_FAILED and says what was
//   done.
class ManagerImpl final : public Manager, public MigrationManager {
 public:
  // Opens the store, lets the drivers find their guests again, and makes state and guests agree. A database that is
  // damaged is moved aside, single records too; both are logged. Fails where no database can be opened, or on one of a
  // later version.
  static absl::StatusOr<std::unique_ptr<ManagerImpl>> Create(Options options);
  ~ManagerImpl() override;

  // Starts the domains that are to start with the daemon, once per boot; returns at once. Failures become events. The
  // number that are being started.
  absl::StatusOr<size_t> Autostart();

  // From now on refuses changes (DAEMON_DRAINING) and waits for those being done, at most so long. Guests are left
  // alone, reports of them are still stored. DEADLINE_EXCEEDED names the domains that hang.
  absl::Status Drain(absl::Duration timeout);

  // Housekeeping, which otherwise is done every ten minutes: old journal entries, requests and operations go.
  absl::Status Compact();
  // Another window of the journal, from now on, in place of limits.journal_age (in whole seconds) and
  // journal_revisions.
  void SetJournalLimits(absl::Duration age, int64_t revisions);

  // For auth::PolicySource; lives as long as this.
  const auth::LabelSource* labels() const;

  absl::StatusOr<v1::Domain> GetDomain(const Caller& caller, const v1::GetDomainRequest& request) const override;
  absl::StatusOr<std::string> ListDomains(const Caller& caller, const v1::ListDomainsRequest& request) const override;
  absl::StatusOr<v1::Document> ExportDomain(const Caller& caller,
                                            const v1::ExportDomainRequest& request) const override;
  absl::StatusOr<v1::Domain> GetDomainWithSecrets(const Caller& caller,
                                                  const v1::GetDomainRequest& request) const override;
  absl::StatusOr<v1::Document> ExportDomainWithSecrets(const Caller& caller,
                                                       const v1::ExportDomainRequest& request) const override;
  v1::ListHypervisorsResponse ListHypervisors(const Caller& caller) const override;
  absl::StatusOr<v1::Hypervisor> GetHypervisor(const Caller& caller,
                                               const v1::GetHypervisorRequest& request) const override;
  absl::StatusOr<v1::Capabilities> GetCapabilities(const v1::GetCapabilitiesRequest& request) const override;
  absl::StatusOr<v1::Capabilities> GetDomainCapabilities(
      const v1::GetDomainCapabilitiesRequest& request) const override;
  absl::Status ChangeNodeDevice(absl::string_view hypervisor, DeviceVerb verb,
                                const v1::PciDeviceAddress& address) override;
  absl::StatusOr<v1::CpuComparison> CompareCpu(const v1::CompareCpuRequest& request) const override;
  absl::StatusOr<v1::CpuBaseline> BaselineCpu(const v1::BaselineCpuRequest& request) const override;
  StateSummary Summary() const override;

  void CreateDomain(const Caller& caller, v1::CreateDomainRequest request, Done<v1::Domain> done) override;
  void UpdateDomain(const Caller& caller, v1::UpdateDomainRequest request, Done<v1::Domain> done) override;
  void DeleteDomain(const Caller& caller, v1::DeleteDomainRequest request,
                    Done<v1::DeleteDomainResponse> done) override;
  void RenameDomain(const Caller& caller, v1::RenameDomainRequest request, Done<v1::Domain> done) override;
  void StartDomain(const Caller& caller, v1::StartDomainRequest request, Done<v1::Domain> done) override;
  void ShutdownDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) override;
  void RebootDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) override;
  void DestroyDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) override;
  void SuspendDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) override;
  void ResumeDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) override;
  void SetDomainAutostart(const Caller& caller, v1::SetDomainAutostartRequest request, Done<v1::Domain> done) override;
  void SetDomainLabels(const Caller& caller, v1::SetDomainLabelsRequest request, Done<v1::Domain> done) override;
  void SaveDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Operation> done) override;

  absl::StatusOr<std::unique_ptr<Subscription>> Watch(const Caller& caller, const v1::WatchRequest& request,
                                                      std::function<void()> ready) override;

  v1::ListOperationsResponse ListOperations(const Caller& caller,
                                            const v1::ListOperationsRequest& request) const override;
  absl::StatusOr<v1::Operation> GetOperation(const Caller& caller, absl::string_view name) const override;
  absl::StatusOr<v1::Operation> CancelOperation(const Caller& caller, absl::string_view name) override;
  void WaitOperation(const Caller& caller, const v1::WaitOperationRequest& request, Done<v1::Operation> done) override;

  absl::StatusOr<std::unique_ptr<drivers::Console>> OpenConsole(const Caller& caller, const v1::OpenConsole& request,
                                                                drivers::ConsoleReader reader) override;

  absl::StatusOr<v1::DomainMetadata> GetDomainMetadata(const Caller& caller,
                                                       const v1::GetDomainMetadataRequest& request) const override;
  absl::StatusOr<v1::DomainTuning> GetTuning(const Caller& caller, const v1::GetTuningRequest& request) const override;
  absl::StatusOr<v1::ListVcpusResponse> ListVcpus(const Caller& caller,
                                                  const v1::ListVcpusRequest& request) const override;
  absl::StatusOr<std::vector<v1::WatchStatisticsResponse>> SampleDomains(
      const Caller& caller, const v1::WatchStatisticsRequest& request) const override;
  void SetDomainMetadata(const Caller& caller, v1::SetDomainMetadataRequest request, Done<v1::Domain> done) override;
  void AttachDevice(const Caller& caller, v1::DeviceRequest request, Done<v1::Domain> done) override;
  void DetachDevice(const Caller& caller, v1::DeviceRequest request, Done<v1::Domain> done) override;
  void UpdateDevice(const Caller& caller, v1::DeviceRequest request, Done<v1::Domain> done) override;
  void SetMemory(const Caller& caller, v1::SetMemoryRequest request, Done<v1::Domain> done) override;
  void SetMemoryParameters(const Caller& caller, v1::SetMemoryParametersRequest request,
                           Done<v1::Domain> done) override;
  void SetBlockIoParameters(const Caller& caller, v1::SetBlockIoParametersRequest request,
                            Done<v1::Domain> done) override;
  void SetSchedulerParameters(const Caller& caller, v1::SetSchedulerParametersRequest request,
                              Done<v1::Domain> done) override;
  void SetVcpus(const Caller& caller, v1::SetVcpusRequest request, Done<v1::Domain> done) override;
  void SetVcpuPin(const Caller& caller, v1::SetVcpuPinRequest request, Done<v1::Domain> done) override;
  void SetPlacement(const Caller& caller, v1::SetPlacementRequest request, Done<v1::Domain> done) override;
  void SendProcessSignal(const Caller& caller, v1::SendProcessSignalRequest request,
                         Done<v1::SendProcessSignalResponse> done) override;
  absl::StatusOr<v1::GuestHostname> GetHostname(const Caller& caller, const v1::GetHostnameRequest& request) override;
  absl::StatusOr<v1::ListInterfaceAddressesResponse> ListInterfaceAddresses(
      const Caller& caller, const v1::ListInterfaceAddressesRequest& request) override;
  absl::StatusOr<v1::GuestSecurityLabel> GetSecurityLabel(const Caller& caller,
                                                          const v1::GetSecurityLabelRequest& request) override;
  absl::StatusOr<v1::GuestNamespaces> GetNamespaces(const Caller& caller,
                                                    const v1::GetNamespacesRequest& request) override;
  absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> Execute(const Caller& caller, const v1::ExecStart& start,
                                                                 drivers::GuestProcessReader reader) override;
  absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> PushFile(const Caller& caller, const v1::PushFileStart& start,
                                                                  drivers::GuestProcessReader reader) override;
  absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> PullFile(const Caller& caller,
                                                                  const v1::PullFileRequest& request,
                                                                  drivers::GuestProcessReader reader) override;

  absl::StatusOr<v1::SavedImage> GetSavedImage(const Caller& caller, const v1::GetSavedImageRequest& request) override;
  void RestoreDomain(const Caller& caller, v1::RestoreDomainRequest request, Done<v1::Operation> done) override;
  void SaveDomainToFile(const Caller& caller, v1::SaveDomainToFileRequest request, Done<v1::Operation> done) override;
  void DumpDomain(const Caller& caller, v1::DumpDomainRequest request, Done<v1::Operation> done) override;
  void RemoveManagedSave(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) override;
  void SleepDomain(const Caller& caller, v1::SleepDomainRequest request, Done<v1::Domain> done) override;
  void WakeDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) override;

  absl::StatusOr<v1::MigrationTicket> PrepareMigration(const Caller& caller,
                                                       const v1::PrepareMigrationRequest& request) override;
  void MigrateDomain(const Caller& caller, v1::MigrateDomainRequest request, Done<v1::Operation> done) override;
  absl::StatusOr<std::shared_ptr<migration::Incoming>> ReceiveDomain(const v1::MigrationStart& start,
                                                                     migration::Incoming::Replies replies) override;
  absl::StatusOr<v1::MigrationOutcome> SettleMigration(const v1::SettleMigrationRequest& request) override;

 private:
  explicit ManagerImpl(std::unique_ptr<Core> core);

  absl::StatusOr<v1::HostCpu> ProcessorOf(absl::string_view hypervisor) const;

  const std::unique_ptr<Core> core_;
};

}  // namespace reeve::state
