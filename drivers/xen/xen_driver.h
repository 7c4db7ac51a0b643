// The Xen driver: guests of the hypervisor that this host runs on, by libxenlight, in the daemon's own process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drivers/driver.h"
#include "drivers/xen/xen_driver_options.h"

namespace reeve::xen {

// xen:///system. Calls go to the hypervisor at once; a domain's endings are handled on a thread of the driver's: the
// lifecycle actions of its specification decide what follows. Guests that other toolstacks made are reported to the
// observer when they appear, with what can be read of them, and so is what is done to guests behind the daemon's back.
// Guests live in the hypervisor: they outlive the daemon. Thread-safe.
class XenDriver final : public drivers::HypervisorDriver {
 public:
  explicit XenDriver(XenDriverOptions options);
  ~XenDriver() override;
  XenDriver(const XenDriver&) = delete;
  XenDriver& operator=(const XenDriver&) = delete;

  v1::Hypervisor Describe() const override;
  absl::StatusOr<std::string> Capabilities() const override;
  absl::StatusOr<std::string> DomainCapabilities(const v1::GetDomainCapabilitiesRequest& request) const override;
  absl::Status Validate(const v1::DomainSpec& spec) const override;
  absl::Status Complete(const drivers::DomainKey& domain, v1::DomainSpec* spec) override;
  std::vector<drivers::RecoveredDomain> Recover(const std::vector<drivers::KnownDomain>& known,
                                                drivers::GuestObserver* observer) override;
  absl::Status Preflight(const drivers::DomainKey& domain, const v1::DomainSpec& spec) override;
  absl::StatusOr<drivers::RunningGuest> Start(const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                                              bool paused) override;
  absl::Status Shutdown(const drivers::DomainKey& domain, const drivers::ShutdownModes& modes) override;
  absl::Status Reboot(const drivers::DomainKey& domain, const drivers::ShutdownModes& modes) override;
  absl::StatusOr<drivers::GuestExit> Destroy(const drivers::DomainKey& domain) override;
  absl::Status Suspend(const drivers::DomainKey& domain) override;
  absl::Status Resume(const drivers::DomainKey& domain) override;
  absl::Status Save(const drivers::DomainKey& domain, drivers::Progress* progress) override;
  absl::Status CanSendMemory(const drivers::DomainKey& domain) const override;
  absl::Status SendMemory(const drivers::DomainKey& domain, int descriptor, bool live,
                          drivers::Progress* progress) override;
  absl::Status EndSending(const drivers::DomainKey& domain, bool gone) override;
  absl::Status KeepStill(const drivers::DomainKey& domain) override;
  // Also files of libvirt's Xen driver.
  absl::StatusOr<drivers::SavedImage> ReadImage(int descriptor) const override;
  absl::StatusOr<drivers::RunningGuest> StartFromMemory(const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                                                        int descriptor, drivers::Progress* progress) override;
  absl::Status CanStartFromMemory() const override;
  absl::Status Confirm(const drivers::DomainKey& domain, bool paused) override;
  absl::Status RemoveSaved(const drivers::DomainKey& domain) override;
  absl::Status DumpCore(const drivers::DomainKey& domain, int descriptor, bool live,
                        drivers::Progress* progress) override;
  absl::Status Sleep(const drivers::DomainKey& domain, v1::SleepTarget target) override;
  absl::Status Wake(const drivers::DomainKey& domain) override;
  absl::StatusOr<v1::DomainStatistics> Sample(const drivers::DomainKey& domain) const override;
  // One call of the hypervisor for all of them.
  std::vector<absl::StatusOr<v1::DomainStatistics>> SampleMany(const std::vector<drivers::DomainKey>& domains,
                                                               drivers::StatisticsParts parts) const override;
  absl::Status ChangeDevice(const drivers::DomainKey& domain, drivers::DeviceChange change, const v1::Devices& device,
                            const v1::DomainSpec& before, const v1::DomainSpec& after) override;
  absl::Status Tune(const drivers::DomainKey& domain, const v1::DomainSpec& before,
                    const v1::DomainSpec& after) override;
  absl::Status ReadTuning(const drivers::DomainKey& domain, v1::DomainTuning* tuning) const override;
  absl::StatusOr<v1::ListVcpusResponse> ListVcpus(const drivers::DomainKey& domain) const override;
  absl::StatusOr<v1::HostCpu> Processor() const override;
  absl::Status DetachFromHost(const v1::PciDeviceAddress& address) override;
  absl::Status ReattachToHost(const v1::PciDeviceAddress& address) override;
  absl::Status ResetDevice(const v1::PciDeviceAddress& address) override;
  absl::StatusOr<std::unique_ptr<drivers::Console>> OpenConsole(const drivers::DomainKey& domain,
                                                                const drivers::ConsoleOptions& options,
                                                                drivers::ConsoleReader reader) override;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace reeve::xen
