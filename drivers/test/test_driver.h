// The test driver: guests in memory, for people who write clients and for tests. Needs no privilege.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drivers/driver.h"
#include "drivers/test/echo_console.h"
#include "drivers/test/test_controls.h"
#include "drivers/test/wedges.h"
#include "util/clock.h"

namespace reeve::test_driver {

class Guest;

// test:///default. Guests do at once what they are asked: Shutdown ends them, Reboot restarts them; the specification's
// lifecycle actions "destroy" and "restart" are followed. Consoles echo what is written to them. Limits are noted and
// limit nothing. Guests live in the daemon: those that Recover is asked for come back as ended, VANISHED. One that comes
// out of a managed save is indistinguishable from a new one; one that comes out of a file goes on counting its CPU time.
// Thread-safe; call ReleaseAll before it is destroyed if calls may hang.
class TestDriver final : public drivers::HypervisorDriver, public TestControls {
 public:
  // `clock` must outlive the driver.
  explicit TestDriver(const util::Clock* clock);
  ~TestDriver() override;

  v1::Hypervisor Describe() const override;
  absl::StatusOr<std::string> Capabilities() const override;
  // test_driver_processor.cc
  absl::StatusOr<v1::HostCpu> Processor() const override;
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
  // Hangs, when wedged, at half the way, and can be cancelled there.
  absl::Status Save(const drivers::DomainKey& domain, drivers::Progress* progress) override;

  // test_driver_images.cc. SendMemory hangs as Save does.
  absl::Status CanSendMemory(const drivers::DomainKey& domain) const override;
  absl::Status SendMemory(const drivers::DomainKey& domain, int descriptor, bool live,
                          drivers::Progress* progress) override;
  absl::Status EndSending(const drivers::DomainKey& domain, bool gone) override;
  absl::Status KeepStill(const drivers::DomainKey& domain) override;
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
  absl::Status Tune(const drivers::DomainKey& domain, const v1::DomainSpec& before,
                    const v1::DomainSpec& after) override;
  absl::StatusOr<v1::ListVcpusResponse> ListVcpus(const drivers::DomainKey& domain) const override;

  absl::StatusOr<v1::DomainStatistics> Sample(const drivers::DomainKey& domain) const override;
  absl::StatusOr<std::unique_ptr<drivers::Console>> OpenConsole(const drivers::DomainKey& domain,
                                                                const drivers::ConsoleOptions& options,
                                                                drivers::ConsoleReader reader) override;

  absl::StatusOr<uint32_t> SetWedge(const std::string& domain, bool wedged) override;
  void ReleaseAll() override;
  absl::Status EndGuest(const std::string& domain, v1::EndGuestRequest::How how) override;

 private:
  // What a guest does by itself, or is asked to.
  enum class Ending { kShutdown, kReboot, kCrash, kOutOfMemory };

  // With mutex_ held. DOMAIN_STATE when it does not run.
  absl::StatusOr<Guest*> Find(const drivers::DomainKey& domain) const;
  // What is to be written of a guest, which stands still from here on unless `live`.
  absl::StatusOr<absl::Duration> BeginWriting(const drivers::DomainKey& domain, bool live);
  // The guest ends or restarts, as its lifecycle actions say; the observer hears of it outside the lock.
  absl::Status End(std::unique_lock<std::mutex> lock, Guest* guest, Ending ending, bool requested);
  absl::Status SetAsleep(const drivers::DomainKey& domain, bool asleep);
  // With mutex_ held: the guest is gone, its consoles hear why.
  void Remove(Guest* guest, const std::string& reason);

  const util::Clock& clock_;
  const std::string architecture_;
  ConsoleThread console_thread_;
  Wedges wedges_;
  mutable std::mutex mutex_;
  drivers::GuestObserver* observer_ = nullptr;
  int64_t last_id_ = 0;
  std::map<std::string, std::unique_ptr<Guest>> guests_;  // by name
};

}  // namespace reeve::test_driver
