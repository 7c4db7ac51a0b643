#include "daemon/services/test_service.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace reeve::services {
namespace {

// The last part of "hypervisors/test/domains/{domain}".
absl::StatusOr<std::string> DomainOfTestDriver(absl::string_view name) {
  absl::string_view domain = name;
  if (absl::ConsumePrefix(&domain, "hypervisors/test/domains/") && !domain.empty() && domain.size() <= 128 &&
      domain.find('/') == absl::string_view::npos) {
    return std::string(domain);
  }
  absl::Status status = Error(v1::REASON_NAME_INVALID,
                              absl::StrCat("\"", name.substr(0, 256), "\" is not hypervisors/test/domains/{domain}"));
  AddFieldViolation(&status, "domain", "must be hypervisors/test/domains/{domain}");
  return status;
}

}  // namespace

void RegisterTestService(Dispatcher* dispatcher, test_driver::TestControls* controls) {
  dispatcher->Read(methods::kSetWedge,
                   [controls](const Call&, const v1::SetWedgeRequest& request, v1::SetWedgeResponse* response) {
                     const absl::StatusOr<std::string> domain = DomainOfTestDriver(request.domain());
                     if (!domain.ok()) return domain.status();
                     const absl::StatusOr<uint32_t> waiting = controls->SetWedge(*domain, request.wedged());
                     if (waiting.ok()) response->set_waiting(*waiting);
                     return waiting.status();
                   });
  dispatcher->Read(methods::kEndGuest,
                   [controls](const Call&, const v1::EndGuestRequest& request, v1::EndGuestResponse*) -> absl::Status {
                     const absl::StatusOr<std::string> domain = DomainOfTestDriver(request.domain());
                     if (!domain.ok()) return domain.status();
                     return controls->EndGuest(*domain, request.how());
                   });
}

}  // namespace reeve::services
