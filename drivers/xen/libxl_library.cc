#include "drivers/xen/libxl_library.h"

#include <dlfcn.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace reeve::xen {

// Debian names the library by Xen's release, and so does its interface: the structures of another release differ.
std::string LibxlLibraryName() {
  return absl::StrCat("libxenlight.so.", REEVE_XEN_RELEASE);
}

absl::StatusOr<std::shared_ptr<const LibxlLibrary>> LibxlLibrary::Load() {
  // Never closed: the library's threads and handlers outlive every caller.
  void* const handle = dlopen(LibxlLibraryName().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return absl::FailedPreconditionError(absl::StrCat("no toolstack of Xen here: ", dlerror()));
  std::shared_ptr<LibxlLibrary> library(new LibxlLibrary());
#define REEVE_LIBXL_FIND(name)                                                                 \
  library->name = reinterpret_cast<decltype(library->name)>(dlsym(handle, #name));             \
  if (library->name == nullptr) {                                                              \
    return absl::FailedPreconditionError(absl::StrCat(LibxlLibraryName(), " has no ", #name)); \
  }
  REEVE_LIBXL_FUNCTIONS(REEVE_LIBXL_FIND)
#undef REEVE_LIBXL_FIND
  return library;
}

}  // namespace reeve::xen
