#include "auth/sasl_server.h"

#include <sasl/sasl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "auth/sasl_library.h"
#include "auth/scram_verifier.h"

namespace reeve::auth {
namespace {

constexpr char kPlain[] = "PLAIN";
constexpr char kExternal[] = "EXTERNAL";
constexpr char kGssapi[] = "GSSAPI";
constexpr char kHere[] = "localhost";
// What TLS gives at least (RFC 8446): bits of a key.
constexpr sasl_ssf_t kTlsStrength = 128;

struct ConnectionDeleter {
  void operator()(sasl_conn_t* connection) const { sasl_dispose(&connection); }
};
using ConnectionPointer = std::unique_ptr<sasl_conn_t, ConnectionDeleter>;

absl::Status Failure(absl::string_view step, int result, sasl_conn_t* connection) {
  const char* detail = connection == nullptr ? sasl_errstring(result, nullptr, nullptr) : sasl_errdetail(connection);
  return absl::UnauthenticatedError(absl::StrCat(step, ": ", detail == nullptr ? "" : detail));
}

class CyrusExchange final : public SaslExchange {
 public:
  CyrusExchange(std::shared_ptr<const SaslSettings> settings, ConnectionPointer connection, std::string mechanism,
                std::string decoy_key)
      : settings_(std::move(settings)),
        connection_(std::move(connection)),
        mechanism_(std::move(mechanism)),
        decoy_key_(std::move(decoy_key)) {}

  absl::StatusOr<Step> Start(const std::optional<std::string>& initial_response) override {
    const char* out = nullptr;
    unsigned length = 0;
    const int result =
        sasl_server_start(connection_.get(), mechanism_.c_str(), initial_response ? initial_response->data() : nullptr,
                          initial_response ? static_cast<unsigned>(initial_response->size()) : 0, &out, &length);
    first_sent_ = initial_response.has_value();
    if (first_sent_ && WantsDecoy(result)) return Decoy(*initial_response);
    return Take(result, out, length);
  }

  absl::StatusOr<Step> Continue(const std::string& response) override {
    if (decoy_) return absl::UnauthenticatedError(absl::StrCat(mechanism_, ": there is no such user"));
    const char* out = nullptr;
    unsigned length = 0;
    const int result =
        sasl_server_step(connection_.get(), response.data(), static_cast<unsigned>(response.size()), &out, &length);
    if (!std::exchange(first_sent_, true) && WantsDecoy(result)) return Decoy(response);
    return Take(result, out, length);
  }

  std::string user() const override { return user_; }

 private:
  bool WantsDecoy(int result) const { return result == SASL_NOUSER && absl::StartsWith(mechanism_, "SCRAM-"); }

  // Who asks must not learn by the first answer whether there is such a user: he gets one that looks like any other.
  absl::StatusOr<Step> Decoy(const std::string& initial_response) {
    const absl::StatusOr<std::string> challenge = ScramDecoy(initial_response, decoy_key_);
    if (!challenge.ok()) return challenge.status();
    decoy_ = true;
    return Step{.challenge = *challenge};
  }

  absl::StatusOr<Step> Take(int result, const char* out, unsigned length) {
    if (result != SASL_OK && result != SASL_CONTINUE) return Failure(mechanism_, result, connection_.get());
    Step step;
    step.done = result == SASL_OK;
    if (out != nullptr) step.challenge = std::string(out, length);
    if (!step.done) return step;
    const void* name = nullptr;
    const int got = sasl_getprop(connection_.get(), SASL_USERNAME, &name);
    if (got != SASL_OK || name == nullptr) return Failure("read the user", got, nullptr);
    absl::string_view user(static_cast<const char*>(name));
    absl::ConsumeSuffix(&user, absl::StrCat("@", kSaslRealm));
    if (user.empty()) return absl::UnauthenticatedError("the user has no name");
    user_ = std::string(user);
    return step;
  }

  const std::shared_ptr<const SaslSettings> settings_;
  const ConnectionPointer connection_;
  const std::string mechanism_;
  const std::string decoy_key_;
  bool first_sent_ = false;  // the client's first message has come
  bool decoy_ = false;
  std::string user_;
};

class CyrusSasl final : public Sasl {
 public:
  CyrusSasl(SaslOptions options, std::shared_ptr<const SaslSettings> settings)
      : options_(std::move(options)), settings_(std::move(settings)) {
    // Mechanisms whose plugin is missing are not offered.
    const char** all = sasl_global_listmech();
    for (; all != nullptr && *all != nullptr; ++all) installed_.emplace_back(*all);
    installed_.emplace_back(kExternal);  // is part of the library
  }

