// The way from the model to xend's "(vm ...)". What was written is read again and compared: what differs has no form.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "formats/domain_name.h"
#include "formats/message_difference.h"
#include "formats/xen_sxpr.h"
#include "formats/xen_sxpr_normal.h"
#include "formats/xen_sxpr_sections.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr size_t kMaxFaults = 20;

absl::string_view ValueOr(const std::string& value, absl::string_view fallback) {
  return value.empty() ? fallback : absl::string_view(value);
}

void Append(std::vector<std::string> from, std::vector<std::string>* to) {
  for (std::string& fault : from) to->push_back(std::move(fault));
}

void WriteImage(const v1::DomainSpec& spec, XenSxprDraft* root) {
  const bool hvm = spec.os().type() == "hvm";
  XenSxprDraft image{.list = SExpression::List(hvm ? "hvm" : "linux")};
  WriteXenSxprKernel(spec, &image);
  if (hvm) {
    WriteXenSxprFloppies(spec.devices(), &image);
    WriteXenSxprFeatures(spec, &image);
    WriteXenSxprPorts(spec.devices(), &image);
  }
  if (!spec.devices().emulator().empty()) image.AddQuoted("device_model", spec.devices().emulator());
  for (const v1::ClockTimer& timer : spec.clock().timers()) {
    if (hvm && timer.name() == "hpet" && timer.has_present()) image.AddNumber("hpet", timer.present() ? 1 : 0);
  }
  if (hvm) WriteXenSxprImageDisplay(spec.devices(), &image);
  const auto local = WriteXenSxprClock(spec, &image);
  Append(std::move(image.faults), &root->faults);
  root->list.Add(SExpression::List("image", {std::move(image.list)}));
  root->AddNumber("localtime", local.value_or(false) ? 1 : 0);
}

XenSxprDraft WriteDomain(const v1::Domain& domain) {
  const v1::DomainSpec& spec = domain.spec();
  XenSxprDraft root{.list = SExpression::List("vm")};
  root.AddQuoted("name", SplitDomainResourceName(domain.name()).name);
  WriteXenSxprSize(spec, &root);
  if (!domain.uid().empty()) root.AddQuoted("uuid", domain.uid());
  if (!spec.description().empty()) root.AddQuoted("description", spec.description());
  WriteXenSxprBootloader(spec, &root);
  root.AddQuoted("on_poweroff", ValueOr(spec.lifecycle_actions().on_poweroff(), "destroy"));
  root.AddQuoted("on_reboot", ValueOr(spec.lifecycle_actions().on_reboot(), "restart"));
  root.AddQuoted("on_crash", ValueOr(spec.lifecycle_actions().on_crash(), "destroy"));
  WriteImage(spec, &root);
  WriteXenSxprDisks(spec, &root);
  WriteXenSxprInterfaces(spec, &root);
  WriteXenSxprPci(spec.devices(), &root);
  if (spec.os().type() != "hvm") WriteXenSxprDeviceDisplay(spec.devices(), &root);
  return root;
}

// The faults of a text that does not say all that the domain is.
std::vector<std::string> FindLosses(const v1::Domain& domain, absl::string_view text) {
  const auto again = ParseXenSxpr(text);
  if (!again.ok()) return {absl::StrCat("spec would not be read again: ", again.status().message())};
  std::vector<std::string> faults;
  for (const std::string& field :
       FindDifferences(domain.spec(), NormalXenSxprDomain(*again).spec(), "spec", kMaxFaults)) {
    faults.push_back(absl::StrCat(field, " has no form in S-expressions"));
  }
  return faults;
}

}  // namespace

void XenSxprDraft::AddQuoted(absl::string_view head, absl::string_view text) {
  list.Add(SExpression::List(head, {SExpression::Quoted(text)}));
}

void XenSxprDraft::AddAtom(absl::string_view head, absl::string_view text) {
  list.Add(SExpression::List(head, {SExpression::Atom(text)}));
}

void XenSxprDraft::AddNumber(absl::string_view head, int64_t number) {
  AddAtom(head, absl::StrCat(number));
}

void XenSxprDraft::AddDevice(SExpression item) {
  list.Add(SExpression::List("device", {std::move(item)}));
}

std::string XenSxprDevicePath(absl::string_view list, int index) {
  return absl::StrCat("spec.devices.", list, "[", index, "]");
}

absl::StatusOr<std::string> WriteXenSxpr(const v1::Domain& domain) {
  const v1::Domain normal = NormalXenSxprDomain(domain);
  XenSxprDraft draft = WriteDomain(normal);
  std::string text = WriteSExpression(draft.list);
  if (draft.faults.empty()) draft.faults = FindLosses(normal, text);
  if (draft.faults.empty()) return text;

  absl::Status status =
      Error(v1::REASON_SPEC_UNSUPPORTED, absl::StrCat(domain.name(), " cannot be an S-expression: ", draft.faults[0]));
  for (size_t i = 0; i < std::min(draft.faults.size(), kMaxFaults); ++i) {
    const std::string& fault = draft.faults[i];
    AddFieldViolation(&status, fault.substr(0, fault.find(' ')), fault);
  }
  return status;
}

}  // namespace reeve::formats
