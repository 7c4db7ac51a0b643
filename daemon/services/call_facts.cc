#include "daemon/services/call_facts.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::services {
namespace {

constexpr size_t kShownBytes = 256;

std::string TextAt(const google::protobuf::Message& request, const FieldPath& path) {
  const google::protobuf::Message* message = &request;
  for (size_t i = 0; i + 1 < path.size(); ++i) message = &message->GetReflection()->GetMessage(*message, path[i]);
  return message->GetReflection()->GetString(*message, path.back());
}

// "hypervisors/xen" is a hypervisor, ".../domains/web1" a domain: HYPERVISOR_NOT_FOUND, DOMAIN_NOT_FOUND.
absl::Status NotFound(absl::string_view name) {
  const std::string shown = util::EscapeControlCharacters(name.substr(0, kShownBytes));
  const size_t last = name.rfind('/');
  absl::string_view kind = last == absl::string_view::npos ? "" : name.substr(0, last);
  kind = kind.substr(kind.rfind('/') + 1);
  if (!kind.empty()) kind.remove_suffix(1);  // the plural's s
  v1::Reason reason = v1::REASON_PERMISSION_DENIED;
  if (!v1::Reason_Parse(absl::StrCat("REASON_", absl::AsciiStrToUpper(kind), "_NOT_FOUND"), &reason)) {
    return Error(v1::REASON_PERMISSION_DENIED, absl::StrCat("the permission is missing for ", shown),
                 {{"name", shown}});
  }
  return Error(reason, absl::StrCat("there is no ", kind, " ", shown), {{"name", shown}});
}

}  // namespace

absl::Status CallFacts::Inspect(const google::protobuf::Message& request) const {
  if (method_->request_id != nullptr) {
    const std::string id = request.GetReflection()->GetString(request, method_->request_id);
    const absl::MutexLock lock(&mutex_);
    request_id_ = util::EscapeControlCharacters(absl::string_view(id).substr(0, 64));
  }
  for (const FieldPath& path : method_->exact_names) {
    const std::string name = TextAt(request, path);
    switch (access_->Decide(name)) {
      case auth::Access::Decision::kAllowed:
        break;
      case auth::Access::Decision::kDenied:
        return access_->Denied(name);
      case auth::Access::Decision::kHidden:
        return NotFound(name);
    }
  }
  return absl::OkStatus();
}

absl::Status CallFacts::CheckAsked() const {
  if (method_->scope != v1::SCOPE_OBJECT || access_->asked()) return absl::OkStatus();
  return Error(
      v1::REASON_INTERNAL,
      absl::StrCat(method_->path, " did not ask whether its caller may have the object; the answer is withheld"));
}

void CallFacts::Record(const absl::Status& status) const {
  // Authentications and enrollments are recorded where they are done, but for what does not get there.
  const bool elsewhere = method_->before_proof && ReasonOf(status) != v1::REASON_CONNECTION_READ_ONLY;
  if (audit_ == nullptr || elsewhere) return;
  const bool refused = IsRefusal(status) || (!status.ok() && access_->refused());
  if ((method_->access != v1::ACCESS_WRITE && !refused) || recorded_.exchange(true)) return;
  v1::AuditRecord record =
      MakeRecord(*connection_, status, absl::FromChrono(std::chrono::steady_clock::now() - start_));
  if (refused) record.set_outcome(v1::AUDIT_OUTCOME_REFUSED);
  record.set_method(method_->path);
  record.set_permission(method_->permission);
  for (std::string& object : access_->objects()) {
    record.add_objects(util::EscapeControlCharacters(object));
  }
  {
    const absl::MutexLock lock(&mutex_);
    record.set_request_id(request_id_);
  }
  audit_->Write(record);
}

}  // namespace reeve::services
