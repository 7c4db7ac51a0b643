// What the manager is made of. Included by the files that implement it only.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/migration/outgoing.h"
#include "daemon/migration/retries.h"
#include "daemon/migration/tickets.h"
#include "daemon/state/executor.h"
#include "daemon/state/labels.h"
#include "daemon/state/ledger.h"
#include "daemon/state/list.h"
#include "daemon/state/manager.h"
#include "daemon/state/manager_impl.h"
#include "daemon/state/operations.h"
#include "daemon/state/pages.h"
#include "daemon/state/registry.h"
#include "daemon/state/requests.h"
#include "daemon/state/reservations.h"
#include "daemon/state/store.h"
#include "daemon/state/unstored.h"
#include "daemon/state/watch_hub.h"
#include "util/fd.h"

namespace reeve::state {

// A domain as a request names it, found when the call came in.
struct Target {
  std::string hypervisor;
  std::string name;
  std::string uid;    // empty: that of the name, whatever it is
  std::string queue;  // another queue than that of the domain

  [[nodiscard]] std::string resource_name() const;  // also the key of the domain's queue
};

// A change while it is being made.
struct ChangeContext {
  v1::EventCause cause = v1::EVENT_CAUSE_USER;
  std::string requestor;
  uint64_t connection = 0;  // of the caller; 0: the daemon
  std::string operation;
  auth::Access::Pointer access = auth::Access::Everything();
  RequestRecord* request = nullptr;  // stored with the first commit
  bool recorded = false;

  [[nodiscard]] v1::Event NewEvent(v1::EventType type, v1::EventDetail detail, v1::DomainState previous) const;
};

class Core;

// Takes what a driver reports of its guests to the manager, until that goes.
class Observer final : public drivers::GuestObserver {
 public:
  Observer(Core* core, std::string hypervisor) : core_(core), hypervisor_(std::move(hypervisor)) {}
  void OnExit(const drivers::DomainKey& domain, const drivers::GuestExit& exit) override;
  void OnReboot(const drivers::DomainKey& domain, const drivers::RunningGuest& guest, bool requested) override;
  void OnFound(const drivers::DomainKey& domain, const v1::DomainSpec& spec,
               const drivers::RunningGuest& guest) override;
  void OnState(const drivers::DomainKey& domain, const drivers::RunningGuest& guest) override;
  // Later reports are dropped: the next daemon finds out for itself.
  void Detach();

 private:
  std::mutex mutex_;
  Core* core_;
  const std::string hypervisor_;
};

// A driver, and the ear it reports to, which goes after it.
struct HypervisorSlot {
  std::string name;  // "lxc"
  std::unique_ptr<Observer> observer;
  std::shared_ptr<drivers::HypervisorDriver> driver;
};

// All parts, in the order in which they need each other. Thread-safe. The methods named ...Job run in the domain's
// queue.
class Core {
 public:
  Core(Options options, std::unique_ptr<Store> store, const std::string& instance);
  ~Core();

  // recovery.cc
  absl::Status LoadDomains();
  void Recover(bool rebooted);
  absl::StatusOr<size_t> Autostart();

  // core.cc
  absl::Status Maintain();
  // As in ManagerImpl.
  void SetJournalLimits(absl::Duration age, int64_t revisions);
  absl::Status Drain(absl::Duration timeout);
  const HypervisorSlot* FindSlot(absl::string_view hypervisor) const;
  // HYPERVISOR_NOT_FOUND, and for the second HYPERVISOR_UNAVAILABLE.
  absl::StatusOr<drivers::HypervisorDriver*> DriverOf(absl::string_view hypervisor) const;
  static absl::Status HypervisorNotFound(absl::string_view hypervisor);
  absl::StatusOr<drivers::HypervisorDriver*> AvailableDriverOf(absl::string_view hypervisor) const;
  // The same of a resource name, "hypervisors/xen"; also NAME_INVALID.
  absl::StatusOr<drivers::HypervisorDriver*> DriverNamed(absl::string_view name) const;
  absl::StatusOr<drivers::HypervisorDriver*> AvailableDriverNamed(absl::string_view name) const;
  // A change in a job; counts towards compaction.
  absl::StatusOr<v1::Domain> Commit(ChangeContext& context, const Change& change, bool empty_response = false);
  // Of a change of something that has happened already: keeps it when it cannot be stored.
  absl::StatusOr<v1::Domain> CommitOrKeep(ChangeContext& context, const Target& target, const Change& change,
                                          absl::string_view what_happened);
  // Tells the driver what of a domain is stored now.
  void Settle(drivers::HypervisorDriver* driver, const std::string& uid) const;
  // The domain of a job. DOMAIN_NOT_FOUND, ETAG_MISMATCH.
  absl::StatusOr<EntryPointer> Expect(const Target& target, absl::string_view etag) const;
  // The same, of one that is defined: DOMAIN_TRANSIENT with this message.
  absl::StatusOr<EntryPointer> ExpectPersistent(const Target& target, absl::string_view etag,
                                                absl::string_view message) const;
  // Of a change by this caller: PERMISSION_DENIED, and for one that is hidden as for one that is not there.
  absl::StatusOr<Target> TargetOf(const Caller& caller, absl::string_view name) const;

