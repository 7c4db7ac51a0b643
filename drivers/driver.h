// What a hypervisor driver is. The daemon's manager is the only caller; drivers see the model (proto messages), never
// gRPC.
//
// What the manager guarantees:
// - Recover is called once, before anything else but Settle, and returns before any other call.
// - Calls that change a domain (Start, Shutdown, Reboot, Destroy, Suspend, Resume, Save, and those of GuestImages) are
//   made one at a time per domain, on threads that may block; calls for different domains come at the same time from
//   different threads.
// - Describe, Validate, Sample, SampleMany, ReadTuning, (Domain)Capabilities and those of HostAccess may come at any time
//   from any thread, also while such a call hangs, and must not wait for it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "drivers/guest_access.h"
#include "drivers/guest_images.h"
#include "drivers/host_access.h"
#include "drivers/passed_files.h"
#include "proto/status.h"
#include "reeve/v1/domain.pb.h"
#include "reeve/v1/domain_service.pb.h"
#include "reeve/v1/event.pb.h"
#include "reeve/v1/hypervisor_service.pb.h"

namespace reeve::drivers {

using ShutdownModes = std::vector<v1::ShutdownMode>;

// How a guest ended.
struct GuestExit {
  v1::DomainStateReason reason = v1::DOMAIN_STATE_REASON_SHUTDOWN;
  v1::EventDetail detail = v1::EVENT_DETAIL_STOPPED_SHUTDOWN;
  v1::EventCause cause = v1::EVENT_CAUSE_GUEST;
  v1::ExitStatus status;  // code or signal of the first process, and when
  std::string message;    // one sentence: "init was killed by signal 9 (SIGKILL)"
};

// Told of what guests do by themselves. Methods don't block and may be called from any thread, also before the call
// that started the guest has returned. A driver reports each ending once: through OnExit, or as the result of Destroy.
class GuestObserver {
 public:
  virtual ~GuestObserver() = default;
  // The guest has ended and the driver has cleaned up behind it.
  virtual void OnExit(const DomainKey& domain, const GuestExit& exit) = 0;
  // The guest has restarted itself, or as asked by Reboot; it is the same run.
  virtual void OnReboot(const DomainKey& domain, const RunningGuest& guest, bool requested) = 0;
  // Somebody else than the daemon has started this guest, or has made it anew under another id. `spec` is what could be
  // read of a guest that is not known. Drivers whose guests only the daemon can make never call it.
  virtual void OnFound(const DomainKey& /*domain*/, const v1::DomainSpec& /*spec*/, const RunningGuest& /*guest*/) {}
  // A guest that the daemon knows was paused or resumed by somebody else, or has stopped and is kept. Of no effect when
  // that guest, by its run and id, has ended meanwhile.
  virtual void OnState(const DomainKey& /*domain*/, const RunningGuest& /*guest*/) {}
};

// A domain that the store believes to run, given to Recover.
struct KnownDomain {
  DomainKey key;
  v1::DomainSpec spec;  // with which it runs
};

// What Recover found of one domain.
struct RecoveredDomain {
  DomainKey key;
  // Exactly one of the two is set.
  std::optional<RunningGuest> running;
  std::optional<GuestExit> ended;
  // Of one that ended and was not among the known: what was removed, so that it is reported.
  std::string removed = {};
  // Of a guest that another toolstack made: what could be read of it.
  v1::DomainSpec spec = {};
};

// An attached console. Destroying it detaches. Thread-safe.
class Console {
 public:
  virtual ~Console() = default;
  // Gives bytes to the guest; more than the guest takes now are kept up to 64 KiB, then RESOURCE_EXHAUSTED.
  virtual absl::Status Write(absl::string_view bytes) = 0;
  // Tells the guest the size of the terminal.
  virtual absl::Status Resize(uint32_t columns, uint32_t rows) = 0;
  // Whether the receiver takes more output. While it does not, the driver keeps the newest 64 KiB and counts the rest
  // as lost.
  virtual void SetReady(bool ready) = 0;
};

// What a console gives its reader. Called from a driver's thread; must not block or destroy the Console.
struct ConsoleReader {
  std::function<void(absl::string_view bytes, uint64_t lost_bytes)> on_output;
  std::function<void(const std::string& reason)> on_closed;  // once, last
};

// How a console is attached.
struct ConsoleOptions {
  uint32_t console = 0;
  bool force = false;
  bool read_only = false;
  bool replay = true;
};

// A hypervisor driver. Errors carry a reason (proto/status.h) and name the step; the manager adds verb and domain
// before them. After an error of Start nothing of the guest is left; after an error of another call the guest is as it
// was.
class HypervisorDriver : public GuestAccess, public GuestImages, public HostAccess {
 public:
  // Name, URI, type, version and whether it can run here. The counts are filled in by the caller.
  virtual v1::Hypervisor Describe() const = 0;
  // A libvirt <capabilities> document.
  virtual absl::StatusOr<std::string> Capabilities() const = 0;
  // A libvirt <domainCapabilities> document for the kind of guest that is asked for. UNSUPPORTED_BY_DRIVER where the
  // driver has one kind of guest only, of which Capabilities tells all.
  virtual absl::StatusOr<std::string> DomainCapabilities(const v1::GetDomainCapabilitiesRequest& /*request*/) const {
    return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "the driver has one kind of guest, which its capabilities describe");
  }
  // Whether the driver can do all that the specification asks: SPEC_INVALID or SPEC_UNSUPPORTED with every wrong field.
  virtual absl::Status Validate(const v1::DomainSpec& spec) const = 0;
  // Fills in what a definition leaves open and what must be stable from start to start (MAC addresses, id maps). What
  // it takes for that from others is the domain's until Settle says otherwise. NO_ID_RANGE.
  virtual absl::Status Complete(const DomainKey& domain, v1::DomainSpec* spec) = 0;
  // What a domain has now: its definition, and with what it runs where that is another one; nothing: it is gone. Told
  // of every domain before Recover, and after each definition and removal. Must not wait.
  virtual void Settle(const std::string& /*uid*/, const std::vector<v1::DomainSpec>& /*specs*/) {}

