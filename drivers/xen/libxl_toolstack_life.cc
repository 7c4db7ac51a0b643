// The life of a domain.
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "drivers/xen/libxl_toolstack_class.h"
#include "drivers/xen/stream_head.h"

namespace reeve::xen {
namespace {

// An asynchronous call that is waited for.
struct Operation {
  std::mutex mutex;
  std::condition_variable done_condition;
  bool done = false;
  int code = 0;
};

}  // namespace

absl::StatusOr<uint32_t> LibxlToolstack::Create(DomainConfig* config) {
  LibxlStep step = Step("libxl_domain_create_new", -1);
  uint32_t domid = INVALID_DOMID;
  const int code = library_->libxl_domain_create_new(context_, config->get(), &domid, nullptr, nullptr);
  if (domid != static_cast<uint32_t>(INVALID_DOMID)) step.OfDomain(domid);
  absl::Status status = step.Result(code);
  if (!status.ok()) return status;
  return domid;
}

absl::StatusOr<uint32_t> LibxlToolstack::Restore(DomainConfig* config, int descriptor) {
  if (absl::Status status = CheckStreamHead(descriptor); !status.ok()) return status;
  LibxlStep step = Step("libxl_domain_create_restore", -1);
  libxl_domain_restore_params parameters{};
  library_->libxl_domain_restore_params_init(&parameters);
  parameters.stream_version = 2;
  uint32_t domid = INVALID_DOMID;
  const int code = library_->libxl_domain_create_restore(context_, config->get(), &domid, descriptor, -1, &parameters,
                                                         nullptr, nullptr);
  library_->libxl_domain_restore_params_dispose(&parameters);
  if (domid != static_cast<uint32_t>(INVALID_DOMID)) step.OfDomain(domid);
  absl::Status status = step.Result(code);
  if (!status.ok()) return status;
  return domid;
}

absl::Status LibxlToolstack::Watch(uint32_t domid) {
  const LibxlStep step = Step("libxl_evenable_domain_death", domid);
  libxl_evgen_domain_death* watch = nullptr;
  absl::Status status = step.Result(library_->libxl_evenable_domain_death(context_, domid, 0, &watch));
  if (!status.ok()) return status;
  std::lock_guard lock(watches_mutex_);
  // The earlier one tells of one stop only.
  libxl_evgen_domain_death*& kept = watches_[domid];
  if (kept != nullptr) library_->libxl_evdisable_domain_death(context_, kept);
  kept = watch;
  return absl::OkStatus();
}

absl::Status LibxlToolstack::SoftReset(uint32_t domid, DomainConfig* config) {
  const LibxlStep step = Step("libxl_domain_soft_reset", domid);
  return step.Result(library_->libxl_domain_soft_reset(context_, config->get(), domid, nullptr, nullptr));
}

absl::Status LibxlToolstack::Pause(uint32_t domid) {
  const LibxlStep step = Step("libxl_domain_pause", domid);
  return step.Result(library_->libxl_domain_pause(context_, domid, nullptr));
}

absl::Status LibxlToolstack::Unpause(uint32_t domid) {
  const LibxlStep step = Step("libxl_domain_unpause", domid);
  return step.Result(library_->libxl_domain_unpause(context_, domid, nullptr));
}

absl::Status LibxlToolstack::Shutdown(uint32_t domid) {
  const LibxlStep step = Step("libxl_domain_shutdown", domid);
  return step.Result(library_->libxl_domain_shutdown(context_, domid, nullptr));
}

absl::Status LibxlToolstack::Reboot(uint32_t domid) {
  const LibxlStep step = Step("libxl_domain_reboot", domid);
  return step.Result(library_->libxl_domain_reboot(context_, domid, nullptr));
}

absl::Status LibxlToolstack::PressPowerButton(uint32_t domid) {
  const LibxlStep step = Step("libxl_send_trigger", domid);
  return step.Result(library_->libxl_send_trigger(context_, domid, LIBXL_TRIGGER_POWER, 0, nullptr));
}

absl::Status LibxlToolstack::Destroy(uint32_t domid) {
  const LibxlStep step = Step("libxl_domain_destroy", domid);
  return step.Result(library_->libxl_domain_destroy(context_, domid, nullptr));
}

absl::Status LibxlToolstack::Save(uint32_t domid, int descriptor, bool live, const Cancelled& cancelled) {
  const LibxlStep step = Step("libxl_domain_suspend", domid);
  // Asynchronous, so that it can be given up: the thread of the events completes it.
  auto operation = std::make_unique<Operation>();
  libxl_asyncop_how how{};
  how.callback = [](libxl_ctx*, int code, void* user) {
    auto* const op = static_cast<Operation*>(user);
    std::lock_guard lock(op->mutex);
    op->done = true;
    op->code = code;
    op->done_condition.notify_all();
  };
  how.u.for_callback = operation.get();
  const int code = library_->libxl_domain_suspend(context_, domid, descriptor, live ? LIBXL_SUSPEND_LIVE : 0, &how);
  if (code != 0) return step.Result(code);
  bool aborted = false;
  std::unique_lock lock(operation->mutex);
  while (!operation->done) {
    operation->done_condition.wait_for(lock, std::chrono::milliseconds(100));
    if (operation->done || aborted || !cancelled || !cancelled()) continue;
    aborted = true;
    lock.unlock();
    library_->libxl_ao_abort(context_, &how);
    lock.lock();
  }
  return step.Result(operation->code);
}

absl::Status LibxlToolstack::Resume(uint32_t domid) {
  const LibxlStep step = Step("libxl_domain_resume", domid);
  return step.Result(library_->libxl_domain_resume(context_, domid, 1, nullptr));
}

absl::Status LibxlToolstack::Sleep(uint32_t domid) {
  const LibxlStep step = Step("libxl_domain_suspend_only", domid);
  return step.Result(library_->libxl_domain_suspend_only(context_, domid, nullptr));
}

absl::Status LibxlToolstack::DumpCore(uint32_t domid, const std::string& path) {
  const LibxlStep step = Step("libxl_domain_core_dump", domid);
  return step.Result(library_->libxl_domain_core_dump(context_, domid, path.c_str(), nullptr));
}

absl::Status LibxlToolstack::Rename(uint32_t domid, const std::string& from, const std::string& to) {
  const LibxlStep step = Step("libxl_domain_rename", domid);
  return step.Result(library_->libxl_domain_rename(context_, domid, from.c_str(), to.c_str()));
}

}  // namespace reeve::xen
