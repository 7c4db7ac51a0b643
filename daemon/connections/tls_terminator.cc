#include "daemon/connections/tls_terminator.h"

#include <sys/socket.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "util/errno.h"
#include "util/log.h"

namespace reeve::connections {

absl::StatusOr<std::unique_ptr<TlsTerminator>> TlsTerminator::Start(std::vector<TcpListener> listeners,
                                                                    Settings settings, Acceptor* acceptor, Table* table,
                                                                    const util::Clock* clock) {
  std::unique_ptr<TlsTerminator> terminator(new TlsTerminator(acceptor, table));
  for (const TcpListener& listener : listeners) terminator->addresses_.push_back(listener.address());
  absl::StatusOr<std::unique_ptr<TlsFiles>> files =
      TlsFiles::Open(std::move(settings.locate), std::move(settings.policy), clock);
  if (!files.ok()) return files.status();
  terminator->files_ = *std::move(files);
  TlsTerminator* const self = terminator.get();
  absl::StatusOr<std::unique_ptr<TlsPumps>> pumps =
      TlsPumps::Start([self](util::UniqueFd network) { self->handshakes_->Linger(std::move(network)); });
  if (!pumps.ok()) return pumps.status();
  terminator->pumps_ = *std::move(pumps);
  absl::StatusOr<std::unique_ptr<TlsHandshakes>> handshakes = TlsHandshakes::Create(
      std::move(listeners), terminator->files_.get(),
      {.limits = settings.limits,
       .room = [acceptor] { return acceptor->HasRoom(); },
       .established = [self](TlsHandshakes::Client client) { self->Establish(std::move(client)); },
       .changed = [self](const TlsContext& context) { self->EndRevoked(context); },
       .clock = clock});
  if (!handshakes.ok()) return handshakes.status();
  terminator->handshakes_ = *std::move(handshakes);
  {
    const absl::MutexLock lock(&terminator->mutex_);
    terminator->certificate_required_ = settings.certificate_required;
    terminator->UpdateRequirement();
  }
  terminator->handshakes_->Start();
  return terminator;
}

TlsTerminator::~TlsTerminator() {
  if (handshakes_ == nullptr) return;
  // Each calls the other: first nobody is handed to the pumps any more, then nobody to the handshakes.
  handshakes_->StopListening();
  pumps_.reset();
  handshakes_.reset();
}

void TlsTerminator::Establish(TlsHandshakes::Client client) {
  Peer peer;
  peer.transport = Transport::kTls;
  peer.uid = kNoUser;
  peer.gid = kNoGroup;
  peer.remote_address = client.address;
  peer.tls = DescribeTlsPeer(client.ssl.get());
  const std::string subject = peer.tls->subject;
  // One without a certificate is nobody yet: only session methods answer it, and not for long
  // (services/authentication).
  if (peer.tls->has_certificate) peer.identity = absl::StrCat("x509:", subject);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return handshakes_->LogRefusal(client.address, subject, util::ErrnoStatus("make a socketpair").message());
  }
  util::UniqueFd network_end(ends[0]);
  absl::Status status = acceptor_->Admit(util::UniqueFd(ends[1]), std::move(peer), /*read_only=*/false);
  if (!status.ok()) return handshakes_->LogRefusal(client.address, subject, status.message());
  pumps_->Add(std::make_unique<util::TlsPump>(std::move(client.ssl), std::move(client.socket), std::move(network_end)),
              client.address);
}

void TlsTerminator::EndRevoked(const TlsContext& context) {
  for (const auto& connection : table_->List()) {
    if (!connection->peer.tls || !context.Revokes(*connection->peer.tls)) continue;
    util::LogWarn("throwing out client ", connection->number, " (", connection->peer.identity, ", ",
                  connection->peer.remote_address, "): its certificate has been revoked");
    // It fails only for a client that has gone by itself.
    (void)table_->Disconnect(connection->number);
  }
}

absl::Status TlsTerminator::Reload(Settings settings) {
  handshakes_->SetLimits(settings.limits);
  {
    const absl::MutexLock lock(&mutex_);
    certificate_required_ = settings.certificate_required;
    UpdateRequirement();
  }
  absl::Status status = files_->Reload(std::move(settings.locate), std::move(settings.policy));
  EndRevoked(*files_->context());
  return status;
}

void TlsTerminator::SetEnrolling(bool enrolling) {
  const absl::MutexLock lock(&mutex_);
  enrolling_ = enrolling;
  UpdateRequirement();
}

TlsTerminator::Description TlsTerminator::Describe() const {
  const std::shared_ptr<const TlsContext> context = files_->context();
  return {.names = context->names(), .root_sha256 = context->root_sha256(), .addresses = addresses_};
}

void TlsTerminator::UpdateRequirement() {
  handshakes_->RequireCertificate(certificate_required_ && !enrolling_);
}

}  // namespace reeve::connections
