#include "formats/domain_xml_check.h"

#include "absl/strings/str_cat.h"
#include "formats/domain_xml.h"
#include "proto/status.h"

namespace reeve::formats {

absl::Status CheckAsDocument(const v1::DomainSpec& spec) {
  v1::Domain domain;
  // Of what decides the defaults; the driver has its own say. Without an operating system it is a container.
  const bool container = spec.os().type().empty() || spec.os().type() == "exe";
  domain.set_name(container ? "hypervisors/lxc/domains/checked" : "hypervisors/test/domains/checked");
  *domain.mutable_spec() = spec;
  const auto again = ParseDomainXml(WriteDomainXml(domain));
  if (again.ok()) return absl::OkStatus();
  absl::Status status;
  // The places are those of a text that the user has not seen.
  for (const auto& [place, description] : FieldViolationsOf(again.status())) {
    if (status.ok()) status = Error(v1::REASON_SPEC_INVALID, absl::StrCat("spec, as a document: ", description));
    AddFieldViolation(&status, "spec", description);
  }
  return status.ok() ? Error(v1::REASON_SPEC_INVALID, again.status().message()) : status;
}

}  // namespace reeve::formats
