// What the Xen driver is made of, and whether this host has it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "drivers/xen/libxl_library.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// What the daemon gives the driver.
struct XenDriverOptions {
  // Directory of saved guests and cores, absolute; made with mode 0700 when it is first needed.
  std::string state_directory;  // e.g. "/var/lib/reeve/xen"
  // Where the kernel tells what its back ends count.
  std::string sysfs = "/sys";
  // How long a call waits while another part is at work on its domain, most often for the look at what the hypervisor
  // has told of. Then it is DOMAIN_BUSY.
  absl::Duration patience = absl::Seconds(5);
  // libxenlight; null where there is none.
  std::shared_ptr<const LibxlLibrary> library;
  // The real toolstack or a fake. Null: the driver exists but cannot run guests, for the reason `unavailable`.
  std::unique_ptr<Toolstack> toolstack;
  absl::Status unavailable;
};

// Opens libxenlight and the toolstack; on a host that does not run on Xen only the reason is set.
XenDriverOptions DetectXen(std::string state_directory);

}  // namespace reeve::xen
