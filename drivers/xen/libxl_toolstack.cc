#include "drivers/xen/libxl_toolstack.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "drivers/xen/libxl_toolstack_class.h"
#include "util/log.h"

namespace reeve::xen {
namespace {

// The daemon's threads take no signals, and a child inherits that: a device model would not hear the SIGHUP by which
// libxenlight ends it.
pid_t ForkWithSignals(void*) {
  const pid_t child = ::fork();
  if (child == 0) {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
  }
  return child;
}

}  // namespace

absl::Status LibxlToolstack::Open() {
  if (const int code = library_->libxl_ctx_alloc(&context_, LIBXL_VERSION, 0, log_.logger()); code != 0) {
    context_ = nullptr;
    return absl::FailedPreconditionError(absl::StrCat(
        "this host does not run on Xen: libxl_ctx_alloc: ", log_.Since(0, -1), " (", ErrorName(code), ")"));
  }
  static constexpr libxl_childproc_hooks kChildren = {
      .chldowner = libxl_sigchld_owner_libxl_always_selective_reap,
      .fork_replacement = &ForkWithSignals,
      .reaped_callback = nullptr,
  };
  library_->libxl_childproc_setmode(context_, &kChildren, nullptr);
  static constexpr libxl_event_hooks kEvents = {
      .event_occurs_mask = LIBXL_EVENTMASK_ALL,
      .event_occurs = [](void* self, libxl_event* event) { static_cast<LibxlToolstack*>(self)->OnEvent(event); },
      .disaster =
          [](void*, libxl_event_type, const char* message, int error) {
            util::LogError("libxenlight cannot report events any more: ", message, ": ", strerror(error));
          },
  };
  library_->libxl_event_register_callbacks(context_, &kEvents, this);
  absl::StatusOr<std::unique_ptr<XenstoreWatch>> xenstore = XenstoreWatch::Open();
  if (!xenstore.ok()) return xenstore.status();
  xenstore_ = *std::move(xenstore);
  wake_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) return absl::ErrnoToStatus(errno, "eventfd");
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

LibxlToolstack::~LibxlToolstack() {
  if (thread_.joinable()) {
    stop_ = true;
    const uint64_t one = 1;
    if (write(wake_.get(), &one, sizeof(one)) < 0) util::LogError("eventfd: ", strerror(errno));
    thread_.join();
  }
  // Frees the death watches with it.
  if (context_ != nullptr) library_->libxl_ctx_free(context_);
}

absl::StatusOr<std::unique_ptr<Toolstack>> OpenLibxlToolstack(std::shared_ptr<const LibxlLibrary> library) {
  auto toolstack = std::make_unique<LibxlToolstack>(std::move(library));
  if (absl::Status status = toolstack->Open(); !status.ok()) return status;
  return std::unique_ptr<Toolstack>(std::move(toolstack));
}

}  // namespace reeve::xen
