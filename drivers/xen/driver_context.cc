#include "drivers/xen/driver_context.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::xen {

using drivers::DomainKey;

namespace {

absl::Status NotRunning(const DomainKey& domain) {
  return Error(v1::REASON_DOMAIN_STATE, "the domain does not run", {{"domain", domain.name}});
}

absl::Status HostItself() {
  return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "Domain-0 is the host itself: it is left alone");
}

absl::Status Busy() {
  return Error(v1::REASON_DOMAIN_BUSY, "the domain is being ended or restarted");
}

}  // namespace

DriverContext::DriverContext(XenDriverOptions options) : options_(std::move(options)) {}

absl::Status DriverContext::RefuseUnavailable() const {
  if (available()) return absl::OkStatus();
  return Error(v1::REASON_HYPERVISOR_UNAVAILABLE,
               absl::StrCat("Xen cannot run here: ", options_.unavailable.message()));
}

absl::StatusOr<Guest> DriverContext::Find(const DomainKey& domain) const {
  std::optional<Guest> guest = guests_.Find(domain.uid);
  if (!guest.has_value()) return NotRunning(domain);
  return *std::move(guest);
}

absl::StatusOr<Guest> DriverContext::FindChangeable(const DomainKey& domain) const {
  absl::StatusOr<Guest> guest = Find(domain);
  if (guest.ok() && guest->domid == 0) {
    return HostItself();
  }
  return guest;
}

absl::StatusOr<GuestClaim> DriverContext::Claim(const DomainKey& domain) {
  std::optional<GuestClaim> claim = guests_.AwaitClaim(domain.uid, options_.patience);
  if (!claim.has_value()) return Busy();
  if (!claim->guest().has_value()) return NotRunning(domain);
  if (claim->guest()->domid == 0) return HostItself();
  return *std::move(claim);
}

absl::StatusOr<GuestClaim> DriverContext::ClaimAbsent(const DomainKey& domain) {
  std::optional<GuestClaim> claim = guests_.AwaitClaim(domain.uid, options_.patience);
  if (!claim.has_value()) return Busy();
  if (!claim->guest().has_value()) return *std::move(claim);
  return Error(v1::REASON_DOMAIN_STATE, "the domain runs already", {{"domain", domain.name}});
}

void DriverContext::Close() {
  options_.toolstack.reset();
  for (const Guest& guest : guests_.All()) guest.console->Close("the daemon ends");
}

absl::Status DriverError(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kNotFound) {
    return Error(v1::REASON_DOMAIN_STATE, absl::StrCat("the guest is gone: ", status.message()));
  }
  return WithReason(v1::REASON_DRIVER_FAILED, status);
}

absl::Status AskedError(const absl::Status& status) {
  if (status.ok()) return status;
  if (status.code() == absl::StatusCode::kUnimplemented) return WithReason(v1::REASON_GUEST_CANNOT, status);
  return DriverError(status);
}

}  // namespace reeve::xen
