#include "drivers/test/test_driver.h"

#include <sys/utsname.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "drivers/test/guest.h"
#include "drivers/test/timestamp.h"
#include "drivers/cpu/choose_model.h"
#include "formats/capabilities_xml.h"
#include "formats/domain_spec_check.h"
#include "proto/status.h"

namespace reeve::test_driver {
namespace {

std::string HostArchitecture() {
  utsname names{};
  return uname(&names) == 0 ? names.machine : "unknown";
}

// 52:54:00 is the prefix of virtual machines; the rest follows from the domain's UUID, so that it is stable.
std::string MacAddress(absl::string_view uid, int index) {
  uint32_t hash = 2166136261;  // FNV-1a
  for (const char c : absl::StrCat(uid, "/", index)) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619;
  return absl::StrFormat("52:54:00:%02x:%02x:%02x", hash >> 16 & 0xff, hash >> 8 & 0xff, hash & 0xff);
}

absl::Status NotRunning(absl::string_view domain) {
  return Error(v1::REASON_DOMAIN_STATE, absl::StrCat("domain ", domain, " does not run"),
               {{"domain", domain}, {"state", "SHUTOFF"}});
}

drivers::GuestExit ExitWithCode(int code, absl::Time now) {
  drivers::GuestExit exit;
  exit.status.set_code(code);
  SetTimestamp(now, exit.status.mutable_time());
  return exit;
}

drivers::GuestExit ExitBySignal(int signal, absl::Time now) {
  drivers::GuestExit exit;
  exit.status.set_signal(signal);
  SetTimestamp(now, exit.status.mutable_time());
  return exit;
}

// Its guests take every way but those that need something in them.
absl::Status CheckModes(const drivers::ShutdownModes& modes) {
  if (modes.empty()) return absl::OkStatus();
  for (const v1::ShutdownMode mode : modes) {
    if (mode == v1::SHUTDOWN_MODE_SIGNAL || mode == v1::SHUTDOWN_MODE_ACPI_POWER_BUTTON) return absl::OkStatus();
  }
  return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "guests of the test driver are asked by signal or power button only");
}

}  // namespace

TestDriver::TestDriver(const util::Clock* clock) : clock_(*clock), architecture_(HostArchitecture()) {}

TestDriver::~TestDriver() = default;

v1::Hypervisor TestDriver::Describe() const {
  v1::Hypervisor hypervisor;
  hypervisor.set_name("hypervisors/test");
  hypervisor.set_uri("test:///default");
  hypervisor.set_type("TEST");
  hypervisor.set_version("2");  // as libvirt's test driver
  hypervisor.set_available(true);
  return hypervisor;
}

absl::StatusOr<std::string> TestDriver::Capabilities() const {
  v1::HostCapabilities capabilities;
  absl::StatusOr<v1::HostCpu> processor = Processor();
  if (!processor.ok()) return processor.status();
  *capabilities.mutable_host()->mutable_cpu() = cpu::DescribeHost(*std::move(processor));
  v1::GuestCapability* guest = capabilities.add_guests();
  guest->set_os_type("exe");
  guest->set_architecture(architecture_);
  guest->set_word_size(sizeof(void*) * 8);
  guest->add_domains()->set_type("test");
  return formats::WriteCapabilitiesXml(capabilities);
}

absl::Status TestDriver::Validate(const v1::DomainSpec& spec) const {
  return formats::CheckDomainSpec(spec);
}

absl::Status TestDriver::Complete(const drivers::DomainKey& domain, v1::DomainSpec* spec) {
  if (!spec->has_devices()) return absl::OkStatus();
  int index = 0;
  for (v1::Interface& interface : *spec->mutable_devices()->mutable_interfaces()) {
    if (interface.mac_address().empty()) interface.set_mac_address(MacAddress(domain.uid, index));
    ++index;
  }
  return absl::OkStatus();
}

std::vector<drivers::RecoveredDomain> TestDriver::Recover(const std::vector<drivers::KnownDomain>& known,
                                                          drivers::GuestObserver* observer) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    observer_ = observer;
  }
  std::vector<drivers::RecoveredDomain> recovered;
  for (const drivers::KnownDomain& domain : known) {
    drivers::GuestExit exit;
    exit.reason = v1::DOMAIN_STATE_REASON_VANISHED;
    exit.detail = v1::EVENT_DETAIL_STOPPED_VANISHED;
    exit.cause = v1::EVENT_CAUSE_DAEMON;
    SetTimestamp(clock_.Now(), exit.status.mutable_time());
    exit.message = "guests of the test driver live in the daemon and end with it";
    recovered.push_back({domain.key, std::nullopt, std::move(exit)});
  }
  return recovered;
}

