// What Cyrus SASL wants of a process, once.
#pragma once

#include <sasl/sasl.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"

namespace reeve::auth {

// Values for Cyrus's options (sasl(5)), and where its messages go. Configuration files of the system are not read.
class SaslSettings {
 public:
  explicit SaslSettings(std::map<std::string, std::string> options);
  SaslSettings(const SaslSettings&) = delete;
  SaslSettings& operator=(const SaslSettings&) = delete;

  // For sasl_server_init and sasl_server_new; valid as long as this.
  const sasl_callback_t* callbacks() const { return callbacks_; }

 private:
  static int GetOption(void* context, const char* plugin, const char* option, const char** result, unsigned* length);
  static int GetConfigurationPath(void* context, char** path);
  static int Log(void* context, int level, const char* message);
  static int CheckProxy(sasl_conn_t* connection, void* context, const char* requested, unsigned requested_length,
                        const char* authenticated, unsigned authenticated_length, const char* realm,
                        unsigned realm_length, propctx* properties);

  const std::map<std::string, std::string> options_;
  sasl_callback_t callbacks_[5];
};

// Initializes the server's side, once; the library keeps the settings of that call for ever.
absl::Status InitializeSaslServer(const std::shared_ptr<const SaslSettings>& settings);

}  // namespace reeve::auth
