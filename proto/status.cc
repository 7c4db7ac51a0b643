#include "proto/status.h"

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "reeve/v1/options.pb.h"

namespace reeve {
namespace {

constexpr absl::string_view kTypePrefix = "type.googleapis.com/";
constexpr absl::string_view kReasonPrefix = "REASON_";

template <typename Detail>
std::string TypeUrl() {
  return absl::StrCat(kTypePrefix, Detail::descriptor()->full_name());
}

template <typename Detail>
Detail GetDetail(const absl::Status& status) {
  Detail detail;
  if (auto payload = status.GetPayload(TypeUrl<Detail>())) {
    // A payload that does not parse is treated as absent: it can only come from a foreign peer.
    if (!detail.ParseFromString(std::string(*payload))) detail.Clear();
  }
  return detail;
}

template <typename Detail>
void SetDetail(absl::Status* status, const Detail& detail) {
  status->SetPayload(TypeUrl<Detail>(), absl::Cord(detail.SerializeAsString()));
}

absl::StatusCode CodeOf(v1::Reason reason) {
  const auto* value = v1::Reason_descriptor()->FindValueByNumber(reason);
  const int code = value == nullptr ? 0 : value->options().GetExtension(v1::canonical_code);
  return code == 0 ? absl::StatusCode::kInternal : static_cast<absl::StatusCode>(code);
}

void SetReason(absl::Status* status, v1::Reason reason,
               std::initializer_list<std::pair<absl::string_view, absl::string_view>> metadata) {
  google::rpc::ErrorInfo info;
  absl::string_view name = v1::Reason_Name(reason);
  info.set_reason(std::string(absl::StartsWith(name, kReasonPrefix) ? name.substr(kReasonPrefix.size()) : name));
  info.set_domain("reeve");
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[std::string(key)] = std::string(value);
  SetDetail(status, info);
}

absl::Status CopyPayloads(const absl::Status& from, absl::Status to) {
  from.ForEachPayload([&to](absl::string_view url, const absl::Cord& payload) { to.SetPayload(url, payload); });
  return to;
}

}  // namespace

absl::Status Error(v1::Reason reason, absl::string_view message,
                   std::initializer_list<std::pair<absl::string_view, absl::string_view>> metadata) {
  absl::Status status(CodeOf(reason), message);
  SetReason(&status, reason, metadata);
  return status;
}

absl::Status WithContext(absl::string_view clause, const absl::Status& status) {
  if (status.ok()) return status;
  return CopyPayloads(status, absl::Status(status.code(), absl::StrCat(clause, ": ", status.message())));
}

absl::Status WithReason(v1::Reason reason, const absl::Status& status) {
  if (status.ok() || ReasonOf(status) != v1::REASON_UNSPECIFIED) return status;
  absl::Status result = CopyPayloads(status, absl::Status(CodeOf(reason), status.message()));
  SetReason(&result, reason, {});
  return result;
}

void AddFieldViolation(absl::Status* status, absl::string_view field, absl::string_view description) {
  auto detail = GetDetail<google::rpc::BadRequest>(*status);
  auto* violation = detail.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(std::string(description));
  SetDetail(status, detail);
}

std::vector<std::pair<std::string, std::string>> FieldViolationsOf(const absl::Status& status) {
  std::vector<std::pair<std::string, std::string>> violations;
  const auto detail = GetDetail<google::rpc::BadRequest>(status);
  for (const auto& violation : detail.field_violations()) {
    violations.emplace_back(violation.field(), violation.description());
  }
  return violations;
}

void AddPreconditionViolation(absl::Status* status, absl::string_view type, absl::string_view subject,
                              absl::string_view description) {
  auto detail = GetDetail<google::rpc::PreconditionFailure>(*status);
  auto* violation = detail.add_violations();
  violation->set_type(std::string(type));
  violation->set_subject(std::string(subject));
  violation->set_description(std::string(description));
  SetDetail(status, detail);
}

v1::Reason ReasonOf(const absl::Status& status) {
  const auto info = GetDetail<google::rpc::ErrorInfo>(status);
  v1::Reason reason = v1::REASON_UNSPECIFIED;
  if (info.domain() != "reeve" || !v1::Reason_Parse(absl::StrCat(kReasonPrefix, info.reason()), &reason)) {
    return v1::REASON_UNSPECIFIED;
  }
  return reason;
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status result;
  const absl::Status complete = WithReason(v1::REASON_INTERNAL, status);
  result.set_code(static_cast<int>(complete.code()));
  result.set_message(std::string(complete.message()));
  complete.ForEachPayload([&result](absl::string_view url, const absl::Cord& payload) {
    auto* detail = result.add_details();
    detail->set_type_url(std::string(url));
    detail->set_value(std::string(payload));
  });
  return result;
}

absl::Status FromRpcStatus(const google::rpc::Status& status) {
  absl::Status result(static_cast<absl::StatusCode>(status.code()), status.message());
  for (const auto& detail : status.details()) result.SetPayload(detail.type_url(), absl::Cord(detail.value()));
  return result;
}

}  // namespace reeve
