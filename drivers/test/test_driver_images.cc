// What the test driver does with the memory, the sleep and the limits of its guests.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "drivers/test/guest.h"
#include "drivers/test/memory_image.h"
#include "drivers/test/test_driver.h"
#include "proto/status.h"
#include "util/full_io.h"

namespace reeve::test_driver {

absl::Status TestDriver::CanSendMemory(const drivers::DomainKey& domain) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return Find(domain).status();
}

absl::StatusOr<absl::Duration> TestDriver::BeginWriting(const drivers::DomainKey& domain, bool live) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  if (!live) (*guest)->SetStill(true, clock_.Now());
  return (*guest)->RunTime(clock_.Now());
}

absl::Status TestDriver::SendMemory(const drivers::DomainKey& domain, int descriptor, bool live,
                                    drivers::Progress* progress) {
  const absl::StatusOr<absl::Duration> ran = BeginWriting(domain, live);
  if (!ran.ok()) return ran.status();
  const auto cancelled = [&] {
    return Error(v1::REASON_OPERATION_CANCELLED, absl::StrCat("domain ", domain.name, " runs on: it was cancelled"),
                 {{"domain", domain.name}});
  };
  const absl::Status status = WriteMemory(descriptor, *ran, [&](uint32_t percent) {
    progress->Report("memory", percent);
    if (percent == 50 && !wedges_.WaitUnless(domain.name, [&] { return progress->Cancelled(); })) return cancelled();
    return progress->Cancelled() ? cancelled() : absl::OkStatus();
  });
  const std::lock_guard<std::mutex> lock(mutex_);
  // It may have ended meanwhile.
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  (*guest)->SetStill(status.ok(), clock_.Now());
  return status;
}

absl::Status TestDriver::EndSending(const drivers::DomainKey& domain, bool gone) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  if (gone) {
    Remove(*guest, "the domain was saved or has moved");
  } else {
    (*guest)->SetStill(false, clock_.Now());
  }
  return absl::OkStatus();
}

absl::Status TestDriver::KeepStill(const drivers::DomainKey& domain) {
  return CanSendMemory(domain);  // nothing of it outlives the daemon
}

absl::StatusOr<drivers::SavedImage> TestDriver::ReadImage(int descriptor) const {
  return drivers::ReadImageHead(descriptor, "test");
}

absl::StatusOr<drivers::RunningGuest> TestDriver::StartFromMemory(const drivers::DomainKey& domain,
                                                                  const v1::DomainSpec& spec, int descriptor,
                                                                  drivers::Progress* progress) {
  wedges_.Wait(domain.name);
  progress->Report("memory", 0);
  const absl::StatusOr<absl::Duration> ran = ReadMemory(descriptor);
  if (!ran.ok()) return ran.status();
  const std::lock_guard<std::mutex> lock(mutex_);
  std::unique_ptr<Guest>& guest = guests_[domain.name];
  if (guest != nullptr) {
    return Error(v1::REASON_DOMAIN_STATE, absl::StrCat("domain ", domain.name, " runs already"),
                 {{"domain", domain.name}, {"state", "RUNNING"}});
  }
  guest = std::make_unique<Guest>(domain, spec, ++last_id_, /*paused=*/true, clock_.Now(), &console_thread_);
  guest->SetRunTime(*ran);
  return guest->running();
}

absl::Status TestDriver::CanStartFromMemory() const {
  return absl::OkStatus();
}

absl::Status TestDriver::Confirm(const drivers::DomainKey& domain, bool paused) {
  return paused ? CanSendMemory(domain) : Resume(domain);
}

absl::Status TestDriver::RemoveSaved(const drivers::DomainKey&) {
  return absl::OkStatus();  // it keeps nothing
}

absl::Status TestDriver::DumpCore(const drivers::DomainKey& domain, int descriptor, bool live,
                                  drivers::Progress* progress) {
  const absl::StatusOr<absl::Duration> ran = BeginWriting(domain, live);
  if (!ran.ok()) return ran.status();
  absl::Status status = util::WriteFully(descriptor, absl::StrCat("reeve-test-core ", domain.name, "\n"));
  if (status.ok()) {
    status = WriteMemory(descriptor, *ran, [&](uint32_t percent) {
      progress->Report("core", percent);
      return progress->Cancelled() ? absl::CancelledError("the core was dropped") : absl::OkStatus();
    });
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (const absl::StatusOr<Guest*> guest = Find(domain); guest.ok()) (*guest)->SetStill(false, clock_.Now());
  return status;
}

absl::Status TestDriver::Sleep(const drivers::DomainKey& domain, v1::SleepTarget target) {
  if (target != v1::SLEEP_TARGET_MEMORY) {
    return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "guests of the test driver keep their state in memory only");
  }
  return SetAsleep(domain, true);
}

absl::Status TestDriver::Wake(const drivers::DomainKey& domain) {
  return SetAsleep(domain, false);
}

absl::Status TestDriver::SetAsleep(const drivers::DomainKey& domain, bool asleep) {
  wedges_.Wait(domain.name);
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  if ((*guest)->SetAsleep(asleep, clock_.Now())) return absl::OkStatus();
  return Error(v1::REASON_DOMAIN_STATE,
               absl::StrCat("domain ", domain.name, asleep ? " sleeps already" : " does not sleep"),
               {{"domain", domain.name}});
}

absl::Status TestDriver::Tune(const drivers::DomainKey& domain, const v1::DomainSpec& /*before*/,
                              const v1::DomainSpec& after) {
  wedges_.Wait(domain.name);
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  (*guest)->SetSpec(after);
  return absl::OkStatus();
}

absl::StatusOr<v1::ListVcpusResponse> TestDriver::ListVcpus(const drivers::DomainKey& domain) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<Guest*> guest = Find(domain);
  if (!guest.ok()) return guest.status();
  return (*guest)->Vcpus(clock_.Now());
}

}  // namespace reeve::test_driver
