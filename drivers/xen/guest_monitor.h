// What happens to guests: their ends and restarts, and what other toolstacks do.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "drivers/driver.h"
#include "drivers/worker.h"
#include "drivers/xen/driver_context.h"
#include "drivers/xen/guest_table.h"
#include "drivers/xen/pause_control.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// Hears of domains on the toolstack's thread and handles it on one of its own: what a guest's lifecycle actions ask is
// done, and the driver's observer is told. Thread-safe.
class GuestMonitor final : public ToolstackObserver {
 public:
  GuestMonitor(DriverContext* context, PauseControl* pauses) : context_(*context), pauses_(*pauses) {}

  // Once, before anything is heard. The observer outlives the monitor; may be null.
  void Begin(drivers::GuestObserver* observer) { observer_ = observer; }
  // What is heard from now on is handled when that is notified, and not before.
  void WaitFor(std::shared_ptr<absl::Notification> event) {
    Later([event = std::move(event)] { event->WaitForNotification(); });
  }
  // What is queued is done; nothing is handled after it.
  void End();

  void OnStopped(uint32_t domid, StopReason reason) override;
  void OnGone(uint32_t domid) override;
  void OnDomainsChanged() override;

 private:
  // Does the job on the worker's thread; not at all when the driver ends.
  void Later(std::function<void()> job);
  void HandleStop(uint32_t domid, StopReason reason);
  // One of another toolstack, which removes it, makes it anew, or keeps it as it is: until then it has stopped.
  void SeeForeignStop(uint32_t domid, StopReason reason);
  void HandleGone(uint32_t domid);
  void HandleFound(uint32_t domid, const std::string& uid);
  // Compares what is known with what there is.
  void HandleChange();
  void HandlePause(const Guest& known);
  void DumpCore(const Guest& guest);
  void Restart(GuestClaim claim);
  // The guest starts another kernel in its place (kexec).
  void SoftReset(GuestClaim claim);
  // It leaves the table, who reads its console is told why, and the observer of its end.
  void EndGuest(GuestClaim claim, const std::string& console_words, const drivers::GuestExit& exit);
  // Ends what is left of a guest that has stopped.
  void Remove(const Guest& guest);

  DriverContext& context_;
  PauseControl& pauses_;
  drivers::GuestObserver* observer_ = nullptr;  // set once, before anything else
  std::atomic<bool> change_queued_{false};
  absl::Mutex worker_mutex_;
  std::unique_ptr<drivers::Worker> worker_ ABSL_GUARDED_BY(worker_mutex_) = std::make_unique<drivers::Worker>();
};

}  // namespace reeve::xen
