#include "daemon/services/enrollment.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "auth/certificate_authority.h"
#include "auth/x509_issue.h"
#include "auth/x509_names.h"
#include "daemon/connections/peer.h"
#include "proto/methods.h"
#include "proto/status.h"
#include "util/glob.h"
#include "util/log.h"
#include "util/openssl.h"
#include "util/proto_time.h"

namespace reeve::services {
namespace {

constexpr absl::Duration kDefaultLifetime = absl::Hours(1);
constexpr absl::Duration kShortest = absl::Minutes(1);
constexpr absl::Duration kLongest = absl::Hours(24 * 30);
constexpr int kMaxAddresses = 8;
constexpr size_t kMaxDetail = 512;
constexpr size_t kMaxId = 64;
constexpr size_t kSecretBytes = 32;
// For clocks that are slow.
constexpr absl::Duration kBefore = absl::Hours(1);
constexpr char kDefaultPort[] = "16520";
// Between the last answer and the end of the connection, so that the answer arrives.
constexpr absl::Duration kLastWord = absl::Milliseconds(500);

absl::Status Invalid(absl::string_view step, absl::string_view field, absl::string_view message) {
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, absl::StrCat(step, ": ", message), {{"field", field}});
  AddFieldViolation(&status, field, message);
  return status;
}

absl::Status Unavailable(absl::string_view why) {
  return Error(v1::REASON_ENROLLMENT_UNAVAILABLE, absl::StrCat("enrollment by tokens is not possible here: ", why));
}

// What the client is told of any failure: nothing that helps to guess.
absl::Status Refusal() {
  return Error(v1::REASON_TOKEN_REFUSED,
               "the token cannot be redeemed: it has been used, has expired, or is not this server's");
}

struct HostPort {
  std::string host;
  std::string port;
};

// "HOST", "HOST:PORT", "[ADDRESS]:PORT" or an address; the port is "" when there is none.
absl::StatusOr<HostPort> SplitAddress(absl::string_view text) {
  HostPort result{std::string(text), ""};
  const size_t colon = text.rfind(':');
  const bool bracketed = absl::StartsWith(text, "[");
  const bool bare_six = !bracketed && std::count(text.begin(), text.end(), ':') > 1;
  if (colon != absl::string_view::npos && !bare_six && (!bracketed || text[colon - 1] == ']')) {
    result = {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
    uint32_t port = 0;
    if (!absl::SimpleAtoi(result.port, &port) || port < 1 || port > 65535) {
      return absl::InvalidArgumentError(absl::StrCat("'", result.port.substr(0, 16), "' is no port"));
    }
  }
  return result;
}

// Whether a certificate with these names is for this one.
bool IsFor(const std::vector<std::string>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& one) {
    if (one == name) return true;
    const size_t dot = name.find('.');
    return absl::StartsWith(one, "DNS:*.") && absl::StartsWith(name, "DNS:") && dot != std::string::npos &&
           one.substr(5) == name.substr(dot);
  });
}

std::string JoinAddress(absl::string_view host, absl::string_view port) {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

// Those that the request wants, or those of the server's certificate.
absl::StatusOr<std::vector<std::string>> AddressesFor(const v1::CreateEnrollmentTokenRequest& request,
                                                      const EnrollmentServer& server) {
  constexpr char kStep[] = "make an enrollment token";
  std::string port = kDefaultPort;
  if (!server.addresses.empty()) {
    const std::string& first = server.addresses.front();
    port = first.substr(first.rfind(':') + 1);
  }
  std::vector<std::string> result;
  if (request.addresses_size() > kMaxAddresses) return Invalid(kStep, "addresses", "there are more than 8");
  for (const std::string& text : request.addresses()) {
    const absl::StatusOr<HostPort> split = SplitAddress(text);
    if (!split.ok()) return Invalid(kStep, "addresses", split.status().message());
    const absl::StatusOr<std::string> name = auth::AlternativeName(split->host);
    if (!name.ok()) return Invalid(kStep, "addresses", name.status().message());
    if (!IsFor(server.names, *name)) {
      return Invalid(
          kStep, "addresses",
          absl::StrCat(*name, " is not in the server's certificate, which is for ", absl::StrJoin(server.names, ", ")));
    }
    result.push_back(JoinAddress(name->substr(name->find(':') + 1), split->port.empty() ? port : split->port));
  }
  if (!result.empty()) return result;
  for (const std::string& name : server.names) {
    if (absl::StrContains(name, '*') || !(absl::StartsWith(name, "DNS:") || absl::StartsWith(name, "IP:"))) continue;
    if (static_cast<int>(result.size()) == kMaxAddresses) break;
    result.push_back(JoinAddress(name.substr(name.find(':') + 1), port));
  }
  if (result.empty()) {
    return Invalid(kStep, "addresses", "none is given, and the server's certificate names no host or address");
  }
  return result;
}

// As the certificate that is given for the token will have it.
absl::StatusOr<std::string> SubjectFor(const std::string& common_name) {
  const std::unique_ptr<X509_NAME, util::OpensslDeleter<X509_NAME_free>> name(X509_NAME_new());
  if (name == nullptr || X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8,
                                                    reinterpret_cast<const unsigned char*>(common_name.data()),
                                                    static_cast<int>(common_name.size()), -1, 0) != 1) {
    return util::OpensslStatus("make a name");
  }
  return auth::NameText(name.get());
}

