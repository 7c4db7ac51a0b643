#include "auth/sasl_library.h"

#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "util/log.h"
#include "util/sasl_threads.h"

namespace reeve::auth {

SaslSettings::SaslSettings(std::map<std::string, std::string> options)
    : options_(std::move(options)),
      callbacks_{{SASL_CB_GETOPT, util::SaslCallback(&GetOption), this},
                 {SASL_CB_GETCONFPATH, util::SaslCallback(&GetConfigurationPath), this},
                 {SASL_CB_LOG, util::SaslCallback(&Log), this},
                 {SASL_CB_PROXY_POLICY, util::SaslCallback(&CheckProxy), this},
                 {SASL_CB_LIST_END, nullptr, nullptr}} {}

int SaslSettings::GetOption(void* context, const char*, const char* option, const char** result, unsigned* length) {
  const auto& options = static_cast<const SaslSettings*>(context)->options_;
  const auto found = options.find(option);
  if (found == options.end()) return SASL_FAIL;
  *result = found->second.c_str();
  if (length != nullptr) *length = static_cast<unsigned>(found->second.size());
  return SASL_OK;
}

int SaslSettings::GetConfigurationPath(void*, char** path) {
  // A directory that has no file: reeved.toml says all there is to say.
  *path = ::strdup("/dev/null");
  return *path == nullptr ? SASL_NOMEM : SASL_OK;
}

int SaslSettings::Log(void*, int level, const char* message) {
  // Failures of clients are logged where they are answered. Never SASL_LOG_PASS, which has passwords.
  if (message == nullptr || level == SASL_LOG_NONE || level >= SASL_LOG_TRACE) return SASL_OK;
  const util::LogLevel log_level = level == SASL_LOG_ERR ? util::LogLevel::kWarn : util::LogLevel::kDebug;
  util::LogAt(log_level, "sasl: ", util::EscapeControlCharacters(absl::string_view(message).substr(0, 512)));
  return SASL_OK;
}

int SaslSettings::CheckProxy(sasl_conn_t*, void*, const char* requested, unsigned requested_length,
                             const char* authenticated, unsigned authenticated_length, const char*, unsigned,
                             propctx*) {
  // Nobody acts for somebody else.
  return absl::string_view(requested, requested_length) == absl::string_view(authenticated, authenticated_length)
             ? SASL_OK
             : SASL_BADAUTH;
}

absl::Status InitializeSaslServer(const std::shared_ptr<const SaslSettings>& settings) {
  static std::mutex mutex;
  static const std::shared_ptr<const SaslSettings>* kept = nullptr;
  const std::lock_guard<std::mutex> lock(mutex);
  if (kept != nullptr) return absl::OkStatus();
  util::UseSaslMutexes();
  const int result = sasl_server_init(settings->callbacks(), "reeved");
  if (result != SASL_OK) {
    return absl::UnavailableError(absl::StrCat("initialize SASL: ", sasl_errstring(result, nullptr, nullptr)));
  }
  kept = new std::shared_ptr<const SaslSettings>(settings);
  return absl::OkStatus();
}

}  // namespace reeve::auth
