#include "daemon/services/authentication.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/connections/peer.h"
#include "daemon/services/session_message.h"
#include "proto/methods.h"
#include "proto/status.h"
#include "util/glob.h"
#include "util/log.h"

namespace reeve::services {
namespace {

constexpr size_t kMaxWord = 64 << 10;
constexpr size_t kMaxMechanism = 32;
constexpr size_t kMaxUser = 256;
constexpr size_t kMaxDetail = 512;
constexpr char kPolkit[] = "POLKIT";
// SCRAM and GSSAPI take some ten milliseconds of a thread, saslauthd and polkit wait for others.
constexpr size_t kThreads = 4;
// From so many places on one address on the network has at most half of them: others can still come in.
constexpr uint32_t kPlacesToShare = 8;
// Between the last answer and the end of the connection, so that the answer arrives.
constexpr absl::Duration kLastWord = absl::Milliseconds(500);

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

// One that has not proved enough: what is known of the peer is in its text only.
auth::Identity NobodyAt(const connections::Peer& peer) {
  auth::Identity identity;
  identity.text = peer.identity.empty() ? absl::StrCat("unknown at ", peer.remote_address) : peer.identity;
  return identity;
}

bool InGroup(const connections::Peer& peer, gid_t group) {
  return std::find(peer.groups.begin(), peer.groups.end(), group) != peer.groups.end();
}

auth::Sasl::Channel ChannelOf(const connections::Connection& connection) {
  const connections::Peer& peer = connection.peer;
  auth::Sasl::Channel channel;
  channel.encrypted = peer.transport == connections::Transport::kTls;
  if (peer.tls.has_value() && peer.tls->has_certificate) channel.certificate_subject = peer.tls->subject;
  return channel;
}

// What the client is told of any failure: nothing that helps to guess.
absl::Status Refusal() {
  return Error(v1::REASON_AUTHENTICATION_FAILED, "authentication failed");
}

}  // namespace

Authentication::Authentication(const Parts& parts, AuthenticationRules rules)
    : parts_(parts), delays_(parts.clock), refusals_(parts.clock), rules_(std::move(rules)), workers_(kThreads) {
  parts_.table->AddOpenListener(
      [this](const std::shared_ptr<connections::Connection>& connection) { Open(connection); });
  parts_.table->AddCloseListener([this](const connections::Connection& connection) { Close(connection.number); });
}

Authentication::~Authentication() {
  workers_.Stop();
  const absl::MutexLock lock(&life_->mutex);
  life_->ended = true;
}

util::Timers::Id Authentication::Later(absl::Duration delay, std::function<void()> action) {
  return parts_.timers->After(delay, [life = life_, action = std::move(action)] {
    // Many may be called at once, and call this again; the destructor waits for them.
    const absl::ReaderMutexLock lock(&life->mutex);
    if (!life->ended) action();
  });
}

void Authentication::SetRules(AuthenticationRules rules) {
  const absl::MutexLock lock(&mutex_);
  rules_ = std::move(rules);
}

Proof Authentication::NeededBy(const connections::Connection& connection) const {
  const absl::MutexLock lock(&mutex_);
  if (connection.peer.transport == connections::Transport::kTls) return rules_.tls;
  const Proof proof = connection.read_only ? rules_.unix_read_only : rules_.unix_socket;
  const bool trusted = connection.peer.uid == 0 || InGroup(connection.peer, rules_.group);
  return proof == Proof::kPolkit && trusted ? Proof::kPeer : proof;
}

void Authentication::Open(const std::shared_ptr<connections::Connection>& connection) {
  const Proof needed = NeededBy(*connection);
  auth::Identity identity = needed == Proof::kPeer ? IdentityOf(connection->peer) : NobodyAt(connection->peer);
  if (!identity.proved()) identity.text = NobodyAt(connection->peer).text;
  const bool proved = identity.proved();
  connection->proved.Set(std::make_shared<const auth::Authority>(std::move(identity), parts_.policy));
  if (proved) return;
  absl::Duration timeout;
  bool full = false;
  {
    const absl::MutexLock lock(&mutex_);
    timeout = rules_.timeout;
    full = !HasPlaceFor(*connection);
    if (full) {
      refusals_.Add(absl::StrCat("client ", connection->number, ", ", connection->Identity(),
                                 ": too many clients have not yet authenticated"));
    } else {
      attempts_[connection->number].source = connections::SourceOf(connection->peer);
    }
  }
  if (full) {
    // The table lists it already; what has no attempt cannot authenticate either.
    (void)parts_.table->Disconnect(connection->number);
    return;
  }
  const util::Timers::Id deadline = Later(timeout, [this, number = connection->number] {
    // It may have proved who it is, or gone, at this moment.
    bool waiting = false;
    {
      const absl::MutexLock lock(&mutex_);
      waiting = attempts_.count(number) != 0;
    }
    if (waiting && parts_.table->Disconnect(number).ok()) {
      util::LogInfo("client ", number, " has not authenticated in time and is thrown out");
    }
  });
  const absl::MutexLock lock(&mutex_);
  const auto found = attempts_.find(connection->number);
  if (found != attempts_.end()) found->second.deadline = deadline;
}

bool Authentication::HasPlaceFor(const connections::Connection& connection) const {
  if (attempts_.size() >= rules_.clients) return false;
  if (connection.peer.transport == connections::Transport::kUnix || rules_.clients < kPlacesToShare) return true;
  const std::string source = connections::SourceOf(connection.peer);
  const auto its_own =
      std::count_if(attempts_.begin(), attempts_.end(), [&](const auto& one) { return one.second.source == source; });
  return static_cast<uint32_t>(its_own) < rules_.clients / 2;
}

void Authentication::Close(uint64_t number) {
  Attempt attempt;
  {
    const absl::MutexLock lock(&mutex_);
    const auto found = attempts_.find(number);
    if (found == attempts_.end()) return;
    attempt = std::move(found->second);
    attempts_.erase(found);
  }
  parts_.timers->Cancel(attempt.deadline);
}

std::vector<std::string> Authentication::Mechanisms(const connections::Connection& connection) const {
  {
    const absl::MutexLock lock(&mutex_);
    if (attempts_.count(connection.number) == 0) return {};
  }
  switch (NeededBy(connection)) {
    case Proof::kPeer:
      return {};
    case Proof::kPolkit:
      return {kPolkit};
    case Proof::kCertificateAndSasl:
      // Without a certificate no password helps.
      if (ChannelOf(connection).certificate_subject.empty()) return {};
      break;
    case Proof::kSasl:
      break;
  }
  if (parts_.sasl == nullptr) return {};
  return parts_.sasl->Mechanisms(ChannelOf(connection));
}

absl::Status Authentication::Begin(uint64_t number, bool anew, std::shared_ptr<auth::SaslExchange>* exchange,
                                   std::string* mechanism) {
  const absl::MutexLock lock(&mutex_);
  const auto found = attempts_.find(number);
  if (found == attempts_.end() || (!anew && found->second.exchange == nullptr && !found->second.busy)) {
    return Error(v1::REASON_AUTHENTICATION_BUSY, "no authentication has been begun on this connection");
  }
  Attempt& attempt = found->second;
  if (attempt.busy) {
    return Error(v1::REASON_AUTHENTICATION_BUSY, "a step of authentication is being done on this connection");
  }
  attempt.busy = true;
  if (anew) {
    attempt.exchange.reset();
    attempt.mechanism = *mechanism;
  }
  *exchange = attempt.exchange;
  *mechanism = attempt.mechanism;
  return absl::OkStatus();
}

void Authentication::Start(std::shared_ptr<connections::Connection> connection,
                           const v1::StartAuthenticationRequest& request, Done done) {
  const std::vector<std::string> offered = Mechanisms(*connection);
  if (std::find(offered.begin(), offered.end(), request.mechanism()) == offered.end()) {
    const std::string shown = util::EscapeControlCharacters(request.mechanism().substr(0, kMaxMechanism));
    return done(Error(v1::REASON_MECHANISM_NOT_OFFERED,
                      absl::StrCat("the mechanism ", shown, " is not offered on this connection"),
                      {{"mechanism", shown}}));
  }
  std::string mechanism = request.mechanism();
  std::shared_ptr<auth::SaslExchange> exchange;
  if (absl::Status status = Begin(connection->number, true, &exchange, &mechanism); !status.ok()) return done(status);
  if (request.initial_response().size() > kMaxWord) {
    return Fail(connection, mechanism, absl::InvalidArgumentError("the initial response is longer than 64 KiB"),
                std::move(done));
  }
  if (mechanism == kPolkit) {
    return Run(
        connection, mechanism,
        [this, connection] {
          const connections::Peer& peer = connection->peer;
          if (parts_.polkit == nullptr) return Outcome{absl::UnavailableError("polkit is not used"), {}};
          absl::Duration timeout;
          {
            const absl::MutexLock lock(&mutex_);
            timeout = rules_.timeout;
          }
          const absl::Status allowed =
              parts_.polkit->Check({peer.pid, peer.pid_start_time, peer.uid},
                                   connection->read_only ? auth::kPolkitMonitor : auth::kPolkitManage, timeout);
          if (!allowed.ok()) return Outcome{allowed, {}};
          auth::Identity identity = IdentityOf(peer);
          identity.proof = auth::Proof::kPolkit;
          return Outcome{auth::SaslExchange::Step{.done = true}, std::move(identity)};
        },
        std::move(done));
  }
  std::optional<std::string> initial;
  if (request.has_initial_response()) initial = request.initial_response();
  Run(
      connection, mechanism,
      [this, connection, mechanism, initial = std::move(initial)] {
        absl::StatusOr<std::unique_ptr<auth::SaslExchange>> made =
            parts_.sasl->Begin(mechanism, ChannelOf(*connection));
        if (!made.ok()) return Outcome{made.status(), {}};
        const std::shared_ptr<auth::SaslExchange> exchange = *std::move(made);
        {
          const absl::MutexLock lock(&mutex_);
          const auto found = attempts_.find(connection->number);
          if (found != attempts_.end()) found->second.exchange = exchange;
        }
        return SaslOutcome(*connection, mechanism, *exchange, exchange->Start(initial));
      },
      std::move(done));
}

void Authentication::Continue(std::shared_ptr<connections::Connection> connection,
                              const v1::ContinueAuthenticationRequest& request, Done done) {
  std::string mechanism;
  std::shared_ptr<auth::SaslExchange> exchange;
  if (absl::Status status = Begin(connection->number, false, &exchange, &mechanism); !status.ok()) return done(status);
  if (request.response().size() > kMaxWord) {
    return Fail(connection, mechanism, absl::InvalidArgumentError("the response is longer than 64 KiB"),
                std::move(done));
  }
  Run(
      connection, mechanism,
      [this, connection, mechanism, exchange, response = request.response()] {
        return SaslOutcome(*connection, mechanism, *exchange, exchange->Continue(response));
      },
      std::move(done));
}

Authentication::Outcome Authentication::SaslOutcome(const connections::Connection& connection,
                                                    const std::string& mechanism, const auth::SaslExchange& exchange,
                                                    absl::StatusOr<auth::SaslExchange::Step> step) const {
  if (!step.ok() || !step->done) return {std::move(step), {}};
  const std::string user = connections::Sanitize(exchange.user(), kMaxUser);
  std::vector<std::string> allowed;
  {
    const absl::MutexLock lock(&mutex_);
    allowed = rules_.sasl_users;
  }
  const bool let_in = user == exchange.user() && util::AnyGlobMatches(allowed, user);
  if (!let_in) return {absl::PermissionDeniedError(absl::StrCat("user ", user, " is not one of auth.sasl_users")), {}};
  auth::Identity identity;
  identity.proof = auth::Proof::kSasl;
  identity.text = absl::StrCat("sasl:", user);
  identity.sasl_user = user;
  identity.sasl_mechanism = mechanism;
  // A certificate has been proved as well.
  const auth::Identity peer = IdentityOf(connection.peer);
  identity.subject = peer.subject;
  identity.names = peer.names;
  return {std::move(step), std::move(identity)};
}

void Authentication::Run(std::shared_ptr<connections::Connection> connection, const std::string& mechanism,
                         std::function<Outcome()> step, Done done) {
  workers_.Post([this, connection = std::move(connection), mechanism, step = std::move(step), done = std::move(done)] {
    End(connection, mechanism, step(), done);
  });
}

void Authentication::End(const std::shared_ptr<connections::Connection>& connection, const std::string& mechanism,
                         Outcome outcome, const Done& done) {
  if (!outcome.step.ok()) return Fail(connection, mechanism, outcome.step.status(), done);
  v1::AuthenticationStep answer;
  if (outcome.step->challenge) answer.set_challenge(*outcome.step->challenge);
  if (!outcome.step->done) {
    {
      const absl::MutexLock lock(&mutex_);
      const auto found = attempts_.find(connection->number);
      if (found != attempts_.end()) found->second.busy = false;
    }
    return done(std::move(answer));
  }
  connection->proved.Set(std::make_shared<const auth::Authority>(std::move(outcome.identity), parts_.policy));
  Close(connection->number);
  delays_.Forget(connections::SourceOf(connection->peer));
  util::LogInfo("client ", connection->number, " is ", connection->Identity(), ", by ", mechanism);
  Record(*connection, mechanism, absl::OkStatus(), "");
  *answer.mutable_session() = ToSession(*connection);
  done(std::move(answer));
}

void Authentication::Fail(const std::shared_ptr<connections::Connection>& connection, const std::string& mechanism,
                          const absl::Status& cause, Done done) {
  const uint64_t number = connection->number;
  absl::Duration first;
  absl::Duration last;
  bool final_one = false;
  {
    const absl::MutexLock lock(&mutex_);
    first = rules_.first_delay;
    last = rules_.last_delay;
    const auto found = attempts_.find(number);
    if (found == attempts_.end()) return done(Refusal());  // it has gone
    found->second.exchange.reset();
    final_one = ++found->second.failures >= rules_.failures;
  }
  const std::string text = util::EscapeControlCharacters(cause.message().substr(0, kMaxDetail));
  util::LogInfo("client ", number, ", ", connection->Identity(), ", could not authenticate by ", mechanism, ": ", text);
  Record(*connection, mechanism, Refusal(), text);
  const absl::Duration delay = delays_.Add(connections::SourceOf(connection->peer), first, last);
  Later(delay, [this, number, final_one, done = std::move(done)] {
    // Nobody is busy while it waits: no thread, and nothing of this connection.
    {
      const absl::MutexLock lock(&mutex_);
      const auto found = attempts_.find(number);
      // After the last one it stays busy until it is closed.
      if (found != attempts_.end()) found->second.busy = final_one;
    }
    done(Refusal());
    if (!final_one) return;
    Later(kLastWord, [this, number] {
      if (parts_.table->Disconnect(number).ok()) {
        util::LogInfo("client ", number, " has failed to authenticate too often and is thrown out");
      }
    });
  });
}

void Authentication::Record(const connections::Connection& connection, const std::string& mechanism,
                            const absl::Status& status, const std::string& detail) const {
  if (parts_.audit == nullptr) return;
  v1::AuditRecord record = MakeRecord(connection, status, absl::ZeroDuration());
  record.set_method(methods::kStartAuthentication.path);
  record.set_permission("session.authenticate");
  if (!detail.empty()) record.set_detail(absl::StrCat(mechanism, ": ", detail));
  parts_.audit->Write(record);
}

}  // namespace reeve::services