// Whether the lists of tls.* let the certificate in: it has a subject and no alternative name.
absl::Status CheckLists(const std::string& common_name, const EnrollmentRules& rules) {
  const absl::StatusOr<std::string> subject = SubjectFor(common_name);
  if (!subject.ok()) return subject.status();
  constexpr char kStep[] = "make an enrollment token";
  if (!util::AnyGlobMatches(rules.allowed_subjects, *subject)) {
    return Invalid(
        kStep, "name",
        absl::StrCat("the daemon would not let its certificate in: ", *subject, " is not in tls.allowed_subjects"));
  }
  if (!util::AnyGlobMatches(rules.allowed_names, "")) {
    return Invalid(kStep, "name",
                   "the daemon would not let its certificate in: tls.allowed_names wants an alternative name, and "
                   "certificates for tokens have none");
  }
  return absl::OkStatus();
}

}  // namespace

Enrollment::Enrollment(const Parts& parts, EnrollmentRules rules)
    : parts_(parts), tokens_(parts.file, parts.clock), delays_(parts.clock), rules_(std::move(rules)) {}

Enrollment::~Enrollment() {
  const absl::MutexLock lock(&life_->mutex);
  life_->ended = true;
}

EnrollmentRules Enrollment::rules() const {
  const absl::MutexLock lock(&mutex_);
  return rules_;
}

void Enrollment::SetRules(EnrollmentRules rules) {
  const absl::MutexLock lock(&mutex_);
  rules_ = std::move(rules);
}

void Enrollment::Connect(std::function<EnrollmentServer()> describe, std::function<void(bool)> admit) {
  {
    const absl::MutexLock lock(&server_mutex_);
    describe_ = std::move(describe);
    admit_ = std::move(admit);
  }
  UpdateServer();
}

void Enrollment::Disconnect() {
  const absl::MutexLock lock(&server_mutex_);
  describe_ = nullptr;
  admit_ = nullptr;
}

absl::StatusOr<EnrollmentServer> Enrollment::DescribeServer() const {
  const absl::MutexLock lock(&server_mutex_);
  if (!describe_) return Unavailable("the daemon does not serve TLS (tls.listen)");
  return describe_();
}

void Enrollment::UpdateServer() {
  const absl::Time next = tokens_.next_end();
  {
    const absl::MutexLock lock(&server_mutex_);
    if (admit_) admit_(next != absl::InfiniteFuture());
  }
  if (next == absl::InfiniteFuture()) return;
  // One timer for each time that something changes; those that come for nothing only look.
  Later(std::max(next - parts_.clock->Now(), absl::ZeroDuration()) + absl::Milliseconds(10),
        [this] { parts_.workers->Post([this] { UpdateServer(); }); });
}

void Enrollment::Later(absl::Duration delay, std::function<void()> action) {
  parts_.timers->After(delay, [life = life_, action = std::move(action)] {
    const absl::ReaderMutexLock lock(&life->mutex);
    if (!life->ended) action();
  });
}

void Enrollment::Create(const std::string& creator, const v1::CreateEnrollmentTokenRequest& request,
                        Done<v1::CreateEnrollmentTokenResponse> done) {
  parts_.workers->Post([this, creator, request, done = std::move(done)] { done(Make(creator, request)); });
}

