#include "daemon/services/session_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "auth/known_permissions.h"
#include "daemon/services/session_message.h"
#include "util/log.h"

namespace reeve::services {
namespace {

constexpr int kMaxPermissions = 1000;
constexpr size_t kMaxObject = 1024;

absl::Status Invalid(absl::string_view field, absl::string_view message) {
  absl::Status status =
      Error(v1::REASON_REQUEST_INVALID, absl::StrCat("test permissions: ", message), {{"field", field}});
  AddFieldViolation(&status, field, message);
  return status;
}

bool May(const connections::Connection& connection, const std::string& permission, const auth::KnownPermission& known,
         const std::string& object) {
  const std::shared_ptr<const auth::Authority> authority = connection.proved.Get();
  if (known.scope == v1::SCOPE_SESSION) return true;
  if (authority == nullptr || (connection.read_only && known.access != v1::ACCESS_READ)) return false;
  const std::shared_ptr<const auth::Grants> grants = authority->grants();
  if (object.empty() || known.scope == v1::SCOPE_NODE) return grants->Everywhere(permission);
  return grants->On(permission, object);
}

absl::Status TestPermissions(const Call& call, const v1::TestPermissionsRequest& request,
                             v1::TestPermissionsResponse* response) {
  if (request.permissions_size() > kMaxPermissions) return Invalid("permissions", "there are more than 1000");
  if (request.object().size() > kMaxObject) return Invalid("object", "the name has more than 1024 bytes");
  for (const std::string& permission : request.permissions()) {
    const auto known = auth::KnownPermissions().find(permission);
    if (known == auth::KnownPermissions().end()) {
      const std::string shown = util::EscapeControlCharacters(permission.substr(0, 64));
      return Invalid("permissions", absl::StrCat("there is no permission ", shown));
    }
    if (May(call.connection(), permission, known->second, request.object())) response->add_permitted(permission);
  }
  return absl::OkStatus();
}

}  // namespace

void RegisterSessionService(Dispatcher* dispatcher, Authentication* authentication) {
  dispatcher->Read(methods::kGetSession,
                   [authentication](const Call& call, const v1::GetSessionRequest&, v1::Session* response) {
                     *response = ToSession(call.connection());
                     for (std::string& mechanism : authentication->Mechanisms(call.connection())) {
                       response->add_mechanisms(std::move(mechanism));
                     }
                     return absl::OkStatus();
                   });
  dispatcher->Read(methods::kTestPermissions, TestPermissions);
  dispatcher->Later(
      methods::kStartAuthentication,
      [authentication](CallPointer call, v1::StartAuthenticationRequest request, Authentication::Done done) {
        authentication->Start(call->shared_connection(), request, std::move(done));
      });
  dispatcher->Later(
      methods::kContinueAuthentication,
      [authentication](CallPointer call, v1::ContinueAuthenticationRequest request, Authentication::Done done) {
        authentication->Continue(call->shared_connection(), request, std::move(done));
      });
}

}  // namespace reeve::services