  // statistics.cc
  Sampler MakeSampler(const google::protobuf::RepeatedField<int>& parts) const;

  // auto_destroy.cc
  // A domain that ends with the connection of `caller`: CONNECTION_UNKNOWN when that has ended already.
  absl::Status EndWithConnection(const Target& target, uint64_t run, uint64_t connection);
  // Ends those whose connections ended with the earlier daemon.
  void EndAbandoned();

  // modify.cc
  // Which of the two specifications of a domain a change is for, and what it does.
  struct Modification {
    std::string etag;
    bool live = false;
    bool config = false;
    // Changes one of them; called once for each.
    std::function<absl::Status(v1::DomainSpec* spec)> edit;
    // Brings the guest from one to the other; also used to take it back. Null: it does not concern the guest.
    std::function<absl::Status(drivers::HypervisorDriver* driver, const drivers::DomainKey& key,
                               const v1::DomainSpec& before, const v1::DomainSpec& after)>
        apply;
    // Fills in the event of a live change; one of the definition alone is DEFINED_UPDATED unless `always`.
    std::function<void(v1::Event* event)> describe;
    bool always = false;
    // Whether a live change may be one of the interfaces that the status tells of.
    bool interfaces = false;
  };
  absl::StatusOr<v1::Domain> ModifyJob(ChangeContext& context, const Target& target, const Modification& modification);

  // devices.cc
  absl::StatusOr<v1::Domain> DeviceJob(ChangeContext& context, const Target& target, const v1::DeviceRequest& request,
                                       drivers::DeviceChange change);
  void ChangeDevice(const Caller& caller, v1::DeviceRequest request, drivers::DeviceChange change,
                    Done<v1::Domain> done);

  // tuning.cc
  template <typename Request, typename Wanted>
  void ChangeLimits(const Caller& caller, Request request, absl::string_view verb, const Wanted& wanted,
                    absl::Status (*edit)(const Wanted&, v1::DomainSpec*), void (*describe)(const Wanted&, v1::Event*),
                    Done<v1::Domain> done);

  // guests.cc
  // The driver and the key of a domain that runs. DOMAIN_STATE. `clause` gets "<verb> <name>", for errors.
  struct Running {
    drivers::HypervisorDriver* driver;
    drivers::DomainKey key;
  };
  absl::StatusOr<Running> FindRunning(const Caller& caller, absl::string_view name, absl::string_view verb,
                                      std::string* clause) const;

  // reads.cc
  // A domain of a read. NAME_INVALID, HYPERVISOR_NOT_FOUND, DOMAIN_NOT_FOUND, PERMISSION_DENIED.
  absl::StatusOr<EntryPointer> Find(const Caller& caller, absl::string_view name) const;
  absl::StatusOr<v1::Document> Export(const Caller& caller, const v1::ExportDomainRequest& request,
                                      bool with_secrets) const;