absl::StatusOr<v1::CreateEnrollmentTokenResponse> Enrollment::Make(const std::string& creator,
                                                                   const v1::CreateEnrollmentTokenRequest& request) {
  constexpr char kStep[] = "make an enrollment token";
  if (absl::Status status = auth::CheckCommonName(request.name()); !status.ok()) {
    return Invalid(kStep, "name", status.message());
  }
  const absl::Duration lifetime = request.has_lifetime() ? util::FromProto(request.lifetime()) : kDefaultLifetime;
  if (lifetime < kShortest || lifetime > kLongest)
    return Invalid(kStep, "lifetime", "must be from 1 minute to 30 days");
  const absl::StatusOr<EnrollmentServer> server = DescribeServer();
  if (!server.ok()) return server.status();
  absl::StatusOr<std::vector<std::string>> addresses = AddressesFor(request, *server);
  if (!addresses.ok()) return addresses.status();
  const EnrollmentRules rules = this->rules();
  if (absl::Status status = CheckLists(request.name(), rules); !status.ok()) return status;
  {
    const auto authority = auth::CertificateAuthority::Open(auth::AuthorityPaths(rules.authority));
    if (!authority.ok()) return Unavailable(authority.status().message());
    if (auth::Fingerprint(authority->certificate()) != server->root_sha256) {
      return Unavailable(absl::StrCat("the authority in ", rules.authority,
                                      " (enrollment.authority) is not the one that signed ",
                                      "the daemon's own certificate"));
    }
  }
  absl::StatusOr<EnrollmentTokens::Made> made = tokens_.Add(request.name(), creator, lifetime, rules.tokens);
  if (!made.ok()) return made.status();
  UpdateServer();
  util::LogInfo("enrollment token ", made->token.id(), " for ", request.name(), " made by ", creator, ", good until ",
                auth::TimeText(util::FromProto(made->token.expire_time())));
  v1::CreateEnrollmentTokenResponse response;
  v1::EnrollmentTicket* ticket = response.mutable_ticket();
  for (std::string& address : *addresses) ticket->add_addresses(std::move(address));
  ticket->set_authority_sha256(server->root_sha256);
  ticket->set_id(made->token.id());
  ticket->set_secret(std::move(made->secret));
  ticket->set_expire_seconds(made->token.expire_time().seconds());
  *response.mutable_token() = std::move(made->token);
  return response;
}

void Enrollment::List(Done<v1::ListEnrollmentTokensResponse> done) {
  parts_.workers->Post([this, done = std::move(done)] {
    v1::ListEnrollmentTokensResponse response;
    for (v1::EnrollmentToken& token : tokens_.List()) *response.add_tokens() = std::move(token);
    done(std::move(response));
  });
}

void Enrollment::Delete(const std::string& id, Done<v1::DeleteEnrollmentTokenResponse> done) {
  parts_.workers->Post([this, id, done = std::move(done)] {
    if (absl::Status status = tokens_.Delete(id); !status.ok()) return done(std::move(status));
    UpdateServer();
    done(v1::DeleteEnrollmentTokenResponse());
  });
}

void Enrollment::Redeem(std::shared_ptr<connections::Connection> connection,
                        const v1::RedeemEnrollmentTokenRequest& request, Done<v1::RedeemEnrollmentTokenResponse> done) {
  {
    const absl::MutexLock lock(&mutex_);
    if (!busy_.insert(connection->number).second) {
      return done(Error(v1::REASON_AUTHENTICATION_BUSY, "a token is being redeemed on this connection"));
    }
  }
  // One that has ended is forgotten with its last call, which is this one.
  parts_.workers->Post([this, connection = std::move(connection), request, done = std::move(done)] {
    const absl::Time begin = absl::Now();
    std::string detail;
    absl::StatusOr<v1::RedeemEnrollmentTokenResponse> response = Issue(*connection, request, &detail);
    const std::string id = util::EscapeControlCharacters(absl::string_view(request.id()).substr(0, kMaxId));
    if (parts_.audit != nullptr) {
      v1::AuditRecord record = MakeRecord(*connection, response.status(), absl::Now() - begin);
      record.set_method(methods::kRedeemEnrollmentToken.path);
      record.set_permission("enrollment.redeem");
      record.add_objects(absl::StrCat("enrollmentTokens/", id));
      record.set_detail(detail.substr(0, kMaxDetail));
      parts_.audit->Write(record);
    }
    util::LogInfo("client ", connection->number, ", ", connection->Identity(),
                  response.ok() ? ", redeemed" : ", could not redeem", " enrollment token ", id, ": ",
                  detail.substr(0, kMaxDetail));
    if (ReasonOf(response.status()) == v1::REASON_TOKEN_REFUSED) return Fail(*connection, done);
    if (response.ok()) delays_.Forget(connections::SourceOf(connection->peer));
    Release(connection->number);
    done(std::move(response));
  });
}

