// What is done in a container that runs: commands, files, queries.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drivers/driver.h"
#include "drivers/lxc/container.h"
#include "drivers/lxc/event_loop.h"
#include "drivers/lxc/guest_task.h"

namespace reeve::lxc {

// As the methods of drivers::GuestAccess of these names. Thread-safe.
absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> Execute(const std::shared_ptr<EventLoop>& loop,
                                                               Container* container, const v1::ExecStart& start,
                                                               drivers::GuestProcessReader reader);
absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> PushFile(const std::shared_ptr<EventLoop>& loop,
                                                                Container* container, const v1::PushFileStart& start,
                                                                drivers::GuestProcessReader reader);
absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> PullFile(const std::shared_ptr<EventLoop>& loop,
                                                                Container* container,
                                                                const v1::PullFileRequest& request,
                                                                drivers::GuestProcessReader reader);
absl::StatusOr<std::string> Hostname(const std::shared_ptr<EventLoop>& loop, Container* container);
absl::StatusOr<v1::ListInterfaceAddressesResponse> InterfaceAddresses(const std::shared_ptr<EventLoop>& loop,
                                                                      Container* container);
absl::StatusOr<v1::GuestSecurityLabel> SecurityLabel(const Container& container);
absl::StatusOr<v1::GuestNamespaces> Namespaces(const Container& container);

// Has the supervisor change devices, with a descriptor that goes along or -1; also while the guest is paused. After an
// error of the supervisor the guest is as it was; when it does not answer within a minute, nobody knows.
absl::Status ChangeGuest(const std::shared_ptr<EventLoop>& loop, Container* container, const TaskRequest& request,
                         int given);

// Asks a System V init for a runlevel, '0' to '6'. GUEST_CANNOT when the guest has none that listens.
absl::Status AskInitctl(const std::shared_ptr<EventLoop>& loop, Container* container, char runlevel);

}  // namespace reeve::lxc
