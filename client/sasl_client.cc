#include "client/sasl_client.h"

#include <openssl/crypto.h>
#include <sasl/sasl.h>

#include <cstring>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "util/sasl_threads.h"

namespace reeve::client {
namespace {

constexpr char kService[] = "reeve";
// What TLS gives at least: bits of a key.
constexpr sasl_ssf_t kTlsStrength = 128;

// The library keeps state for the whole process.
int Initialize() {
  static const int result = [] {
    util::UseSaslMutexes();
    return sasl_client_init(nullptr);
  }();
  return result;
}

class CyrusClient final : public SaslClient {
 public:
  CyrusClient(std::string host, CredentialSource credentials)
      : host_(std::move(host)),
        credentials_(std::move(credentials)),
        callbacks_{{SASL_CB_USER, util::SaslCallback(&NoOther), this},
                   {SASL_CB_AUTHNAME, util::SaslCallback(&Name), this},
                   {SASL_CB_PASS, util::SaslCallback(&Password), this},
                   {SASL_CB_LIST_END, nullptr, nullptr}} {}
  ~CyrusClient() override {
    if (connection_ != nullptr) sasl_dispose(&connection_);
    OPENSSL_cleanse(secret_.data(), secret_.size());
  }

  absl::Status Open(bool encrypted) {
    int result =
        sasl_client_new(kService, host_.c_str(), nullptr, nullptr, callbacks_, SASL_SUCCESS_DATA, &connection_);
    sasl_security_properties_t properties;
    std::memset(&properties, 0, sizeof(properties));
    properties.max_ssf = 0;  // no layer of SASL's own: HTTP/2 is not wrapped by it
    properties.security_flags = SASL_SEC_NOANONYMOUS | (encrypted ? 0 : SASL_SEC_NOPLAINTEXT);
    if (result == SASL_OK) result = sasl_setprop(connection_, SASL_SEC_PROPS, &properties);
    if (result == SASL_OK && encrypted) result = sasl_setprop(connection_, SASL_SSF_EXTERNAL, &kTlsStrength);
    // EXTERNAL: whoever the certificate says.
    if (result == SASL_OK && encrypted) result = sasl_setprop(connection_, SASL_AUTH_EXTERNAL, "certificate");
    return result == SASL_OK ? absl::OkStatus() : Failure("prepare", result);
  }

  absl::StatusOr<First> Start(const std::vector<std::string>& mechanisms) override {
    // In the server's order, which Cyrus does not keep: one after the other.
    absl::Status failure = absl::UnavailableError("no SASL mechanism of the daemon can be used here");
    for (const std::string& mechanism : mechanisms) {
      const char* out = nullptr;
      unsigned length = 0;
      const char* chosen = nullptr;
      const int result = sasl_client_start(connection_, mechanism.c_str(), nullptr, &out, &length, &chosen);
      if (!asking_.ok()) return asking_;
      if (result == SASL_OK || result == SASL_CONTINUE) {
        done_ = result == SASL_OK;
        First first{mechanism, std::nullopt};
        if (out != nullptr) first.response = std::string(out, length);
        return first;
      }
      // Not built in (SASL_NOMECH), or lacking something, as Kerberos its ticket.
      if (result != SASL_NOMECH) failure = Failure(mechanism, result);
    }
    return failure;
  }

  absl::StatusOr<std::string> Step(const std::string& challenge) override {
    const char* out = nullptr;
    unsigned length = 0;
    const int result = sasl_client_step(connection_, challenge.data(), static_cast<unsigned>(challenge.size()), nullptr,
                                        &out, &length);
    if (!asking_.ok()) return asking_;
    if (result != SASL_OK && result != SASL_CONTINUE) return Failure("the daemon's answer", result);
    done_ = result == SASL_OK;
    return std::string(out == nullptr ? "" : out, length);
  }

  bool done() const override { return done_; }

 private:
  absl::Status Failure(absl::string_view what, int result) const {
    const char* detail =
        connection_ == nullptr ? sasl_errstring(result, nullptr, nullptr) : sasl_errdetail(connection_);
    return absl::UnauthenticatedError(absl::StrCat("SASL: ", what, ": ", detail == nullptr ? "" : detail));
  }

  // Acting for somebody else is not wanted.
  static int NoOther(void*, int, const char** result, unsigned* length) {
    *result = "";
    if (length != nullptr) *length = 0;
    return SASL_OK;
  }

  static int Name(void* context, int, const char** result, unsigned* length) {
    auto* self = static_cast<CyrusClient*>(context);
    if (!self->user_) {
      absl::StatusOr<std::string> user =
          self->credentials_({.kind = CredentialRequest::Kind::kUser, .host = self->host_, .user = ""});
      if (!user.ok()) {
        self->asking_ = user.status();
        return SASL_FAIL;
      }
      self->user_ = *std::move(user);
    }
    *result = self->user_->c_str();
    if (length != nullptr) *length = static_cast<unsigned>(self->user_->size());
    return SASL_OK;
  }

  static int Password(sasl_conn_t*, void* context, int, sasl_secret_t** secret) {
    auto* self = static_cast<CyrusClient*>(context);
    if (self->secret_.empty()) {
      absl::StatusOr<std::string> password = self->credentials_(
          {.kind = CredentialRequest::Kind::kPassword, .host = self->host_, .user = self->user_.value_or("")});
      if (!password.ok()) {
        self->asking_ = password.status();
        return SASL_FAIL;
      }
      self->secret_.assign(sizeof(sasl_secret_t) + password->size() + 1, '\0');
      auto* made = reinterpret_cast<sasl_secret_t*>(self->secret_.data());
      made->len = password->size();
      std::memcpy(made->data, password->data(), password->size());
      OPENSSL_cleanse(password->data(), password->size());
    }
    *secret = reinterpret_cast<sasl_secret_t*>(self->secret_.data());
    return SASL_OK;
  }

  const std::string host_;
  const CredentialSource credentials_;
  const sasl_callback_t callbacks_[4];
  sasl_conn_t* connection_ = nullptr;
  std::optional<std::string> user_;
  std::string secret_;
  absl::Status asking_;  // why the source gave nothing
  bool done_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SaslClient>> SaslClient::Make(const std::string& host, bool encrypted,
                                                             CredentialSource credentials) {
  if (const int result = Initialize(); result != SASL_OK) {
    return absl::UnavailableError(absl::StrCat("initialize SASL: ", sasl_errstring(result, nullptr, nullptr)));
  }
  auto client = std::make_unique<CyrusClient>(host, std::move(credentials));
  if (absl::Status status = client->Open(encrypted); !status.ok()) return status;
  return client;
}

}  // namespace reeve::client
