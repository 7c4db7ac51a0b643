#include "drivers/guest_access.h"

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::drivers {
namespace {

absl::Status Unsupported(absl::string_view what) {
  return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, absl::StrCat("the hypervisor's driver cannot ", what));
}

}  // namespace

std::vector<absl::StatusOr<v1::DomainStatistics>> GuestAccess::SampleMany(const std::vector<DomainKey>& domains,
                                                                          StatisticsParts /*parts*/) const {
  std::vector<absl::StatusOr<v1::DomainStatistics>> samples;
  samples.reserve(domains.size());
  for (const DomainKey& domain : domains) samples.push_back(Sample(domain));
  return samples;
}

absl::Status GuestAccess::ChangeDevice(const DomainKey&, DeviceChange, const v1::Devices&, const v1::DomainSpec&,
                                       const v1::DomainSpec&) {
  return Unsupported("change devices of a guest that runs");
}
absl::Status GuestAccess::Tune(const DomainKey&, const v1::DomainSpec&, const v1::DomainSpec&) {
  return Unsupported("change the limits of a guest that runs");
}
absl::Status GuestAccess::ReadTuning(const DomainKey&, v1::DomainTuning*) const {
  return absl::OkStatus();
}
absl::StatusOr<v1::ListVcpusResponse> GuestAccess::ListVcpus(const DomainKey&) const {
  return Unsupported("tell of single virtual CPUs");
}
absl::Status GuestAccess::SendSignal(const DomainKey&, int64_t, uint32_t) {
  return Unsupported("send signals to processes");
}
absl::StatusOr<std::string> GuestAccess::Hostname(const DomainKey&) {
  return Unsupported("tell a guest's host name");
}
absl::StatusOr<v1::ListInterfaceAddressesResponse> GuestAccess::InterfaceAddresses(const DomainKey&) {
  return Unsupported("tell a guest's addresses");
}
absl::StatusOr<v1::GuestSecurityLabel> GuestAccess::SecurityLabel(const DomainKey&) {
  return Unsupported("tell a guest's security label");
}
absl::StatusOr<v1::GuestNamespaces> GuestAccess::Namespaces(const DomainKey&) {
  return Unsupported("tell a guest's namespaces");
}
absl::StatusOr<std::unique_ptr<GuestProcess>> GuestAccess::Execute(const DomainKey&, const v1::ExecStart&,
                                                                   GuestProcessReader) {
  return Unsupported("run commands in a guest");
}
absl::StatusOr<std::unique_ptr<GuestProcess>> GuestAccess::PushFile(const DomainKey&, const v1::PushFileStart&,
                                                                    GuestProcessReader) {
  return Unsupported("write files of a guest");
}
absl::StatusOr<std::unique_ptr<GuestProcess>> GuestAccess::PullFile(const DomainKey&, const v1::PullFileRequest&,
                                                                    GuestProcessReader) {
  return Unsupported("read files of a guest");
}

}  // namespace reeve::drivers