  // guest_reports.cc
  void OnExit(const std::string& hypervisor, const drivers::DomainKey& domain, const drivers::GuestExit& exit);
  void OnReboot(const std::string& hypervisor, const drivers::DomainKey& domain, const drivers::RunningGuest& guest,
                bool requested);
  void OnFound(const std::string& hypervisor, const drivers::DomainKey& domain, const v1::DomainSpec& spec,
               const drivers::RunningGuest& guest);
  void OnState(const std::string& hypervisor, const drivers::DomainKey& domain, const drivers::RunningGuest& guest);
  absl::Status StateJob(const Target& target, uint64_t run, const drivers::RunningGuest& guest, absl::Time time);
  absl::Status ExitJob(const Target& target, uint64_t run, const drivers::GuestExit& exit);
  absl::Status RebootedJob(const Target& target, uint64_t run, const drivers::RunningGuest& guest, bool requested,
                           absl::Time time);
  void Report(const std::string& hypervisor, const drivers::DomainKey& domain,
              std::function<absl::Status(const Target&)> job);
  void ReleaseReports();

  // recovery.cc
  // Makes what was removed, and nobody knew, an event.
  void ReportOrphan(const HypervisorSlot& slot, const drivers::RecoveredDomain& orphan);
  // A guest that runs, brought into line with what is stored of its domain. `cause` and `message` are those of the
  // event.
  absl::Status Adopt(const std::string& hypervisor, const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                     const drivers::RunningGuest& guest, v1::EventCause cause, absl::string_view message);

  // definitions.cc
  struct Definition {
    Target target;
    v1::Domain domain;  // name, uid (may be empty) and spec
  };
  template <typename Request>
  absl::StatusOr<Definition> ReadDefinition(const Caller& caller, const Request& request) const;
  template <typename Request, typename Job>
  void Define(const Caller& caller, Request request, absl::string_view verb, Done<v1::Domain> done, Job job);
  absl::StatusOr<v1::Domain> CreateJob(ChangeContext& context, const v1::CreateDomainRequest& request,
                                       Definition definition);
  absl::StatusOr<v1::Domain> UpdateJob(ChangeContext& context, const v1::UpdateDomainRequest& request,
                                       Definition definition);
  absl::StatusOr<v1::DeleteDomainResponse> DeleteJob(ChangeContext& context, const v1::DeleteDomainRequest& request,
                                                     const Target& target);
  absl::StatusOr<v1::Domain> RenameJob(ChangeContext& context, const v1::RenameDomainRequest& request,
                                       const Target& target);
  absl::StatusOr<v1::Domain> AutostartJob(ChangeContext& context, const v1::SetDomainAutostartRequest& request,
                                          const Target& target);
  absl::StatusOr<v1::Domain> LabelsJob(ChangeContext& context, const v1::SetDomainLabelsRequest& request,
                                       const Target& target);

  // lifecycle.cc
  absl::StatusOr<v1::Domain> StartJob(ChangeContext& context, const v1::StartDomainRequest& request,
                                      const Target& target);
  // How a guest is started.
  struct Launch {
    bool paused = false;
    bool auto_destroy = false;  // it ends with the connection of the context
    v1::DomainStateReason reason = v1::DOMAIN_STATE_REASON_BOOTED;
    v1::EventDetail detail = v1::EVENT_DETAIL_STARTED_BOOTED;
    // With which it runs, where that is not its definition.
    std::optional<v1::DomainSpec> spec = {};
    // What its first process gets; taken from here. Null: nothing.
    drivers::PassedFiles* files = nullptr;
    // In place of the driver's Start.
    std::function<absl::StatusOr<drivers::RunningGuest>(const drivers::DomainKey& key)> start = {};
  };
  absl::StatusOr<v1::Domain> StartGuest(ChangeContext& context, drivers::HypervisorDriver* driver, const Target& target,
                                        store::v1::DomainRecord record, const Launch& launch);
  // Makes a failed start an event; `record` is that of the domain, which does not run.
  void RecordStartFailure(const ChangeContext& context, store::v1::DomainRecord record, const absl::Status& failure);
  absl::StatusOr<v1::Domain> ShutdownJob(ChangeContext& context, const v1::DomainVerbRequest& request,
                                         const Target& target);
  absl::StatusOr<v1::Domain> RebootJob(ChangeContext& context, const v1::DomainVerbRequest& request,
                                       const Target& target);
  absl::StatusOr<v1::Domain> DestroyJob(ChangeContext& context, absl::string_view etag, const Target& target);
  absl::StatusOr<v1::Domain> SuspendJob(ChangeContext& context, absl::string_view etag, const Target& target);
  absl::StatusOr<v1::Domain> ResumeJob(ChangeContext& context, const v1::DomainVerbRequest& request,
                                       const Target& target);

