// What the parts of the driver share: the toolstack, the guests, and the errors they speak in.
#pragma once

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drivers/driver.h"
#include "drivers/xen/display_ports.h"
#include "drivers/xen/guest_table.h"
#include "drivers/xen/libxl_library.h"
#include "drivers/xen/toolstack.h"
#include "drivers/xen/xen_driver_options.h"

namespace reeve::xen {

// Thread-safe. Outlives the parts that are given it.
class DriverContext {
 public:
  explicit DriverContext(XenDriverOptions options);

  bool available() const { return options_.toolstack != nullptr; }
  // HYPERVISOR_UNAVAILABLE, with the reason, where there is no Xen.
  absl::Status RefuseUnavailable() const;
  const absl::Status& unavailable() const { return options_.unavailable; }
  Toolstack& toolstack() const { return *options_.toolstack; }
  const std::shared_ptr<const LibxlLibrary>& library() const { return options_.library; }
  const std::string& state_directory() const { return options_.state_directory; }
  const std::string& sysfs() const { return options_.sysfs; }

  // PCI functions of the host change hands: shared by who gives some to a guest, alone by who takes some from the host
  // or gives them back, for whom libxenlight does not look whether a guest has them.
  std::shared_mutex& host_devices() { return host_devices_; }
  // Those wait for each other before that.
  std::mutex& host_device_turn() { return host_device_turn_; }

  GuestTable& guests() { return guests_; }
  DisplayPorts& display_ports() { return display_ports_; }
  // DOMAIN_STATE when it does not run.
  absl::StatusOr<Guest> Find(const drivers::DomainKey& domain) const;
  // Also UNSUPPORTED_BY_DRIVER for the domain that we run in.
  absl::StatusOr<Guest> FindChangeable(const drivers::DomainKey& domain) const;
  // Of a domain that runs, for a part that ends it. Also DOMAIN_BUSY when another part is at work
  // on it and does not end soon.
  absl::StatusOr<GuestClaim> Claim(const drivers::DomainKey& domain);
  // The same of one that does not, for a part that makes it: DOMAIN_STATE when it does.
  absl::StatusOr<GuestClaim> ClaimAbsent(const drivers::DomainKey& domain);

  // Ends the toolstack, whose thread calls its observer until then, and closes the consoles.
  void Close();

 private:
  XenDriverOptions options_;
  GuestTable guests_;
  DisplayPorts display_ports_;
  std::shared_mutex host_devices_;
  std::mutex host_device_turn_;
};

// A status of the toolstack as one of the driver: DOMAIN_STATE where the guest is gone, else DRIVER_FAILED.
absl::Status DriverError(const absl::Status& status);
// The same of the answer to asking the guest: GUEST_CANNOT where it does not listen.
absl::Status AskedError(const absl::Status& status);

}  // namespace reeve::xen
