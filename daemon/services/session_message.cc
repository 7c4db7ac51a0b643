#include "daemon/services/session_message.h"

#include <google/protobuf/util/time_util.h>

#include "absl/time/time.h"

namespace reeve::services {

namespace {

v1::Authentication ToMessage(auth::Proof proof) {
  switch (proof) {
    case auth::Proof::kNone:
      break;
    case auth::Proof::kUnix:
      return v1::AUTHENTICATION_UNIX;
    case auth::Proof::kPolkit:
      return v1::AUTHENTICATION_POLKIT;
    case auth::Proof::kCertificate:
      return v1::AUTHENTICATION_CERTIFICATE;
    case auth::Proof::kSasl:
      return v1::AUTHENTICATION_SASL;
  }
  return v1::AUTHENTICATION_UNSPECIFIED;
}

void SetAuthority(const auth::Authority& authority, v1::Session* session) {
  const auth::Identity& identity = authority.identity();
  session->set_authenticated(identity.proved());
  session->set_authentication(ToMessage(identity.proof));
  session->set_sasl_user(identity.sasl_user);
  session->set_sasl_mechanism(identity.sasl_mechanism);
  for (const auth::Grant& grant : authority.grants()->list()) {
    v1::BoundRole* role = session->add_roles();
    role->set_role(grant.role);
    role->set_hypervisor(grant.restriction.hypervisor);
    role->set_name(grant.restriction.name);
    role->set_object(grant.restriction.object);
    role->set_label(grant.restriction.label);
  }
}

}  // namespace

v1::Session ToSession(const connections::Connection& connection) {
  const connections::Peer& peer = connection.peer;
  const bool tls = peer.transport == connections::Transport::kTls;
  v1::Session session;
  session.set_connection(connection.number);
  session.set_transport(tls ? v1::TRANSPORT_TLS : v1::TRANSPORT_UNIX);
  session.set_identity(connection.Identity());
  if (!tls) {
    session.set_uid(peer.uid);
    session.set_gid(peer.gid);
    session.set_user(peer.user);
    session.set_pid(peer.pid);
    session.set_command(peer.command);
  }
  if (peer.tls.has_value()) {
    session.set_certificate_subject(peer.tls->subject);
    for (const std::string& name : peer.tls->subject_alternative_names) session.add_certificate_names(name);
    session.set_tls_protocol(peer.tls->protocol);
    session.set_tls_cipher(peer.tls->cipher);
  }
  session.set_remote_address(peer.remote_address);
  if (const auto authority = connection.proved.Get(); authority != nullptr) SetAuthority(*authority, &session);
  session.set_read_only(connection.read_only);
  session.set_encrypted(tls);
  session.set_secure(true);  // encrypted, or a Unix socket, which nobody can eavesdrop
  *session.mutable_connect_time() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(connection.connect_time));
  return session;
}

}  // namespace reeve::services
