// The LXC driver: containers of the Linux kernel, each beside its own reeve-supervisor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "drivers/driver.h"
#include "drivers/lxc/id_ranges.h"

namespace reeve::cgroups {
class Hierarchies;
}

namespace reeve::lxc {

// What the daemon gives the driver. No path has a default: the caller knows its root directory.
struct LxcDriverOptions {
  // Directory for the driver's run-time files, absolute; made with mode 0700 when missing. Each guest has a directory
  // named by its uid in it, from its start to its end. Wants to be on a tmpfs that survives the daemon, not the host.
  std::string run_directory;  // e.g. "/run/reeve/lxc"
  // The reeve-supervisor program, absolute.
  std::string supervisor_path;
  // Partition of guests whose specification names none: "/reeve" gives the groups reeve/<uid>.domain and
  // reeve/<uid>.supervisor.
  std::string cgroup_partition = "/reeve";
  // Hook scripts (hooks.h), and how long one may take.
  std::string hook_directory = "/etc/reeve/hooks";
  absl::Duration hook_timeout = absl::Seconds(60);
  // Where lxcfs is mounted. Empty: nowhere.
  std::string lxcfs_directory = "/var/lib/lxcfs";
  // Where id maps come from that no specification brings.
  IdRanges::Options id_ranges;
  // systemd is the host's init: each supervisor lives in a transient scope of it instead of a group of ours.
  bool systemd_scopes = false;
  // The host's cgroup hierarchies. Null: the driver exists but cannot run guests, for the reason `unavailable`.
  std::shared_ptr<const cgroups::Hierarchies> hierarchies;
  absl::Status unavailable;
};

// Thread-safe. Owns one thread, which watches all supervisors; destroying the driver ends the thread and leaves the
// guests running: a later driver on the same run directory finds them with Recover.
class LxcDriver : public drivers::HypervisorDriver {
 public:
  // INVALID_ARGUMENT for paths that are not absolute; other errors when the event loop cannot be made. A host that
  // cannot run containers (not root, no cgroups, a kernel older than 5.14, no supervisor program) is not an error:
  // Describe says why and Start refuses with HYPERVISOR_UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<LxcDriver>> Create(LxcDriverOptions options);
  ~LxcDriver() override;
  LxcDriver(const LxcDriver&) = delete;
  LxcDriver& operator=(const LxcDriver&) = delete;

  v1::Hypervisor Describe() const override;
  absl::StatusOr<std::string> Capabilities() const override;
  absl::Status Validate(const v1::DomainSpec& spec) const override;
  absl::Status Complete(const drivers::DomainKey& domain, v1::DomainSpec* spec) override;
  void Settle(const std::string& uid, const std::vector<v1::DomainSpec>& specs) override;
  std::vector<drivers::RecoveredDomain> Recover(const std::vector<drivers::KnownDomain>& known,
                                                drivers::GuestObserver* observer) override;
  absl::Status Preflight(const drivers::DomainKey& domain, const v1::DomainSpec& spec) override;
  absl::StatusOr<drivers::RunningGuest> Start(const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                                              bool paused) override;
  // Of others than root only for guests that have none of the ids of the host's users.
  absl::Status CheckFiles(const v1::DomainSpec& spec, const drivers::PassedFiles& files) const override;
  absl::StatusOr<drivers::RunningGuest> StartWithFiles(const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                                                       bool paused, drivers::PassedFiles files) override;
  absl::Status Shutdown(const drivers::DomainKey& domain, const drivers::ShutdownModes& modes) override;
  absl::Status Reboot(const drivers::DomainKey& domain, const drivers::ShutdownModes& modes) override;
  absl::StatusOr<drivers::GuestExit> Destroy(const drivers::DomainKey& domain) override;
  absl::Status Suspend(const drivers::DomainKey& domain) override;
  absl::Status Resume(const drivers::DomainKey& domain) override;
  absl::Status Save(const drivers::DomainKey& domain, drivers::Progress* progress) override;
  absl::StatusOr<v1::DomainStatistics> Sample(const drivers::DomainKey& domain) const override;
  std::vector<absl::StatusOr<v1::DomainStatistics>> SampleMany(const std::vector<drivers::DomainKey>& domains,
                                                               drivers::StatisticsParts parts) const override;
  absl::Status ChangeDevice(const drivers::DomainKey& domain, drivers::DeviceChange change, const v1::Devices& device,
                            const v1::DomainSpec& before, const v1::DomainSpec& after) override;
  std::optional<std::vector<v1::InterfaceStatus>> Interfaces(const drivers::DomainKey& domain) const override;
  absl::Status Tune(const drivers::DomainKey& domain, const v1::DomainSpec& before,
                    const v1::DomainSpec& after) override;
  absl::Status ReadTuning(const drivers::DomainKey& domain, v1::DomainTuning* tuning) const override;
  absl::Status SendSignal(const drivers::DomainKey& domain, int64_t pid, uint32_t number) override;
  absl::StatusOr<std::string> Hostname(const drivers::DomainKey& domain) override;
  absl::StatusOr<v1::ListInterfaceAddressesResponse> InterfaceAddresses(const drivers::DomainKey& domain) override;
  absl::StatusOr<v1::GuestSecurityLabel> SecurityLabel(const drivers::DomainKey& domain) override;
  absl::StatusOr<v1::GuestNamespaces> Namespaces(const drivers::DomainKey& domain) override;
  absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> Execute(const drivers::DomainKey& domain,
                                                                 const v1::ExecStart& start,
                                                                 drivers::GuestProcessReader reader) override;
  absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> PushFile(const drivers::DomainKey& domain,
                                                                  const v1::PushFileStart& start,
                                                                  drivers::GuestProcessReader reader) override;
  absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> PullFile(const drivers::DomainKey& domain,
                                                                  const v1::PullFileRequest& request,
                                                                  drivers::GuestProcessReader reader) override;
  absl::StatusOr<std::unique_ptr<drivers::Console>> OpenConsole(const drivers::DomainKey& domain,
                                                                const drivers::ConsoleOptions& options,
                                                                drivers::ConsoleReader reader) override;

 private:
  class Implementation;
  explicit LxcDriver(std::unique_ptr<Implementation> implementation);
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace reeve::lxc
