#include "drivers/guest_images.h"

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::drivers {
namespace {

absl::Status Unsupported(absl::string_view what) {
  return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, absl::StrCat("the hypervisor's driver cannot ", what));
}

}  // namespace

absl::Status GuestImages::CanSendMemory(const DomainKey&) const {
  return Unsupported("write a guest's memory to a file or to another host");
}
absl::Status GuestImages::SendMemory(const DomainKey& domain, int, bool, Progress*) {
  return CanSendMemory(domain);
}
absl::Status GuestImages::EndSending(const DomainKey& domain, bool) {
  return CanSendMemory(domain);
}
absl::Status GuestImages::KeepStill(const DomainKey& domain) {
  return CanSendMemory(domain);
}
absl::StatusOr<SavedImage> GuestImages::ReadImage(int) const {
  return CanStartFromMemory();
}
absl::Status GuestImages::CanStartFromMemory() const {
  return Unsupported("start a guest from a file or from another host");
}
absl::StatusOr<RunningGuest> GuestImages::StartFromMemory(const DomainKey&, const v1::DomainSpec&, int, Progress*) {
  return CanStartFromMemory();
}
absl::Status GuestImages::Confirm(const DomainKey&, bool) {
  return CanStartFromMemory();
}
absl::Status GuestImages::RemoveSaved(const DomainKey&) {
  return Unsupported("save guests");
}
absl::Status GuestImages::DumpCore(const DomainKey&, int, bool, Progress*) {
  return Unsupported("dump a guest's core");
}
absl::Status GuestImages::Sleep(const DomainKey&, v1::SleepTarget) {
  return Unsupported("put a guest to sleep");
}
absl::Status GuestImages::Wake(const DomainKey&) {
  return Unsupported("wake a guest up");
}

}  // namespace reeve::drivers