  std::vector<std::string> Mechanisms(const Channel& channel) const override {
    std::vector<std::string> result;
    for (const std::string& name : options_.mechanisms) {
      if (std::find(installed_.begin(), installed_.end(), name) == installed_.end()) continue;
      if (name == kPlain && !channel.encrypted) continue;
      if (name == kExternal && channel.certificate_subject.empty()) continue;
      result.push_back(name);
    }
    return result;
  }

  absl::StatusOr<std::unique_ptr<SaslExchange>> Begin(const std::string& mechanism, const Channel& channel) override {
    // Names of other sources are complete as they are.
    const bool own_realm =
        mechanism != kGssapi && mechanism != kExternal && !(mechanism == kPlain && options_.saslauthd);
    // Without a name Cyrus would ask the name service for it, which may take long; only Kerberos needs it.
    const char* host = options_.host.empty() ? (mechanism == kGssapi ? nullptr : kHere) : options_.host.c_str();
    sasl_conn_t* made = nullptr;
    int result = sasl_server_new(kSaslService, host, own_realm ? kSaslRealm : nullptr, nullptr, nullptr,
                                 settings_->callbacks(), SASL_SUCCESS_DATA, &made);
    ConnectionPointer connection(made);
    if (result != SASL_OK) return Failure("begin an exchange", result, nullptr);
    sasl_security_properties_t properties;
    std::memset(&properties, 0, sizeof(properties));
    // No layer of SASL's own: HTTP/2 is not wrapped by it.
    properties.max_ssf = 0;
    properties.security_flags = SASL_SEC_NOANONYMOUS | (channel.encrypted ? 0 : SASL_SEC_NOPLAINTEXT);
    result = sasl_setprop(made, SASL_SEC_PROPS, &properties);
    if (result == SASL_OK && channel.encrypted) result = sasl_setprop(made, SASL_SSF_EXTERNAL, &kTlsStrength);
    if (result == SASL_OK && !channel.certificate_subject.empty()) {
      result = sasl_setprop(made, SASL_AUTH_EXTERNAL, channel.certificate_subject.c_str());
    }
    if (result != SASL_OK) return Failure("prepare an exchange", result, made);
    return std::make_unique<CyrusExchange>(settings_, std::move(connection), mechanism, options_.decoy_key);
  }

 private:
  const SaslOptions options_;
  const std::shared_ptr<const SaslSettings> settings_;
  std::vector<std::string> installed_;
};

}  // namespace

std::string CheckMechanism(absl::string_view name) {
  for (const char* good : {"SCRAM-SHA-256", "SCRAM-SHA-512", kGssapi, kPlain, kExternal}) {
    if (name == good) return "";
  }
  for (const char* weak : {"DIGEST-MD5", "CRAM-MD5", "NTLM", "SCRAM-SHA-1", "LOGIN", "OTP", "ANONYMOUS"}) {
    if (name == weak) return absl::StrCat(weak, " is too weak and never offered");
  }
  return "must be SCRAM-SHA-256, SCRAM-SHA-512, GSSAPI, PLAIN or EXTERNAL";
}

absl::StatusOr<std::unique_ptr<Sasl>> MakeSasl(SaslOptions options) {
  std::map<std::string, std::string> settings{{"auxprop_plugin", "sasldb"},
                                              {"sasldb_path", options.database},
                                              {"pwcheck_method", options.saslauthd ? "saslauthd" : "auxprop"},
                                              {"mech_list", ""},
                                              {"scram_iteration_counter", absl::StrCat(kScramIterations)},
                                              {"log_level", "5"}};
  std::string list;
  for (const std::string& name : options.mechanisms) absl::StrAppend(&list, list.empty() ? "" : " ", name);
  settings["mech_list"] = list;
  if (!options.keytab.empty()) settings["keytab"] = options.keytab;
  if (!options.saslauthd_socket.empty()) settings["saslauthd_path"] = options.saslauthd_socket;
  auto kept = std::make_shared<const SaslSettings>(std::move(settings));
  if (absl::Status status = InitializeSaslServer(kept); !status.ok()) return status;
  absl::StatusOr<std::string> key = NewSalt();
  if (!key.ok()) return key.status();
  options.decoy_key = *std::move(key);
  return std::make_unique<CyrusSasl>(std::move(options), std::move(kept));
}

}  // namespace reeve::auth
