// What is done in guests that run.
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/change.h"
#include "proto/invalid_request.h"

namespace reeve::state {
namespace {

constexpr uint32_t kLastSignal = 64;

}  // namespace

absl::StatusOr<Core::Running> Core::FindRunning(const Caller& caller, absl::string_view name, absl::string_view verb,
                                                std::string* clause) const {
  absl::StatusOr<EntryPointer> entry = Find(caller, name);
  if (!entry.ok()) return WithContext(verb, entry.status());
  *clause = absl::StrCat(verb, " ", ResourceName(*(*entry)->key));
  if (!IsActive((*entry)->state)) return WithContext(*clause, StateError(**entry));
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf((*entry)->key->hypervisor);
  if (!driver.ok()) return WithContext(*clause, driver.status());
  return Running{*driver, KeyOf(**entry)};
}

void ManagerImpl::SendProcessSignal(const Caller& caller, v1::SendProcessSignalRequest request,
                                    Done<v1::SendProcessSignalResponse> done) {
  core_->Do<v1::SendProcessSignalResponse>(
      caller, request, "signal a process of", [&] { return core_->TargetOf(caller, request.name()); }, true,
      std::move(done),
      [core = core_.get(), request](ChangeContext&,
                                    const Target& target) -> absl::StatusOr<v1::SendProcessSignalResponse> {
        if (request.signal() > kLastSignal) return Invalid("signal", "must be 0 to 64");
        if (request.pid() < 1) return Invalid("pid", "must be at least 1");
        absl::StatusOr<EntryPointer> entry = core->Expect(target, "");
        if (!entry.ok()) return entry.status();
        if (!IsActive((*entry)->state)) return StateError(**entry);
        absl::StatusOr<drivers::HypervisorDriver*> driver = core->DriverOf(target.hypervisor);
        if (!driver.ok()) return driver.status();
        absl::Status status = (*driver)->SendSignal(KeyOf(**entry), request.pid(), request.signal());
        if (!status.ok()) return DriverError(status);
        return v1::SendProcessSignalResponse();
      });
}

absl::StatusOr<v1::GuestHostname> ManagerImpl::GetHostname(const Caller& caller,
                                                           const v1::GetHostnameRequest& request) {
  std::string clause;
  absl::StatusOr<Core::Running> running = core_->FindRunning(caller, request.name(), "host name of", &clause);
  if (!running.ok()) return running.status();
  absl::StatusOr<std::string> hostname = running->driver->Hostname(running->key);
  if (!hostname.ok()) return WithContext(clause, DriverError(hostname.status()));
  v1::GuestHostname response;
  response.set_hostname(*std::move(hostname));
  return response;
}

absl::StatusOr<v1::ListInterfaceAddressesResponse> ManagerImpl::ListInterfaceAddresses(
    const Caller& caller, const v1::ListInterfaceAddressesRequest& request) {
  std::string clause;
  absl::StatusOr<Core::Running> running = core_->FindRunning(caller, request.name(), "addresses of", &clause);
  if (!running.ok()) return running.status();
  auto response = running->driver->InterfaceAddresses(running->key);
  if (!response.ok()) return WithContext(clause, DriverError(response.status()));
  return response;
}

absl::StatusOr<v1::GuestSecurityLabel> ManagerImpl::GetSecurityLabel(const Caller& caller,
                                                                     const v1::GetSecurityLabelRequest& request) {
  std::string clause;
  absl::StatusOr<Core::Running> running = core_->FindRunning(caller, request.name(), "security label of", &clause);
  if (!running.ok()) return running.status();
  auto response = running->driver->SecurityLabel(running->key);
  if (!response.ok()) return WithContext(clause, DriverError(response.status()));
  return response;
}

absl::StatusOr<v1::GuestNamespaces> ManagerImpl::GetNamespaces(const Caller& caller,
                                                               const v1::GetNamespacesRequest& request) {
  std::string clause;
  absl::StatusOr<Core::Running> running = core_->FindRunning(caller, request.name(), "namespaces of", &clause);
  if (!running.ok()) return running.status();
  auto response = running->driver->Namespaces(running->key);
  if (!response.ok()) return WithContext(clause, DriverError(response.status()));
  return response;
}

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> ManagerImpl::Execute(const Caller& caller,
                                                                            const v1::ExecStart& start,
                                                                            drivers::GuestProcessReader reader) {
  std::string clause;
  absl::StatusOr<Core::Running> running = core_->FindRunning(caller, start.domain(), "run a command in", &clause);
  if (!running.ok()) return running.status();
  auto process = running->driver->Execute(running->key, start, std::move(reader));
  if (!process.ok()) return WithContext(clause, DriverError(process.status()));
  return process;
}

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> ManagerImpl::PushFile(const Caller& caller,
                                                                             const v1::PushFileStart& start,
                                                                             drivers::GuestProcessReader reader) {
  std::string clause;
  absl::StatusOr<Core::Running> running = core_->FindRunning(caller, start.domain(), "push a file to", &clause);
  if (!running.ok()) return running.status();
  auto process = running->driver->PushFile(running->key, start, std::move(reader));
  if (!process.ok()) return WithContext(clause, DriverError(process.status()));
  return process;
}

absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> ManagerImpl::PullFile(const Caller& caller,
                                                                             const v1::PullFileRequest& request,
                                                                             drivers::GuestProcessReader reader) {
  std::string clause;
  absl::StatusOr<Core::Running> running = core_->FindRunning(caller, request.domain(), "pull a file from", &clause);
  if (!running.ok()) return running.status();
  auto process = running->driver->PullFile(running->key, request, std::move(reader));
  if (!process.ok()) return WithContext(clause, DriverError(process.status()));
  return process;
}

}  // namespace reeve::state
