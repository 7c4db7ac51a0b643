#include "daemon/state/image_check.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "formats/domain_name.h"
#include "formats/uuid.h"
#include "proto/invalid_request.h"

namespace reeve::state {
namespace {

constexpr size_t kMaxDocumentBytes = 1 << 20;

template <typename Value>
absl::Status Same(absl::string_view what, const Value& before, const Value& after) {
  if (before == after) return absl::OkStatus();
  return Invalid("source", absl::StrCat("has another ", what, " than the saved guest"));
}

std::set<std::string> DiskTargets(const v1::DomainSpec& spec) {
  std::set<std::string> targets;
  for (const v1::Disk& disk : spec.devices().disks()) targets.insert(disk.target_device());
  return targets;
}

std::multiset<std::string> MacAddresses(const v1::DomainSpec& spec) {
  std::multiset<std::string> addresses;
  for (const v1::Interface& interface : spec.devices().interfaces()) addresses.insert(interface.mac_address());
  return addresses;
}

}  // namespace

absl::Status CheckSameMachine(const v1::DomainSpec& before, const v1::DomainSpec& after) {
  absl::Status status = Same("type (os.type)", before.os().type(), after.os().type());
  status.Update(Same("machine (os.machine)", before.os().machine(), after.os().machine()));
  status.Update(Same("architecture (os.architecture)", before.os().architecture(), after.os().architecture()));
  status.Update(Same("maximum of memory (memory_kib)", before.memory_kib(), after.memory_kib()));
  status.Update(Same("number of virtual CPUs (vcpus)", std::max(before.vcpus(), 1u), std::max(after.vcpus(), 1u)));
  status.Update(Same("set of disks (target_device)", DiskTargets(before), DiskTargets(after)));
  status.Update(Same("set of interfaces (mac_address)", MacAddresses(before), MacAddresses(after)));
  return status;
}

absl::StatusOr<v1::DomainSpec> ReplaceSpec(const store::v1::ImageHead& head, const v1::RestoreDomainRequest& request,
                                           const Formats& formats) {
  v1::Domain source;
  switch (request.source_case()) {
    case v1::RestoreDomainRequest::kDomain:
      source = request.domain();
      break;
    case v1::RestoreDomainRequest::kDocument: {
      if (!formats.parse) return Invalid("document.format", "is not one that is known");
      if (request.document().text().size() > kMaxDocumentBytes) {
        return Invalid("document.text", "has more than 1 MiB");
      }
      absl::StatusOr<v1::Domain> parsed = formats.parse(request.document().format(), request.document().text());
      if (!parsed.ok()) return parsed.status();
      source = *std::move(parsed);
      break;
    }
    default:
      return head.spec();
  }
  const std::string whole = formats::DomainResourceName(head.hypervisor(), head.name());
  if (!source.name().empty() && source.name() != head.name() && source.name() != whole) {
    return Invalid("source", "has another name than the saved guest");
  }
  if (!source.uid().empty()) {
    absl::StatusOr<std::string> uid = formats::ParseUuid(source.uid());
    if (!uid.ok()) return uid.status();
    if (*uid != head.uid()) return Invalid("source", "has another UUID than the saved guest");
  }
  if (formats.check) {
    if (absl::Status status = formats.check(source.spec()); !status.ok()) return status;
  }
  if (absl::Status status = CheckSameMachine(head.spec(), source.spec()); !status.ok()) return status;
  return source.spec();
}

}  // namespace reeve::state
