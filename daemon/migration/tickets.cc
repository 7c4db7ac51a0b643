#include "daemon/migration/tickets.h"

#include <openssl/crypto.h>
#include <sys/random.h>

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/proto_time.h"
#include "util/sha256.h"
#include "util/uuid.h"

namespace reeve::migration {
namespace {

constexpr size_t kSecretBytes = 32;

}  // namespace

std::string TicketDigest(absl::string_view secret) {
  return util::Sha256(secret);
}

absl::Status TicketRefused() {
  return Error(v1::REASON_TOKEN_REFUSED,
               "the ticket is not good: it has been used, has expired, or this daemon has not given it");
}

absl::StatusOr<v1::MigrationTicket> Tickets::Issue(TicketTerms terms) {
  absl::StatusOr<std::string> id = util::NewUuid();
  if (!id.ok()) return id.status();
  char bytes[kSecretBytes];
  if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) return util::ErrnoStatus("getrandom");
  const absl::MutexLock lock(&mutex_);
  DropOld();
  const auto unused = std::count_if(tickets_.begin(), tickets_.end(), [](const auto& one) { return !one.second.used; });
  if (static_cast<size_t>(unused) >= kMost) {
    return Error(v1::REASON_TOO_MANY_TOKENS, "too many migrations are prepared and not begun");
  }
  Ticket& ticket = tickets_[*id];
  ticket.secret = absl::BytesToHexString(absl::string_view(bytes, sizeof(bytes)));
  ticket.terms = std::move(terms);
  ticket.terms.digest = TicketDigest(ticket.secret);
  ticket.expires = clock_.Now() + kLifetime;
  v1::MigrationTicket answer;
  answer.set_id(*id);
  answer.set_secret(ticket.secret);
  *answer.mutable_expire_time() = util::ToProto(ticket.expires);
  return answer;
}

absl::StatusOr<TicketTerms> Tickets::Take(const std::string& id, const std::string& secret,
                                          std::shared_ptr<Incoming> incoming) {
  const absl::MutexLock lock(&mutex_);
  DropOld();
  Ticket* const ticket = Match(id, secret);
  if (ticket == nullptr || ticket->used) return TicketRefused();
  ticket->used = true;
  ticket->incoming = std::move(incoming);
  ticket->expires = clock_.Now() + kMemory;
  return ticket->terms;
}

absl::StatusOr<std::shared_ptr<Incoming>> Tickets::Find(const std::string& id, const std::string& secret) {
  const absl::MutexLock lock(&mutex_);
  DropOld();
  Ticket* const ticket = Match(id, secret);
  if (ticket == nullptr) return TicketRefused();
  ticket->used = true;
  return ticket->incoming;
}

Tickets::Ticket* Tickets::Match(const std::string& id, const std::string& secret) {
  const auto found = tickets_.find(id);
  if (found == tickets_.end() || found->second.secret.size() != secret.size()) return nullptr;
  if (CRYPTO_memcmp(found->second.secret.data(), secret.data(), secret.size()) != 0) return nullptr;
  return &found->second;
}

void Tickets::DropOld() {
  const absl::Time now = clock_.Now();
  for (auto ticket = tickets_.begin(); ticket != tickets_.end();) {
    ticket = ticket->second.expires < now ? tickets_.erase(ticket) : std::next(ticket);
  }
}

}  // namespace reeve::migration
