#include "drivers/xen/xen_driver_options.h"

#include <unistd.h>

#include <utility>

#include "absl/status/statusor.h"
#include "drivers/xen/libxl_toolstack.h"

namespace reeve::xen {

XenDriverOptions DetectXen(std::string state_directory) {
  XenDriverOptions options{.state_directory = std::move(state_directory)};
  // libxenlight itself would say so too, but only after it has been loaded: a host without Xen pays nothing.
  if (access("/proc/xen/capabilities", R_OK) < 0 && access("/dev/xen/privcmd", F_OK) < 0) {
    options.unavailable = absl::FailedPreconditionError("this host does not run on Xen");
    return options;
  }
  absl::StatusOr<std::shared_ptr<const LibxlLibrary>> library = LibxlLibrary::Load();
  if (!library.ok()) {
    options.unavailable = library.status();
    return options;
  }
  options.library = *std::move(library);
  absl::StatusOr<std::unique_ptr<Toolstack>> toolstack = OpenLibxlToolstack(options.library);
  if (toolstack.ok()) {
    options.toolstack = *std::move(toolstack);
  } else {
    options.unavailable = toolstack.status();
  }
  return options;
}

}  // namespace reeve::xen
