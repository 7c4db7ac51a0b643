#include "drivers/xen/xenstore_watch.h"

#include <dlfcn.h>
#include <xenstore.h>

#include <cstdlib>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace reeve::xen {
namespace {

constexpr char kLibrary[] = "libxenstore.so.4";

class RealXenstoreWatch final : public XenstoreWatch {
 public:
  struct Library {
    decltype(&::xs_open) open;
    decltype(&::xs_close) close;
    decltype(&::xs_watch) watch;
    decltype(&::xs_fileno) fileno;
    decltype(&::xs_check_watch) check_watch;
  };
  RealXenstoreWatch(const Library& library, xs_handle* handle) : library_(library), handle_(handle) {}
  ~RealXenstoreWatch() override { library_.close(handle_); }

  int descriptor() const override { return library_.fileno(handle_); }
  bool Drain() override {
    bool any = false;
    while (char** event = library_.check_watch(handle_)) {
      free(event);
      any = true;
    }
    return any;
  }

 private:
  const Library library_;
  xs_handle* const handle_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<XenstoreWatch>> XenstoreWatch::Open() {
  void* const library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);  // never closed, as libxenlight needs it too
  if (library == nullptr) return absl::FailedPreconditionError(absl::StrCat("no xenstore here: ", dlerror()));
  RealXenstoreWatch::Library calls{
      .open = reinterpret_cast<decltype(&::xs_open)>(dlsym(library, "xs_open")),
      .close = reinterpret_cast<decltype(&::xs_close)>(dlsym(library, "xs_close")),
      .watch = reinterpret_cast<decltype(&::xs_watch)>(dlsym(library, "xs_watch")),
      .fileno = reinterpret_cast<decltype(&::xs_fileno)>(dlsym(library, "xs_fileno")),
      .check_watch = reinterpret_cast<decltype(&::xs_check_watch)>(dlsym(library, "xs_check_watch")),
  };
  if (!calls.open || !calls.close || !calls.watch || !calls.fileno || !calls.check_watch) {
    return absl::FailedPreconditionError(absl::StrCat(kLibrary, " lacks a function"));
  }
  xs_handle* const handle = calls.open(0);
  if (handle == nullptr) return absl::UnavailableError(absl::StrCat("xenstore: ", strerror(errno)));
  auto watch = std::make_unique<RealXenstoreWatch>(calls, handle);
  for (const char* path : {"@introduceDomain", "@releaseDomain"}) {
    if (!calls.watch(handle, path, "reeve")) {
      return absl::UnavailableError(absl::StrCat("xenstore: watch ", path, ": ", strerror(errno)));
    }
  }
  return watch;
}

}  // namespace reeve::xen