  // Finds again what an earlier daemon started. `known` are the domains that the store believes to run: each comes back
  // once. Guests that are not known (a crash between start and commit) come back as further ones with the key they were
  // started with; what cannot be adopted is cleaned up.
  virtual std::vector<RecoveredDomain> Recover(const std::vector<KnownDomain>& known, GuestObserver* observer) = 0;

  // Starts a guest. `preflight`: only what Start would check, no effect.
  virtual absl::Status Preflight(const DomainKey& domain, const v1::DomainSpec& spec) = 0;
  virtual absl::StatusOr<RunningGuest> Start(const DomainKey& domain, const v1::DomainSpec& spec, bool paused) = 0;
  // Whether a guest of this specification can be handed these: UNSUPPORTED_BY_DRIVER, PERMISSION_DENIED.
  virtual absl::Status CheckFiles(const v1::DomainSpec& /*spec*/, const PassedFiles& /*files*/) const {
    return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "the driver cannot hand open files to a guest");
  }
  // As Start, after CheckFiles; the first process has them as its descriptors 3, 4, ..., with LISTEN_FDS and LISTEN_PID as
  // in sd_listen_fds(3), until the guest reboots. Nobody else keeps them.
  virtual absl::StatusOr<RunningGuest> StartWithFiles(const DomainKey& /*domain*/, const v1::DomainSpec& spec,
                                                      bool /*paused*/, PassedFiles files) {
    return CheckFiles(spec, files);
  }
  // Asks the guest to end or to restart, by the first of `modes` that it takes, in the driver's own order when there
  // are none; returns when it has been asked. GUEST_CANNOT when it takes none, UNSUPPORTED_BY_DRIVER for a mode the
  // driver has not.
  virtual absl::Status Shutdown(const DomainKey& domain, const ShutdownModes& modes) = 0;
  virtual absl::Status Reboot(const DomainKey& domain, const ShutdownModes& modes) = 0;
  // Ends the guest; returns when nothing of it is left. DOMAIN_STATE when it has ended already (OnExit tells how).
  virtual absl::StatusOr<GuestExit> Destroy(const DomainKey& domain) = 0;
  virtual absl::Status Suspend(const DomainKey& domain) = 0;
  virtual absl::Status Resume(const DomainKey& domain) = 0;
  // Saves the guest's memory and ends it. UNSUPPORTED_BY_DRIVER where it cannot; CANCELLED leaves the guest running.
  virtual absl::Status Save(const DomainKey& domain, Progress* progress) = 0;

  // Attaches to a console. Returns at once.
  virtual absl::StatusOr<std::unique_ptr<Console>> OpenConsole(const DomainKey& domain, const ConsoleOptions& options,
                                                               ConsoleReader reader) = 0;
};

}  // namespace reeve::drivers