absl::Status TestDriver::Preflight(const drivers::DomainKey&, const v1::DomainSpec& spec) {
  return Validate(spec);
}

absl::StatusOr<drivers::RunningGuest> TestDriver::Start(const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                                                        bool paused) {
  wedges_.Wait(domain.name);
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<Guest>& guest = guests_[domain.name];
  if (guest != nullptr) {
    return Error(v1::REASON_DOMAIN_STATE, absl::StrCat("domain ", domain.name, " runs already"),
                 {{"domain", domain.name}, {"state", "RUNNING"}});
  }
  guest = std::make_unique<Guest>(domain, spec, ++last_id_, paused, clock_.Now(), &console_thread_);
  return guest->running();
}

absl::Status TestDriver::Shutdown(const drivers::DomainKey& domain, const drivers::ShutdownModes& modes) {
  if (absl::Status status = CheckModes(modes); !status.ok()) return status;
  wedges_.Wait(domain.name);
  std::unique_lock<std::mutex> lock(mutex_);
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  return End(std::move(lock), *guest, Ending::kShutdown, true);
}

absl::Status TestDriver::Reboot(const drivers::DomainKey& domain, const drivers::ShutdownModes& modes) {
  if (absl::Status status = CheckModes(modes); !status.ok()) return status;
  wedges_.Wait(domain.name);
  std::unique_lock<std::mutex> lock(mutex_);
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  return End(std::move(lock), *guest, Ending::kReboot, true);
}

absl::StatusOr<drivers::GuestExit> TestDriver::Destroy(const drivers::DomainKey& domain) {
  wedges_.Wait(domain.name);
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  Remove(*guest, "the domain was destroyed");
  drivers::GuestExit exit = ExitBySignal(9, clock_.Now());
  exit.reason = v1::DOMAIN_STATE_REASON_DESTROYED;
  exit.detail = v1::EVENT_DETAIL_STOPPED_DESTROYED;
  exit.cause = v1::EVENT_CAUSE_USER;
  return exit;
}

absl::Status TestDriver::Suspend(const drivers::DomainKey& domain) {
  wedges_.Wait(domain.name);
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  if ((*guest)->SetPaused(true, clock_.Now())) return absl::OkStatus();
  return Error(v1::REASON_DOMAIN_STATE, absl::StrCat("domain ", domain.name, " is suspended already"),
               {{"domain", domain.name}, {"state", "PAUSED"}});
}

absl::Status TestDriver::Resume(const drivers::DomainKey& domain) {
  wedges_.Wait(domain.name);
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  if ((*guest)->still()) {  // since a migration that was cut off
    (*guest)->SetStill(false, clock_.Now());
    return absl::OkStatus();
  }
  if ((*guest)->SetPaused(false, clock_.Now())) return absl::OkStatus();
  return Error(v1::REASON_DOMAIN_STATE, absl::StrCat("domain ", domain.name, " is not suspended"),
               {{"domain", domain.name}, {"state", "RUNNING"}});
}

absl::Status TestDriver::Save(const drivers::DomainKey& domain, drivers::Progress* progress) {
  const auto cancelled = [&] {
    return Error(v1::REASON_OPERATION_CANCELLED, absl::StrCat("the save of domain ", domain.name, " was cancelled"),
                 {{"domain", domain.name}});
  };
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto guest = Find(domain); !guest.ok()) return guest.status();
  }
  for (const uint32_t percent : {0, 25, 50}) {
    progress->Report("writing memory", percent);
    if (progress->Cancelled()) return cancelled();
  }
  if (!wedges_.WaitUnless(domain.name, [&] { return progress->Cancelled(); })) return cancelled();
  progress->Report("writing memory", 75);
  if (progress->Cancelled()) return cancelled();
  const std::lock_guard<std::mutex> lock(mutex_);
  // It may have ended meanwhile.
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  Remove(*guest, "the domain was saved");
  progress->Report("writing memory", 100);
  return absl::OkStatus();
}

absl::StatusOr<v1::DomainStatistics> TestDriver::Sample(const drivers::DomainKey& domain) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  return (*guest)->Sample(clock_.Now());
}