  // long_job.h
  // A job with an operation. `verb` begins the messages of errors ("save"), `name` is Operation.verb ("domain.save").
  // `check` looks beside the domain's queue whether it can begin, `work` does it in the queue.
  struct LongJob {
    std::string verb;
    std::string name;
    std::function<absl::Status(const Target& target)> check;
    std::function<absl::Status(ChangeContext& context, const Target& target, drivers::Progress* progress)> work;
  };
  template <typename Request>
  void DoLong(const Caller& caller, const Request& request, const std::function<absl::StatusOr<Target>()>& find_target,
              Done<v1::Operation> done, LongJob job);

  // save.cc
  // DOMAIN_NOT_FOUND, ETAG_MISMATCH, DOMAIN_STATE.
  absl::Status ExpectActive(const Target& target, absl::string_view etag) const;
  // An error of a driver's long call.
  static absl::Status TransferError(const absl::Status& status);
  absl::Status SaveJob(ChangeContext& context, const Target& target, drivers::Progress* progress);
  absl::StatusOr<v1::Domain> RemoveSaveJob(ChangeContext& context, absl::string_view etag, const Target& target);

  // images.cc
  // A file with a saved guest whose domain the caller may have. `file` is where its memory begins.
  struct OpenImage {
    Target target;
    drivers::HypervisorDriver* driver = nullptr;
    drivers::SavedImage image;
    std::shared_ptr<util::UniqueFd> file;
  };
  absl::StatusOr<OpenImage> OpenImageFile(const Caller& caller, const std::string& parent,
                                          const std::string& path) const;
  // As ExpectActive, and whether the driver can do it at all.
  absl::Status CheckCanSend(const Target& target, absl::string_view etag) const;
  absl::Status SaveToFileJob(ChangeContext& context, const Target& target, const v1::SaveDomainToFileRequest& request,
                             drivers::Progress* progress);
  // The record of the domain that a guest will be of, which does not run: one that there is, or a new, transient one,
  // whose UUID is reserved. SPEC_..., DOMAIN_EXISTS, UUID_IN_USE, DOMAIN_STATE.
  struct ImageRecord {
    store::v1::DomainRecord record;
    std::optional<Reservations::Reservation> reservation;
  };
  absl::StatusOr<ImageRecord> RecordForImage(ChangeContext& context, drivers::HypervisorDriver* driver,
                                             const Target& target, const store::v1::ImageHead& head);
  absl::Status RestoreJob(ChangeContext& context, const v1::RestoreDomainRequest& request, const OpenImage& open,
                          drivers::Progress* progress);
  absl::Status DumpJob(ChangeContext& context, const Target& target, const v1::DumpDomainRequest& request,
                       drivers::Progress* progress);

  // migration_source.cc
  absl::Status CheckCanMigrate(const Target& target, absl::string_view etag, const auth::Access& access,
                               bool undefine) const;
  absl::Status MigrateJob(ChangeContext& context, const Target& target, const v1::MigrateDomainRequest& request,
                          drivers::Progress* progress);
  // A guest that stands still while only the destination may say whose it is. Stored with how the destination is asked.
  absl::Status StandStill(ChangeContext& context, const Target& target, uint64_t run,
                          const v1::MigrateDomainRequest& request);
  // What is stored when that is known: the guest has moved, or runs on.
  absl::Status HasMoved(ChangeContext& context, const Target& target, const v1::MigrateDomainRequest& request);
  absl::Status RunsOn(ChangeContext& context, const Target& target, absl::string_view message);
  // Asks the destination, in the domain's queue, later and again until it answers.
  void SettleLater(const Target& target, uint64_t run);
  void SettleJob(const Target& target, uint64_t run);
  // Asks it now, and does what it says. TOKEN_REFUSED: it knows nothing of the guest any more.
  absl::Status AskDestination(ChangeContext& context, const Target& target, const Entry& entry,
                              const v1::MigrateDomainRequest& request);
  // For a guest that is to be resumed while only the destination may say whose it is: the domain as it runs on. Null:
  // it is not such a guest. DOMAIN_STATE.
  absl::StatusOr<EntryPointer> ResumeInDoubt(ChangeContext& context, const Target& target, const Entry& entry);
  // The same for those that an earlier daemon left so; before Recover, which the jobs then wait for.
  std::vector<std::pair<Target, uint64_t>> Unsettled() const;
  // Drops the questions of all others: a daemon that was killed behind the answer leaves them.
  void DropSettled(const std::vector<std::pair<Target, uint64_t>>& unsettled) const;

