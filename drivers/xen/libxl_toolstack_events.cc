// What libxenlight and the xenstore tell: the thread that waits for it.
#include <poll.h>
#include <sys/time.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "drivers/xen/libxl_facts.h"
#include "drivers/xen/libxl_toolstack_class.h"
#include "util/log.h"

namespace reeve::xen {
namespace {

// What another toolstack pauses or resumes is told by nothing, neither the xenstore nor libxenlight: the observer looks
// (one call of the hypervisor) so often.
constexpr int kLookMilliseconds = 500;

}  // namespace

absl::Status LibxlToolstack::Observe(ToolstackObserver* observer) {
  observer_ = observer;
  return absl::OkStatus();
}

// Waits for what libxenlight waits for, beside the xenstore: its own file descriptors and times come from it anew for
// each round (libxl_event.h, "osevent").
void LibxlToolstack::Run() {
  // libxenlight's handler of SIGCHLD must run in some thread, whatever the one that made this one blocks.
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  pthread_sigmask(SIG_UNBLOCK, &child, nullptr);
  log_.TellChildrenHere();
  std::vector<pollfd> descriptors(2);
  auto looked = std::chrono::steady_clock::now();
  while (!stop_) {
    timeval now{};
    int count = 0;
    int timeout = -1;
    for (;;) {
      gettimeofday(&now, nullptr);
      count = static_cast<int>(descriptors.size()) - 2;
      timeout = -1;
      const int code = library_->libxl_osevent_beforepoll(context_, &count, descriptors.data() + 2, &timeout, now);
      if (code == 0) break;
      if (code != ERROR_BUFFERFULL) {
        util::LogError("libxl_osevent_beforepoll: ", ErrorName(code), ": no event of Xen is seen any more");
        return;
      }
      descriptors.resize(count + 2);
    }
    descriptors[0] = {wake_.get(), POLLIN, 0};
    descriptors[1] = {xenstore_->descriptor(), POLLIN, 0};
    if (timeout < 0 || timeout > kLookMilliseconds) timeout = kLookMilliseconds;
    if (poll(descriptors.data(), count + 2, timeout) < 0 && errno != EINTR) {
      util::LogError("poll: ", strerror(errno), ": no event of Xen is seen any more");
      return;
    }
    gettimeofday(&now, nullptr);
    library_->libxl_osevent_afterpoll(context_, count, descriptors.data() + 2, now);
    const bool told = descriptors[1].revents != 0 && xenstore_->Drain();
    const auto time = std::chrono::steady_clock::now();
    if (told || time - looked >= std::chrono::milliseconds(kLookMilliseconds)) {
      looked = time;
      if (ToolstackObserver* const observer = observer_.load()) observer->OnDomainsChanged();
    }
  }
}

void LibxlToolstack::OnEvent(libxl_event* event) {
  ToolstackObserver* const observer = observer_.load();
  const uint32_t domid = event->domid;
  if (event->type == LIBXL_EVENT_TYPE_DOMAIN_SHUTDOWN) {
    const StopReason reason = StopReasonOf(event->u.domain_shutdown.shutdown_reason);
    library_->libxl_event_free(context_, event);
    if (observer != nullptr) observer->OnStopped(domid, reason);
  } else if (event->type == LIBXL_EVENT_TYPE_DOMAIN_DEATH) {
    library_->libxl_event_free(context_, event);
    {
      std::lock_guard lock(watches_mutex_);
      if (const auto watch = watches_.find(domid); watch != watches_.end()) {
        library_->libxl_evdisable_domain_death(context_, watch->second);
        watches_.erase(watch);
      }
    }
    if (observer != nullptr) observer->OnGone(domid);
  } else {
    library_->libxl_event_free(context_, event);
  }
}

}  // namespace reeve::xen