absl::StatusOr<std::unique_ptr<drivers::Console>> TestDriver::OpenConsole(const drivers::DomainKey& domain,
                                                                          const drivers::ConsoleOptions& options,
                                                                          drivers::ConsoleReader reader) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  const std::shared_ptr<EchoConsole> console = (*guest)->console(options.console);
  if (console == nullptr) {
    return Error(
        v1::REASON_CONSOLE_NOT_FOUND,
        absl::StrCat("domain ", domain.name, " has no console ", options.console, ", only ", (*guest)->consoles()),
        {{"domain", domain.name}, {"console", absl::StrCat(options.console)}});
  }
  return console->Attach(options, std::move(reader));
}

absl::StatusOr<uint32_t> TestDriver::SetWedge(const std::string& domain, bool wedged) {
  return wedges_.Set(domain, wedged);
}

void TestDriver::ReleaseAll() {
  wedges_.ReleaseAll();
}

absl::Status TestDriver::EndGuest(const std::string& domain, v1::EndGuestRequest::How how) {
  Ending ending;
  switch (how) {
    case v1::EndGuestRequest::HOW_SHUTDOWN:
      ending = Ending::kShutdown;
      break;
    case v1::EndGuestRequest::HOW_CRASH:
      ending = Ending::kCrash;
      break;
    case v1::EndGuestRequest::HOW_REBOOT:
      ending = Ending::kReboot;
      break;
    case v1::EndGuestRequest::HOW_OUT_OF_MEMORY:
      ending = Ending::kOutOfMemory;
      break;
    default:
      return Error(v1::REASON_REQUEST_INVALID, "how must be SHUTDOWN, CRASH, REBOOT or OUT_OF_MEMORY",
                   {{"field", "how"}});
  }
  std::unique_lock<std::mutex> lock(mutex_);
  const auto guest = guests_.find(domain);
  if (guest == guests_.end()) return NotRunning(domain);
  return End(std::move(lock), guest->second.get(), ending, false);
}

absl::StatusOr<Guest*> TestDriver::Find(const drivers::DomainKey& domain) const {
  const auto guest = guests_.find(domain.name);
  if (guest == guests_.end() || guest->second->key().uid != domain.uid) return NotRunning(domain.name);
  return guest->second.get();
}

absl::Status TestDriver::End(std::unique_lock<std::mutex> lock, Guest* guest, Ending ending, bool requested) {
  const absl::Time now = clock_.Now();
  const drivers::DomainKey key = guest->key();
  const v1::LifecycleActions& actions = guest->lifecycle_actions();
  drivers::GuestExit exit;
  bool restart = false;
  switch (ending) {
    case Ending::kShutdown:
      restart = actions.on_poweroff() == "restart";
      exit = ExitWithCode(0, now);
      exit.message = "init exited with code 0";
      break;
    case Ending::kReboot:
      restart = actions.on_reboot() != "destroy";
      exit = ExitWithCode(0, now);
      exit.message = "the guest restarted, and on_reboot is destroy";
      break;
    case Ending::kCrash:
      restart = actions.on_crash() == "restart";
      exit = ExitBySignal(11, now);
      exit.reason = v1::DOMAIN_STATE_REASON_CRASHED;
      exit.detail = v1::EVENT_DETAIL_STOPPED_CRASHED;
      exit.cause = v1::EVENT_CAUSE_CRASH;
      exit.message = "init was killed by signal 11 (SIGSEGV)";
      break;
    case Ending::kOutOfMemory:
      restart = actions.on_crash() == "restart";
      exit = ExitBySignal(9, now);
      exit.reason = v1::DOMAIN_STATE_REASON_OUT_OF_MEMORY;
      exit.detail = v1::EVENT_DETAIL_STOPPED_OUT_OF_MEMORY;
      exit.cause = v1::EVENT_CAUSE_OUT_OF_MEMORY;
      exit.message = "init was killed by signal 9 (SIGKILL) for want of memory";
      break;
  }
  drivers::GuestObserver* const observer = observer_;
  if (restart) {
    guest->Restart(now);
    const drivers::RunningGuest running = guest->running();
    lock.unlock();
    if (observer != nullptr) observer->OnReboot(key, running, requested);
    return absl::OkStatus();
  }
  Remove(guest, "the domain has ended");
  lock.unlock();
  if (observer != nullptr) observer->OnExit(key, exit);
  return absl::OkStatus();
}

void TestDriver::Remove(Guest* guest, const std::string& reason) {
  guest->Close(reason);
  const std::string name = guest->key().name;
  guests_.erase(name);
}

}  // namespace reeve::test_driver
