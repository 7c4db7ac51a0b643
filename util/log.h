// The log, for code that wants to write a line and know nothing of where it goes.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace reeve::util {

// How much a line matters. kOff is a threshold only: nothing is written with it.
enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError, kOff };

// "trace", "debug", "info", "warn", "error", "off".
absl::string_view LogLevelName(LogLevel level);
std::optional<LogLevel> ParseLogLevel(absl::string_view name);

// Where lines go. Write may be called from several threads at once and must not call Log.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // `line` has no control characters.
  virtual void Write(LogLevel level, absl::string_view line) = 0;
};

// The process has one log; it is the one thing here that is global, so that a destructor or a thread of a library can
// write to it. All functions are thread-safe. Until SetLogSink is called lines go to stderr; the threshold is kInfo.
void SetLogSink(std::shared_ptr<LogSink> sink);  // null: stderr again
void SetLogLevel(LogLevel threshold);
LogLevel GetLogLevel();
bool LogEnabled(LogLevel level);

// Writes one line if `level` reaches the threshold. Control characters and bytes that are not UTF-8 are escaped, so
// that what a client sends cannot forge a line or steer a terminal; beyond 8 KiB a line is cut.
void Log(LogLevel level, absl::string_view message);

// The same of pieces, which are joined only if the line is wanted: LogWarn("client ", number, ": ", status.message()).
template <typename... Pieces>
void LogAt(LogLevel level, const Pieces&... pieces) {
  if (LogEnabled(level)) Log(level, absl::StrCat(pieces...));
}
template <typename... Pieces>
void LogDebug(const Pieces&... pieces) {
  LogAt(LogLevel::kDebug, pieces...);
}
template <typename... Pieces>
void LogInfo(const Pieces&... pieces) {
  LogAt(LogLevel::kInfo, pieces...);
}
template <typename... Pieces>
void LogWarn(const Pieces&... pieces) {
  LogAt(LogLevel::kWarn, pieces...);
}
template <typename... Pieces>
void LogError(const Pieces&... pieces) {
  LogAt(LogLevel::kError, pieces...);
}

// `text` with control characters (C0, DEL, C1) and bytes that are not UTF-8 as \n, \t or \xNN.
std::string EscapeControlCharacters(absl::string_view text);

}  // namespace reeve::util
