#include "drivers/lxc/guest_hooks.h"

#include "absl/strings/str_cat.h"
#include "formats/domain_xml.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::lxc {
namespace {

std::string Document(const drivers::DomainKey& domain, const v1::DomainSpec& spec) {
  v1::Domain whole;
  whole.set_name(absl::StrCat("hypervisors/lxc/domains/", domain.name));
  whole.set_uid(domain.uid);
  *whole.mutable_spec() = spec;
  return formats::WriteDomainXml(whole);
}

}  // namespace

absl::Status GuestHooks::Run(Hooks::Point point, const drivers::DomainKey& domain, const v1::DomainSpec& spec) const {
  const absl::Status status = hooks_.Run(point, domain.name, [&] { return Document(domain, spec); });
  return status.ok() ? status : WithReason(v1::REASON_START_FAILED, status);
}

void GuestHooks::Note(Hooks::Point point, const drivers::DomainKey& domain, const v1::DomainSpec& spec) const {
  const absl::Status status = hooks_.Run(point, domain.name, [&] { return Document(domain, spec); });
  if (!status.ok()) util::LogError("hypervisors/lxc/domains/", domain.name, ": ", status.message());
}

}  // namespace reeve::lxc
