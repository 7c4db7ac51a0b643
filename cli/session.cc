#include "cli/session.h"

namespace reeve::cli {

absl::StatusOr<v1::Session> GetSession(Context& context) {
  auto session = context.Call(methods::kGetSession, v1::GetSessionRequest());
  if (!session.ok()) return session;
  auto connection = context.Connect();
  if (!connection.ok()) return connection.status();
  const client::Uri& uri = (*connection)->uri();
  session->set_encrypted(uri.Encrypted());
  session->set_secure(uri.Secure() && session->secure());
  return session;
}

}  // namespace reeve::cli
