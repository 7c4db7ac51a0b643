#include "daemon/services/authentication.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::services {
namespace {

constexpr size_t kMaxWord = 64 << 10;
constexpr size_t kMaxMechanism = 32;

// What the kernel or the handshake says.
auth::Identity IdentityOf(const connections::Peer& peer) {
  auth::Identity identity;
  identity.text = peer.identity;
  if (peer.transport == connections::Transport::kUnix) {
    identity.proof = auth::Proof::kUnix;
    identity.uid = peer.uid;
    identity.user = peer.user;
    identity.groups = peer.groups;
  } else if (peer.tls.has_value() && peer.tls->has_certificate) {
    identity.proof = auth::Proof::kCertificate;
    identity.subject = peer.tls->subject;
    identity.names = peer.tls->subject_alternative_names;
  }
  return identity;
}

}  // namespace

void Authentication::Begin(connections::Connection* connection) const {
  connection->proved.Set(std::make_shared<const auth::Authority>(IdentityOf(connection->peer), policy_));
}

std::vector<std::string> Authentication::Mechanisms(const connections::Connection&) const {
  return {};
}

void Authentication::Start(std::shared_ptr<connections::Connection> connection,
                           const v1::StartAuthenticationRequest& request, Done done) {
  if (request.initial_response().size() > kMaxWord) {
    return done(Error(v1::REASON_AUTHENTICATION_FAILED, "the initial response is longer than 64 KiB"));
  }
  const std::string shown = util::EscapeControlCharacters(request.mechanism().substr(0, kMaxMechanism));
  (void)connection;
  done(Error(v1::REASON_MECHANISM_NOT_OFFERED, absl::StrCat("the mechanism ", shown, " is not offered on this connection"),
             {{"mechanism", shown}}));
}

void Authentication::Continue(std::shared_ptr<connections::Connection> connection,
                              const v1::ContinueAuthenticationRequest&, Done done) {
  (void)connection;
  done(Error(v1::REASON_AUTHENTICATION_BUSY, "no authentication has been begun on this connection"));
}

}  // namespace reeve::services
