#include "drivers/xen/libxl_toolstack.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "drivers/xen/libxl_log.h"
#include "drivers/xen/xenstore_watch.h"
#include "util/fd.h"
#include "util/log.h"

namespace reeve::xen {
namespace {

// Negative codes of libxenlight (libxl_types.idl, libxl_error), as its users know them.
absl::string_view ErrorName(int code) {
  switch (code) {
    case ERROR_NONSPECIFIC: return "ERROR_NONSPECIFIC";
    case ERROR_VERSION: return "ERROR_VERSION";
    case ERROR_FAIL: return "ERROR_FAIL";
    case ERROR_NI: return "ERROR_NI";
    case ERROR_NOMEM: return "ERROR_NOMEM";
    case ERROR_INVAL: return "ERROR_INVAL";
    case ERROR_BADFAIL: return "ERROR_BADFAIL";
    case ERROR_GUEST_TIMEDOUT: return "ERROR_GUEST_TIMEDOUT";
    case ERROR_TIMEDOUT: return "ERROR_TIMEDOUT";
    case ERROR_NOPARAVIRT: return "ERROR_NOPARAVIRT";
    case ERROR_NOT_READY: return "ERROR_NOT_READY";
    case ERROR_BUFFERFULL: return "ERROR_BUFFERFULL";
    case ERROR_UNKNOWN_CHILD: return "ERROR_UNKNOWN_CHILD";
    case ERROR_LOCK_FAIL: return "ERROR_LOCK_FAIL";
    case ERROR_DEVICE_EXISTS: return "ERROR_DEVICE_EXISTS";
    case ERROR_DOMAIN_NOTFOUND: return "ERROR_DOMAIN_NOTFOUND";
    case ERROR_ABORTED: return "ERROR_ABORTED";
    case ERROR_NOTFOUND: return "ERROR_NOTFOUND";
    case ERROR_DOMAIN_DESTROYED: return "ERROR_DOMAIN_DESTROYED";
    default: return "an error";
  }
}

StopReason ReasonOf(int reason) {
  switch (reason) {
    case LIBXL_SHUTDOWN_REASON_POWEROFF: return StopReason::kPowerOff;
    case LIBXL_SHUTDOWN_REASON_REBOOT: return StopReason::kReboot;
    case LIBXL_SHUTDOWN_REASON_SUSPEND: return StopReason::kSuspend;
    case LIBXL_SHUTDOWN_REASON_CRASH: return StopReason::kCrash;
    case LIBXL_SHUTDOWN_REASON_WATCHDOG: return StopReason::kWatchdog;
    case LIBXL_SHUTDOWN_REASON_SOFT_RESET: return StopReason::kSoftReset;
    default: return StopReason::kUnknown;
  }
}

std::string UuidText(const libxl_uuid& uuid) {
  char text[37];
  const uint8_t* const b = uuid.uuid;
  snprintf(text, sizeof(text), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
           b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
  return text;
}

GuestFacts FactsOf(const libxl_dominfo& info) {
  return {.domid = info.domid,
          .uuid = UuidText(info.uuid),
          .running = info.running,
          .blocked = info.blocked,
          .paused = info.paused,
          .stopped = info.shutdown,
          .dying = info.dying,
          .stop_reason = info.shutdown ? ReasonOf(info.shutdown_reason) : StopReason::kUnknown,
          .memory_kib = info.current_memkb,
          .maximum_memory_kib = info.max_memkb,
          .cpu_time_ns = info.cpu_time,
          .vcpus_online = info.vcpu_online};
}

// What another toolstack pauses or resumes is told by nothing, neither the xenstore nor libxenlight: the observer looks
// (one call of the hypervisor) so often.
constexpr int kLookMilliseconds = 500;

class LibxlToolstack final : public Toolstack {
 public:
  explicit LibxlToolstack(std::shared_ptr<const LibxlLibrary> library) : library_(std::move(library)) {}
  ~LibxlToolstack() override;
  absl::Status Open();

  absl::Status Observe(ToolstackObserver* observer) override;
  absl::StatusOr<HostFacts> Host() const override;
  absl::StatusOr<std::vector<GuestFacts>> List() const override;
  absl::StatusOr<GuestFacts> Look(uint32_t domid) const override;
  absl::StatusOr<std::string> NameOf(uint32_t domid) const override;
  absl::StatusOr<uint32_t> Create(DomainConfig* config) override;
  absl::StatusOr<uint32_t> Restore(DomainConfig* config, int descriptor) override;
  absl::Status Watch(uint32_t domid) override;
  absl::Status Pause(uint32_t domid) override;
  absl::Status Unpause(uint32_t domid) override;
  absl::Status Shutdown(uint32_t domid) override;
  absl::Status Reboot(uint32_t domid) override;
  absl::Status PressPowerButton(uint32_t domid) override;
  absl::Status Destroy(uint32_t domid) override;
  absl::Status Save(uint32_t domid, int descriptor, bool live, const Cancelled& cancelled) override;
  absl::Status Resume(uint32_t domid) override;
  absl::Status DumpCore(uint32_t domid, const std::string& path) override;
  absl::Status Rename(uint32_t domid, const std::string& from, const std::string& to) override;
  absl::Status SetMemoryTarget(uint32_t domid, uint64_t kib) override;
  absl::Status SetMaximumMemory(uint32_t domid, uint64_t kib) override;
  absl::Status AddDisk(uint32_t domid, libxl_device_disk* disk) override;
  absl::Status RemoveDisk(uint32_t domid, const std::string& virtual_device) override;
  absl::Status AddInterface(uint32_t domid, libxl_device_nic* interface) override;
  absl::Status RemoveInterface(uint32_t domid, const std::string& mac_address) override;
  absl::Status InsertMedium(uint32_t domid, libxl_device_disk* disk) override;
  absl::Status AddPci(uint32_t domid, libxl_device_pci* device) override;
  absl::Status RemovePci(uint32_t domid, libxl_device_pci* device) override;
  absl::Status AddUsb(uint32_t domid, libxl_device_usbdev* device) override;
  absl::Status RemoveUsb(uint32_t domid, const libxl_device_usbdev& device) override;
  absl::StatusOr<Scheduling> SchedulingOf(uint32_t domid) const override;
  absl::Status SetScheduling(uint32_t domid, const Scheduling& scheduling) override;
  absl::StatusOr<std::vector<VcpuFacts>> VcpusOf(uint32_t domid) const override;
  absl::Status Pin(uint32_t domid, uint32_t vcpu, const std::set<uint32_t>& cpus) override;
  absl::Status StoreNote(uint32_t domid, const std::string& name, absl::string_view bytes) override;
  absl::StatusOr<std::string> ReadNote(uint32_t domid, const std::string& name) const override;
  absl::StatusOr<DomainConfig> ConfigOf(uint32_t domid) const override;
  absl::StatusOr<std::string> ConsolePath(uint32_t domid) const override;

 private:
  // Remembers where the log was, to say what was logged of the call.
  class Step {
   public:
    Step(const LibxlToolstack& toolstack, absl::string_view call, int64_t domid)
        : log_(toolstack.log_), call_(call), domid_(domid), mark_(log_.Mark()) {}
    absl::Status Result(int code) const;

   private:
    const LibxlLog& log_;
    const absl::string_view call_;
    const int64_t domid_;
    const uint64_t mark_;
  };
  // An asynchronous call that is waited for.
  struct Operation {
    std::mutex mutex;
    std::condition_variable done_condition;
    bool done = false;
    int code = 0;
  };

  void Run();
  void OnEvent(libxl_event* event);

  const std::shared_ptr<const LibxlLibrary> library_;
  LibxlLog log_;
  libxl_ctx* context_ = nullptr;
  std::unique_ptr<XenstoreWatch> xenstore_;
  std::atomic<ToolstackObserver*> observer_{nullptr};
  util::UniqueFd wake_;
  std::atomic<bool> stop_{false};
  std::mutex watches_mutex_;
  std::map<uint32_t, libxl_evgen_domain_death*> watches_;
  std::thread thread_;
};

absl::Status LibxlToolstack::Step::Result(int code) const {
  if (code == 0) return absl::OkStatus();
  const std::string said = log_.Since(mark_, domid_);
  const std::string message =
      absl::StrCat(call_, ": ", said.empty() ? "" : absl::StrCat(said, " "), "(", ErrorName(code), ", ", code, ")");
  if (code == ERROR_DOMAIN_NOTFOUND || code == ERROR_DOMAIN_DESTROYED) return absl::NotFoundError(message);
  if (code == ERROR_NOPARAVIRT) return absl::UnimplementedError(message);
  if (code == ERROR_ABORTED) return absl::CancelledError(message);
  if (code == ERROR_NOMEM) return absl::ResourceExhaustedError(message);
  if (code == ERROR_TIMEDOUT || code == ERROR_GUEST_TIMEDOUT) return absl::DeadlineExceededError(message);
  return absl::InternalError(message);
}

absl::Status LibxlToolstack::Open() {
  if (const int code = library_->libxl_ctx_alloc(&context_, LIBXL_VERSION, 0, log_.logger()); code != 0) {
    context_ = nullptr;
    return absl::FailedPreconditionError(
        absl::StrCat("this host does not run on Xen: libxl_ctx_alloc: ", log_.Since(0, -1), " (", ErrorName(code), ")"));
  }
  static constexpr libxl_childproc_hooks kChildren = {
      .chldowner = libxl_sigchld_owner_libxl_always_selective_reap,
      .fork_replacement = nullptr,
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
      const int code =
          library_->libxl_osevent_beforepoll(context_, &count, descriptors.data() + 2, &timeout, now);
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
    const StopReason reason = ReasonOf(event->u.domain_shutdown.shutdown_reason);
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

absl::Status LibxlToolstack::Observe(ToolstackObserver* observer) {
  observer_ = observer;
  return absl::OkStatus();
}

absl::StatusOr<HostFacts> LibxlToolstack::Host() const {
  const Step step(*this, "libxl_get_physinfo", -1);
  libxl_physinfo info;
  library_->libxl_physinfo_init(&info);
  if (absl::Status status = step.Result(library_->libxl_get_physinfo(context_, &info)); !status.ok()) return status;
  HostFacts facts;
  if (const libxl_version_info* version = library_->libxl_get_version_info(context_)) {
    facts.version = absl::StrCat(version->xen_version_major, ".", version->xen_version_minor,
                                 version->xen_version_extra != nullptr ? version->xen_version_extra : "");
  }
  const uint64_t page_kib = static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
  facts.total_memory_kib = info.total_pages * page_kib;
  facts.free_memory_kib = (info.free_pages + info.scrub_pages) * page_kib;
  facts.cpus = info.nr_cpus;
  facts.cpu_khz = info.cpu_khz;
  facts.hvm = info.cap_hvm;
  library_->libxl_physinfo_dispose(&info);
  return facts;
}

absl::StatusOr<std::vector<GuestFacts>> LibxlToolstack::List() const {
  const Step step(*this, "libxl_list_domain", -1);
  int count = 0;
  libxl_dominfo* const list = library_->libxl_list_domain(context_, &count);
  if (list == nullptr) return step.Result(ERROR_FAIL);
  std::vector<GuestFacts> guests;
  guests.reserve(count);
  for (int i = 0; i < count; ++i) guests.push_back(FactsOf(list[i]));
  library_->libxl_dominfo_list_free(list, count);
  return guests;
}

absl::StatusOr<GuestFacts> LibxlToolstack::Look(uint32_t domid) const {
  const Step step(*this, "libxl_domain_info", domid);
  libxl_dominfo info;
  library_->libxl_dominfo_init(&info);
  absl::Status status = step.Result(library_->libxl_domain_info(context_, &info, domid));
  const GuestFacts facts = FactsOf(info);
  library_->libxl_dominfo_dispose(&info);
  if (!status.ok()) return status;
  return facts;
}

absl::StatusOr<std::string> LibxlToolstack::NameOf(uint32_t domid) const {
  const Step step(*this, "libxl_domid_to_name", domid);
  char* const name = library_->libxl_domid_to_name(context_, domid);
  if (name == nullptr) return step.Result(ERROR_DOMAIN_NOTFOUND);
  std::string text(name);
  free(name);
  return text;
}

absl::StatusOr<uint32_t> LibxlToolstack::Create(DomainConfig* config) {
  const Step step(*this, "libxl_domain_create_new", -1);
  uint32_t domid = 0;
  absl::Status status = step.Result(
      library_->libxl_domain_create_new(context_, config->get(), &domid, nullptr, nullptr));
  if (!status.ok()) return status;
  return domid;
}

absl::StatusOr<uint32_t> LibxlToolstack::Restore(DomainConfig* config, int descriptor) {
  const Step step(*this, "libxl_domain_create_restore", -1);
  libxl_domain_restore_params parameters{};
  library_->libxl_domain_restore_params_init(&parameters);
  parameters.stream_version = 2;
  uint32_t domid = 0;
  absl::Status status = step.Result(library_->libxl_domain_create_restore(
      context_, config->get(), &domid, descriptor, -1, &parameters, nullptr, nullptr));
  library_->libxl_domain_restore_params_dispose(&parameters);
  if (!status.ok()) return status;
  return domid;
}

absl::Status LibxlToolstack::Watch(uint32_t domid) {
  const Step step(*this, "libxl_evenable_domain_death", domid);
  libxl_evgen_domain_death* watch = nullptr;
  absl::Status status = step.Result(library_->libxl_evenable_domain_death(context_, domid, 0, &watch));
  if (!status.ok()) return status;
  std::lock_guard lock(watches_mutex_);
  if (!watches_.emplace(domid, watch).second) library_->libxl_evdisable_domain_death(context_, watch);
  return absl::OkStatus();
}

absl::Status LibxlToolstack::Pause(uint32_t domid) {
  const Step step(*this, "libxl_domain_pause", domid);
  return step.Result(library_->libxl_domain_pause(context_, domid, nullptr));
}

absl::Status LibxlToolstack::Unpause(uint32_t domid) {
  const Step step(*this, "libxl_domain_unpause", domid);
  return step.Result(library_->libxl_domain_unpause(context_, domid, nullptr));
}

absl::Status LibxlToolstack::Shutdown(uint32_t domid) {
  const Step step(*this, "libxl_domain_shutdown", domid);
  return step.Result(library_->libxl_domain_shutdown(context_, domid, nullptr));
}

absl::Status LibxlToolstack::PressPowerButton(uint32_t domid) {
  const Step step(*this, "libxl_send_trigger", domid);
  return step.Result(library_->libxl_send_trigger(context_, domid, LIBXL_TRIGGER_POWER, 0, nullptr));
}

absl::Status LibxlToolstack::Reboot(uint32_t domid) {
  const Step step(*this, "libxl_domain_reboot", domid);
  return step.Result(library_->libxl_domain_reboot(context_, domid, nullptr));
}

absl::Status LibxlToolstack::Destroy(uint32_t domid) {
  const Step step(*this, "libxl_domain_destroy", domid);
  return step.Result(library_->libxl_domain_destroy(context_, domid, nullptr));
}

absl::Status LibxlToolstack::Save(uint32_t domid, int descriptor, bool live, const Cancelled& cancelled) {
  const Step step(*this, "libxl_domain_suspend", domid);
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
  const int code =
      library_->libxl_domain_suspend(context_, domid, descriptor, live ? LIBXL_SUSPEND_LIVE : 0, &how);
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
  const Step step(*this, "libxl_domain_resume", domid);
  return step.Result(library_->libxl_domain_resume(context_, domid, 1, nullptr));
}

absl::Status LibxlToolstack::DumpCore(uint32_t domid, const std::string& path) {
  const Step step(*this, "libxl_domain_core_dump", domid);
  return step.Result(library_->libxl_domain_core_dump(context_, domid, path.c_str(), nullptr));
}

absl::Status LibxlToolstack::Rename(uint32_t domid, const std::string& from, const std::string& to) {
  const Step step(*this, "libxl_domain_rename", domid);
  return step.Result(library_->libxl_domain_rename(context_, domid, from.c_str(), to.c_str()));
}

absl::Status LibxlToolstack::SetMemoryTarget(uint32_t domid, uint64_t kib) {
  const Step step(*this, "libxl_set_memory_target", domid);
  return step.Result(library_->libxl_set_memory_target(context_, domid, static_cast<int64_t>(kib), 0, 1));
}

absl::Status LibxlToolstack::SetMaximumMemory(uint32_t domid, uint64_t kib) {
  const Step step(*this, "libxl_domain_setmaxmem", domid);
  return step.Result(library_->libxl_domain_setmaxmem(context_, domid, kib));
}

absl::Status LibxlToolstack::AddDisk(uint32_t domid, libxl_device_disk* disk) {
  const Step step(*this, "libxl_device_disk_add", domid);
  return step.Result(library_->libxl_device_disk_add(context_, domid, disk, nullptr));
}

absl::Status LibxlToolstack::RemoveDisk(uint32_t domid, const std::string& virtual_device) {
  const Step find(*this, "libxl_vdev_to_device_disk", domid);
  libxl_device_disk disk;
  library_->libxl_device_disk_init(&disk);
  absl::Status status =
      find.Result(library_->libxl_vdev_to_device_disk(context_, domid, virtual_device.c_str(), &disk));
  if (status.ok()) {
    const Step step(*this, "libxl_device_disk_remove", domid);
    status = step.Result(library_->libxl_device_disk_remove(context_, domid, &disk, nullptr));
  }
  library_->libxl_device_disk_dispose(&disk);
  return status;
}

absl::Status LibxlToolstack::AddInterface(uint32_t domid, libxl_device_nic* interface) {
  const Step step(*this, "libxl_device_nic_add", domid);
  return step.Result(library_->libxl_device_nic_add(context_, domid, interface, nullptr));
}

absl::Status LibxlToolstack::RemoveInterface(uint32_t domid, const std::string& mac_address) {
  const Step find(*this, "libxl_mac_to_device_nic", domid);
  libxl_device_nic nic;
  library_->libxl_device_nic_init(&nic);
  absl::Status status = find.Result(library_->libxl_mac_to_device_nic(context_, domid, mac_address.c_str(), &nic));
  if (status.ok()) {
    const Step step(*this, "libxl_device_nic_remove", domid);
    status = step.Result(library_->libxl_device_nic_remove(context_, domid, &nic, nullptr));
  }
  library_->libxl_device_nic_dispose(&nic);
  return status;
}

absl::Status LibxlToolstack::InsertMedium(uint32_t domid, libxl_device_disk* disk) {
  const Step step(*this, "libxl_cdrom_insert", domid);
  return step.Result(library_->libxl_cdrom_insert(context_, domid, disk, nullptr));
}

absl::Status LibxlToolstack::AddPci(uint32_t domid, libxl_device_pci* device) {
  const Step step(*this, "libxl_device_pci_add", domid);
  return step.Result(library_->libxl_device_pci_add(context_, domid, device, nullptr));
}

absl::Status LibxlToolstack::RemovePci(uint32_t domid, libxl_device_pci* device) {
  const Step step(*this, "libxl_device_pci_remove", domid);
  return step.Result(library_->libxl_device_pci_remove(context_, domid, device, nullptr));
}

absl::Status LibxlToolstack::AddUsb(uint32_t domid, libxl_device_usbdev* device) {
  const Step step(*this, "libxl_device_usbdev_add", domid);
  return step.Result(library_->libxl_device_usbdev_add(context_, domid, device, nullptr));
}

absl::Status LibxlToolstack::RemoveUsb(uint32_t domid, const libxl_device_usbdev& device) {
  const Step step(*this, "libxl_device_usbdev_remove", domid);
  int count = 0;
  libxl_device_usbdev* const list = library_->libxl_device_usbdev_list(context_, domid, &count);
  int code = ERROR_NOTFOUND;
  for (int i = 0; i < count; ++i) {
    if (list[i].u.hostdev.hostbus != device.u.hostdev.hostbus) continue;
    if (list[i].u.hostdev.hostaddr != device.u.hostdev.hostaddr) continue;
    code = library_->libxl_device_usbdev_remove(context_, domid, &list[i], nullptr);
    break;
  }
  library_->libxl_device_usbdev_list_free(list, count);
  return step.Result(code);
}

absl::StatusOr<Scheduling> LibxlToolstack::SchedulingOf(uint32_t domid) const {
  const Step step(*this, "libxl_domain_sched_params_get", domid);
  libxl_domain_sched_params parameters;
  library_->libxl_domain_sched_params_init(&parameters);
  absl::Status status = step.Result(library_->libxl_domain_sched_params_get(context_, domid, &parameters));
  if (!status.ok()) return status;
  const auto kind = static_cast<libxl_scheduler>(library_->libxl_get_scheduler(context_));
  const char* const name = library_->libxl_scheduler_to_string(kind);
  return Scheduling{.scheduler = name != nullptr ? name : "", .weight = parameters.weight, .cap = parameters.cap};
}

absl::Status LibxlToolstack::SetScheduling(uint32_t domid, const Scheduling& scheduling) {
  const Step step(*this, "libxl_domain_sched_params_set", domid);
  libxl_domain_sched_params parameters;
  library_->libxl_domain_sched_params_init(&parameters);
  parameters.sched = LIBXL_SCHEDULER_UNKNOWN;  // that of the domain's pool
  parameters.weight = scheduling.weight;
  parameters.cap = scheduling.cap;
  return step.Result(library_->libxl_domain_sched_params_set(context_, domid, &parameters));
}

absl::StatusOr<std::vector<VcpuFacts>> LibxlToolstack::VcpusOf(uint32_t domid) const {
  const Step step(*this, "libxl_list_vcpu", domid);
  int count = 0;
  int host_cpus = 0;
  libxl_vcpuinfo* const list = library_->libxl_list_vcpu(context_, domid, &count, &host_cpus);
  if (list == nullptr) return step.Result(ERROR_FAIL);
  std::vector<VcpuFacts> vcpus;
  for (int i = 0; i < count; ++i) vcpus.push_back({.online = list[i].online, .cpu_time_ns = list[i].vcpu_time});
  library_->libxl_vcpuinfo_list_free(list, count);
  return vcpus;
}

absl::Status LibxlToolstack::Pin(uint32_t domid, uint32_t vcpu, const std::set<uint32_t>& cpus) {
  const Step step(*this, "libxl_set_vcpuaffinity", domid);
  libxl_bitmap map = MakeBitmap(static_cast<int>(*cpus.rbegin()) + 1);
  for (uint32_t cpu : cpus) library_->libxl_bitmap_set(&map, static_cast<int>(cpu));
  const int code = library_->libxl_set_vcpuaffinity(context_, domid, vcpu, &map, nullptr);
  free(map.map);
  return step.Result(code);
}

absl::Status LibxlToolstack::StoreNote(uint32_t domid, const std::string& name, absl::string_view bytes) {
  const Step step(*this, "libxl_userdata_store", domid);
  return step.Result(library_->libxl_userdata_store(context_, domid, name.c_str(),
                                                    reinterpret_cast<const uint8_t*>(bytes.data()),
                                                    static_cast<int>(bytes.size())));
}

absl::StatusOr<std::string> LibxlToolstack::ReadNote(uint32_t domid, const std::string& name) const {
  const Step step(*this, "libxl_userdata_retrieve", domid);
  uint8_t* data = nullptr;
  int length = 0;
  absl::Status status =
      step.Result(library_->libxl_userdata_retrieve(context_, domid, name.c_str(), &data, &length));
  if (!status.ok()) return status;
  std::string bytes(reinterpret_cast<const char*>(data), data != nullptr ? length : 0);
  free(data);
  return bytes;
}

absl::StatusOr<DomainConfig> LibxlToolstack::ConfigOf(uint32_t domid) const {
  const Step step(*this, "libxl_retrieve_domain_configuration", domid);
  DomainConfig config(library_);
  absl::Status status =
      step.Result(library_->libxl_retrieve_domain_configuration(context_, domid, config.get(), nullptr));
  if (!status.ok()) return status;
  return config;
}

absl::StatusOr<std::string> LibxlToolstack::ConsolePath(uint32_t domid) const {
  const Step step(*this, "libxl_primary_console_get_tty", domid);
  char* path = nullptr;
  absl::Status status = step.Result(library_->libxl_primary_console_get_tty(context_, domid, &path));
  if (!status.ok()) return status;
  std::string text(path);
  free(path);
  return text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Toolstack>> OpenLibxlToolstack(std::shared_ptr<const LibxlLibrary> library) {
  auto toolstack = std::make_unique<LibxlToolstack>(std::move(library));
  if (absl::Status status = toolstack->Open(); !status.ok()) return status;
  return std::unique_ptr<Toolstack>(std::move(toolstack));
}

}  // namespace reeve::xen