  // migration_destination.cc
  absl::Status ReceiveJob(ChangeContext& context, const std::string& ticket, const migration::TicketTerms& terms,
                          const v1::DomainSpec& spec, migration::Incoming& incoming, drivers::Progress* progress);
  // What became of a ticket's guest, kept for as long as answers are.
  absl::Status KeepOutcome(RequestRecord record);
  absl::StatusOr<v1::MigrationOutcome> FindOutcome(const v1::SettleMigrationRequest& request);

  // power.cc
  absl::StatusOr<v1::Domain> SleepJob(ChangeContext& context, const v1::SleepDomainRequest& request,
                                      const Target& target);
  absl::StatusOr<v1::Domain> WakeJob(ChangeContext& context, absl::string_view etag, const Target& target);

  // Does `job` in the queue of the domain that `find_target` gives, once per request_id, and answers through `done`.
  // `verb` begins the messages of errors: "start".
  template <typename Response, typename Request>
  void Do(const Caller& caller, const Request& request, absl::string_view verb,
          const std::function<absl::StatusOr<Target>()>& find_target, bool store_answer, Done<Response> done,
          std::function<absl::StatusOr<Response>(ChangeContext&, const Target&)> job);

  const Options options_;
  std::atomic<int64_t> journal_seconds_{absl::ToInt64Seconds(options_.limits.journal_age)};
  std::atomic<int64_t> journal_revisions_{options_.limits.journal_revisions};
  const std::unique_ptr<Store> store_;
  Registry registry_;
  const RegistryLabels labels_{&registry_};
  Reservations reservations_{&registry_};
  WatchHub hub_;
  Ledger ledger_;
  RequestTable requests_;
  PageTable pages_;
  OperationTable operations_;
  migration::Tickets tickets_;
  migration::Retries settling_;
  std::vector<HypervisorSlot> slots_;  // ordered by name; constant after Recover
  std::atomic<uint32_t> set_aside_{0};
  std::atomic<bool> draining_{false};

  std::mutex mutex_;                                                 // of the following
  absl::flat_hash_map<std::string, std::string> reboot_requestors_;  // uid -> who asked for the reboot to come
  std::optional<std::vector<std::function<void()>>> held_reports_;   // of drivers, until Recover has ended
  util::Timers::Id maintenance_timer_ = 0;
  bool maintenance_due_ = false;
  bool ending_ = false;

  // Behind what its jobs use: it goes first, and waits for them.
  Executor executor_;
  UnstoredChanges unstored_;

 private:
  void SetMaintenanceTimer();
  void SubmitMaintenance();
};

// Puts a domain that has ended into its state: `record` of a running one becomes that of one that is off.
void MarkEnded(store::v1::DomainRecord* record, v1::DomainStateReason reason, absl::string_view message,
               absl::Time time);
// The state of a guest that its driver knows.
v1::DomainState StateOf(const drivers::RunningGuest& guest);
// Puts a guest that runs into a record.
void MarkRunning(store::v1::DomainRecord* record, const drivers::RunningGuest& guest, uint64_t run,
                 v1::DomainStateReason reason, absl::Time time);

drivers::DomainKey KeyOf(const Entry& entry);
// Whether all are parts of statistics. REQUEST_INVALID.
absl::Status CheckParts(const google::protobuf::RepeatedField<int>& parts);
// An error of a driver, DRIVER_FAILED where it says nothing better.
absl::Status DriverError(const absl::Status& status);

// DOMAIN_STATE: "... is running", with a PreconditionFailure.
absl::Status StateError(const Entry& entry);

}  // namespace reeve::state
