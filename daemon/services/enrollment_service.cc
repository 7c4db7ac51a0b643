#include "daemon/services/enrollment_service.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace reeve::services {
namespace {

// So that the record of the call has it.
void Name(const Call& call, absl::string_view id) {
  (void)call.access()->Decide(absl::StrCat("enrollmentTokens/", id));
}

}  // namespace

void RegisterEnrollmentService(Dispatcher* dispatcher, Enrollment* enrollment) {
  dispatcher->Later(
      methods::kCreateEnrollmentToken, [enrollment](CallPointer call, v1::CreateEnrollmentTokenRequest request,
                                                    Enrollment::Done<v1::CreateEnrollmentTokenResponse> done) {
        enrollment->Create(call->connection().Identity(), request, [call, done = std::move(done)](auto response) {
          if (response.ok()) Name(*call, response->token().id());
          done(std::move(response));
        });
      });
  dispatcher->Later(
      methods::kListEnrollmentTokens,
      [enrollment](CallPointer, const v1::ListEnrollmentTokensRequest&,
                   Enrollment::Done<v1::ListEnrollmentTokensResponse> done) { enrollment->List(std::move(done)); });
  dispatcher->Later(methods::kDeleteEnrollmentToken,
                    [enrollment](CallPointer call, v1::DeleteEnrollmentTokenRequest request,
                                 Enrollment::Done<v1::DeleteEnrollmentTokenResponse> done) {
                      Name(*call, request.id());
                      enrollment->Delete(request.id(), std::move(done));
                    });
  dispatcher->Later(methods::kRedeemEnrollmentToken,
                    [enrollment](CallPointer call, v1::RedeemEnrollmentTokenRequest request,
                                 Enrollment::Done<v1::RedeemEnrollmentTokenResponse> done) {
                      enrollment->Redeem(call->shared_connection(), request, std::move(done));
                    });
}

}  // namespace reeve::services
