#include "daemon/services/session_message.h"

#include <google/protobuf/util/time_util.h>

#include "absl/time/time.h"

namespace reeve::services {

v1::Session ToSession(const connections::Connection& connection) {
  const connections::Peer& peer = connection.peer;
  const bool tls = peer.transport == connections::Transport::kTls;
  v1::Session session;
  session.set_connection(connection.number);
  session.set_transport(tls ? v1::TRANSPORT_TLS : v1::TRANSPORT_UNIX);
  session.set_identity(peer.identity);
  session.set_uid(peer.uid);
  session.set_gid(peer.gid);
  session.set_user(peer.user);
  session.set_pid(peer.pid);
  session.set_command(peer.command);
  session.set_read_only(connection.read_only);
  session.set_encrypted(tls);
  session.set_secure(true);  // encrypted, or a Unix socket, which nobody can eavesdrop
  *session.mutable_connect_time() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(connection.connect_time));
  return session;
}

}  // namespace reeve::services