absl::StatusOr<v1::RedeemEnrollmentTokenResponse> Enrollment::Issue(const connections::Connection& connection,
                                                                    const v1::RedeemEnrollmentTokenRequest& request,
                                                                    std::string* detail) {
  constexpr char kStep[] = "redeem an enrollment token";
  const auto told = [detail](absl::Status status) {
    if (detail->empty()) *detail = std::string(status.message());
    return status;
  };
  if (connection.peer.transport == connections::Transport::kTls && connection.closed.load()) {
    return told(Error(v1::REASON_CALL_CANCELLED, "the client has gone"));
  }
  if (request.secret().size() != kSecretBytes || request.id().size() > kMaxId) {
    *detail = "the request has no id or secret of the right form";
    return Refusal();
  }
  // In the order of what it costs: nobody without a token has the daemon do more than compare hashes.
  if (const auto checked = tokens_.Check(request.id(), request.secret()); !checked.ok()) {
    *detail = std::string(checked.status().message());
    return Refusal();
  }
  const absl::StatusOr<util::UniqueKey> key = auth::ParseCertificateRequest(request.certificate_request());
  if (!key.ok()) return told(Invalid(kStep, "certificate_request", key.status().message()));
  const EnrollmentRules rules = this->rules();
  auto authority = auth::CertificateAuthority::Open(auth::AuthorityPaths(rules.authority));
  if (!authority.ok()) return told(Unavailable(authority.status().message()));
  const auto token = tokens_.Take(request.id(), request.secret());
  if (absl::IsPermissionDenied(token.status()) && ReasonOf(token.status()) == v1::REASON_UNSPECIFIED) {
    *detail = std::string(token.status().message());
    return Refusal();
  }
  if (!token.ok()) return told(token.status());
  UpdateServer();
  const absl::Time now = parts_.clock->Now();
  const auto certificate = authority->Issue({.use = auth::CertificateUse::kClient,
                                             .common_name = token->name(),
                                             .begin = now - kBefore,
                                             .end = now + rules.certificate_lifetime},
                                            key->get());
  if (!certificate.ok()) return told(WithReason(v1::REASON_STORE_FAILED, certificate.status()));
  absl::StatusOr<std::string> pem = auth::CertificatePem(certificate->get());
  absl::StatusOr<std::string> root = auth::CertificatePem(authority->certificate());
  if (!pem.ok() || !root.ok()) return told(WithReason(v1::REASON_INTERNAL, pem.ok() ? root.status() : pem.status()));
  *detail =
      absl::StrCat("certificate of ", auth::SubjectText(certificate->get()), ", serial number ",
                   auth::SerialText(X509_get0_serialNumber(certificate->get())), ", token made by ", token->creator());
  v1::RedeemEnrollmentTokenResponse response;
  response.set_certificate(*std::move(pem));
  response.set_authority(*std::move(root));
  return response;
}

void Enrollment::Fail(const connections::Connection& connection, Done<v1::RedeemEnrollmentTokenResponse> done) {
  const uint64_t number = connection.number;
  const EnrollmentRules rules = this->rules();
  bool final_one = false;
  bool first_one = false;
  {
    const absl::MutexLock lock(&mutex_);
    const uint32_t failures = ++failures_[number];
    first_one = failures == 1;
    final_one = failures >= rules.failures;
  }
  const auto forget = [this, life = life_, number] {
    const absl::ReaderMutexLock alive(&life->mutex);
    if (life->ended) return;
    const absl::MutexLock lock(&mutex_);
    failures_.erase(number);
  };
  // It may have gone already.
  if (first_one && !parts_.table->OnClose(number, forget)) forget();
  const absl::Duration delay = delays_.Add(connections::SourceOf(connection.peer), rules.first_delay, rules.last_delay);
  Later(delay, [this, number, final_one, done = std::move(done)] {
    Release(number);
    done(Refusal());
    if (!final_one) return;
    Later(kLastWord, [this, number] {
      if (parts_.table->Disconnect(number).ok()) {
        util::LogInfo("client ", number, " has failed to redeem a token too often and is thrown out");
      }
    });
  });
}

void Enrollment::Release(uint64_t number) {
  const absl::MutexLock lock(&mutex_);
  busy_.erase(number);
}

}  // namespace reeve::services
