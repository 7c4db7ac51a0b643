// What the driver does with a guest that runs.
#include <utility>

#include "absl/strings/str_cat.h"
#include "drivers/lxc/asking.h"
#include "drivers/lxc/device_changes.h"
#include "drivers/lxc/guest_calls.h"
#include "drivers/lxc/lxc_driver_implementation.h"
#include "proto/status.h"

namespace reeve::lxc {

using drivers::DomainKey;

absl::Status LxcDriver::Shutdown(const DomainKey& domain, const drivers::ShutdownModes& modes) {
  auto container = implementation_->guests.Find(domain);
  return container.ok() ? AskGuest(implementation_->loop, container->get(), modes, /*reboot=*/false) : container.status();
}

absl::Status LxcDriver::Reboot(const DomainKey& domain, const drivers::ShutdownModes& modes) {
  auto container = implementation_->guests.Find(domain);
  return container.ok() ? AskGuest(implementation_->loop, container->get(), modes, /*reboot=*/true) : container.status();
}

absl::Status LxcDriver::ChangeDevice(const DomainKey& domain, drivers::DeviceChange change, const v1::Devices& device,
                                     const v1::DomainSpec& before, const v1::DomainSpec& after) {
  auto container = implementation_->guests.Find(domain);
  if (!container.ok()) return container.status();
  return lxc::ChangeDevice(implementation_->loop, container->get(), change, device, before, after);
}

std::optional<std::vector<v1::InterfaceStatus>> LxcDriver::Interfaces(const DomainKey& domain) const {
  auto container = implementation_->guests.Find(domain);
  if (!container.ok()) return std::nullopt;  // its end is told in another way
  return (*container)->Describe().interfaces;
}

absl::Status LxcDriver::Tune(const DomainKey& domain, const v1::DomainSpec& before, const v1::DomainSpec& after) {
  auto container = implementation_->guests.Find(domain);
  return container.ok() ? (*container)->Tune(before, after) : container.status();
}

absl::Status LxcDriver::ReadTuning(const DomainKey& domain, v1::DomainTuning* tuning) const {
  auto container = implementation_->guests.Find(domain);
  return container.ok() ? (*container)->ReadTuning(tuning) : container.status();
}

absl::Status LxcDriver::SendSignal(const DomainKey& domain, int64_t pid, uint32_t number) {
  auto container = implementation_->guests.Find(domain);
  if (!container.ok()) return container.status();
  if (pid != 1) {
    return Error(v1::REASON_GUEST_CANNOT, absl::StrCat("LXC signals the guest's process 1 only, not ", pid));
  }
  return (*container)->Kill(number);
}

absl::StatusOr<std::string> LxcDriver::Hostname(const DomainKey& domain) {
  auto container = implementation_->guests.Find(domain);
  if (!container.ok()) return container.status();
  return lxc::Hostname(implementation_->loop, container->get());
}

absl::StatusOr<v1::ListInterfaceAddressesResponse> LxcDriver::InterfaceAddresses(const DomainKey& domain) {
  auto container = implementation_->guests.Find(domain);
  if (!container.ok()) return container.status();
  return lxc::InterfaceAddresses(implementation_->loop, container->get());
}

absl::StatusOr<v1::GuestSecurityLabel> LxcDriver::SecurityLabel(const DomainKey& domain) {
  auto container = implementation_->guests.Find(domain);
  if (!container.ok()) return container.status();
  return lxc::SecurityLabel(**container);
}

absl::StatusOr<v1::GuestNamespaces> LxcDriver::Namespaces(const DomainKey& domain) {
  auto container = implementation_->guests.Find(domain);
  if (!container.ok()) return container.status();
  return lxc::Namespaces(**container);
}

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> LxcDriver::Execute(const DomainKey& domain,
                                                                          const v1::ExecStart& start,
                                                                          drivers::GuestProcessReader reader) {
  auto container = implementation_->guests.Find(domain);
  if (!container.ok()) return container.status();
  return lxc::Execute(implementation_->loop, container->get(), start, std::move(reader));
}

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> LxcDriver::PushFile(const DomainKey& domain,
                                                                           const v1::PushFileStart& start,
                                                                           drivers::GuestProcessReader reader) {
  auto container = implementation_->guests.Find(domain);
  if (!container.ok()) return container.status();
  return lxc::PushFile(implementation_->loop, container->get(), start, std::move(reader));
}

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> LxcDriver::PullFile(const DomainKey& domain,
                                                                           const v1::PullFileRequest& request,
                                                                           drivers::GuestProcessReader reader) {
  auto container = implementation_->guests.Find(domain);
  if (!container.ok()) return container.status();
  return lxc::PullFile(implementation_->loop, container->get(), request, std::move(reader));
}

absl::StatusOr<drivers::GuestExit> LxcDriver::Destroy(const DomainKey& domain) {
  auto container = implementation_->guests.Find(domain);
  if (!container.ok()) return container.status();
  return implementation_->running->life.Destroy(*container);
}

absl::Status LxcDriver::Suspend(const DomainKey& domain) {
  auto container = implementation_->guests.Find(domain);
  return container.ok() ? (*container)->Suspend() : container.status();
}

absl::Status LxcDriver::Resume(const DomainKey& domain) {
  auto container = implementation_->guests.Find(domain);
  return container.ok() ? (*container)->Resume() : container.status();
}

absl::Status LxcDriver::Save(const DomainKey&, drivers::Progress*) {
  return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "LXC cannot save the memory of a guest");
}

absl::StatusOr<std::unique_ptr<drivers::Console>> LxcDriver::OpenConsole(const DomainKey& domain,
                                                                         const drivers::ConsoleOptions& options,
                                                                         drivers::ConsoleReader reader) {
  auto container = implementation_->guests.Find(domain);
  if (!container.ok()) return container.status();
  return (*container)->OpenConsole(options, std::move(reader));
}

}  // namespace reeve::lxc
