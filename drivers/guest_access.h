// What a hypervisor driver does with guests that run: statistics, live changes, and what is done from within. A driver
// has what it overrides; the rest is UNSUPPORTED_BY_DRIVER.
#pragma once

#include <sys/types.h>

#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reeve/v1/domain.pb.h"
#include "reeve/v1/domain_devices.pb.h"
#include "reeve/v1/domain_statistics.pb.h"
#include "reeve/v1/exec_service.pb.h"
#include "reeve/v1/file_service.pb.h"
#include "reeve/v1/guest_service.pb.h"
#include "reeve/v1/tuning_service.pb.h"

namespace reeve::drivers {

// Which domain, and which of its starts: the manager counts `run` up with every start, so that a late report about an
// earlier run is told from the present one.
struct DomainKey {
  std::string name;  // last part of the resource name: "web1"
  std::string uid;   // UUID; stable, safe as a file name
  uint64_t run = 0;
};

// Bit n: StatisticsPart n is wanted.
using StatisticsParts = std::bitset<8>;
inline StatisticsParts AllStatistics() {
  return StatisticsParts().set();
}

// A process of ours in a guest: a command, or one that copies a file. Destroying it kills a command and what is in its
// process group, unless it was started detached. Thread-safe; no method waits.
class GuestProcess {
 public:
  virtual ~GuestProcess() = default;
  // Bytes for its input; more than it takes now are kept up to 64 KiB, then RESOURCE_EXHAUSTED and nothing is taken.
  virtual absl::Status Write(absl::string_view bytes) = 0;
  // The input ends behind what was written.
  virtual void EndInput() = 0;
  // The size of its terminal, if it has one.
  virtual absl::Status Resize(uint32_t columns, uint32_t rows) = 0;
  virtual absl::Status Signal(uint32_t number) = 0;
  // Whether the reader takes output. While it does not, the process is held back by what it writes to.
  virtual void SetReady(bool ready) = 0;
};

// What a GuestProcess gives. Called from a driver's thread, one at a time; must not block or destroy the GuestProcess.
struct GuestProcessReader {
  // A command runs.
  std::function<void(int64_t pid)> on_started;
  // A file is open for reading.
  std::function<void(const v1::PullFileStart&)> on_file;
  std::function<void(absl::string_view bytes, bool error_output)> on_output;
  // Once, last: how a command ended (of a file: OK), or why it could not be done.
  std::function<void(absl::StatusOr<v1::ExitStatus>)> on_end;
};

enum class DeviceChange { kAttach, kDetach, kUpdate };

// Calls that change a domain (ChangeDevice, Tune, SendSignal) are made one at a time per domain, in its queue; the
// others at any time from any thread.
class GuestAccess {
 public:
  virtual ~GuestAccess() = default;

  // Usage of a running guest. Never waits.
  virtual absl::StatusOr<v1::DomainStatistics> Sample(const DomainKey& domain) const = 0;
  // Usage of many: that of domains[i] at i, an error for what has ended. Never waits. Default: Sample of each, whole.
  virtual std::vector<absl::StatusOr<v1::DomainStatistics>> SampleMany(const std::vector<DomainKey>& domains,
                                                                       StatisticsParts parts) const;

  // Attaches, detaches or changes the one device in `device`. `before` and `after` are the specifications with which
  // the guest runs without and with the change. After an error the guest is as it was.
  virtual absl::Status ChangeDevice(const DomainKey& domain, DeviceChange change, const v1::Devices& device,
                                    const v1::DomainSpec& before, const v1::DomainSpec& after);
  // DomainStatus.interfaces as they are now, after a change of devices. Nothing: they stay as they were told at the start.
  virtual std::optional<std::vector<v1::InterfaceStatus>> Interfaces(const DomainKey& /*domain*/) const {
    return std::nullopt;
  }
  // Puts the limits of `after` in force where they differ from those of `before`. After an error those of `before` are.
  virtual absl::Status Tune(const DomainKey& domain, const v1::DomainSpec& before, const v1::DomainSpec& after);
  // Puts what is in force over `tuning`, which has what the specification says. Never waits. Default: leaves it.
  virtual absl::Status ReadTuning(const DomainKey& domain, v1::DomainTuning* tuning) const;
  // Its virtual CPUs as they are now. Never waits.
  virtual absl::StatusOr<v1::ListVcpusResponse> ListVcpus(const DomainKey& domain) const;
  // Sends a signal to a process of the guest; `pid` is as the guest sees it, signal 0 only looks for it.
  virtual absl::Status SendSignal(const DomainKey& domain, int64_t pid, uint32_t number);

  // These may wait for the guest, but not for ever.
  virtual absl::StatusOr<std::string> Hostname(const DomainKey& domain);
  virtual absl::StatusOr<v1::ListInterfaceAddressesResponse> InterfaceAddresses(const DomainKey& domain);
  virtual absl::StatusOr<v1::GuestSecurityLabel> SecurityLabel(const DomainKey& domain);
  virtual absl::StatusOr<v1::GuestNamespaces> Namespaces(const DomainKey& domain);

  // Begin and return at once; the reader is told how it goes on, also before they return.
  virtual absl::StatusOr<std::unique_ptr<GuestProcess>> Execute(const DomainKey& domain, const v1::ExecStart& start,
                                                                GuestProcessReader reader);
  virtual absl::StatusOr<std::unique_ptr<GuestProcess>> PushFile(const DomainKey& domain,
                                                                 const v1::PushFileStart& start,
                                                                 GuestProcessReader reader);
  virtual absl::StatusOr<std::unique_ptr<GuestProcess>> PullFile(const DomainKey& domain,
                                                                 const v1::PullFileRequest& request,
                                                                 GuestProcessReader reader);
};

}  // namespace reeve::drivers
