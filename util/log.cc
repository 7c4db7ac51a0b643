#include "util/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

#include "absl/strings/str_format.h"

namespace reeve::util {
namespace {

constexpr size_t kMaxLineBytes = 8192;
constexpr std::array<absl::string_view, 6> kNames = {"trace", "debug", "info", "warn", "error", "off"};

// Never destroyed: threads of libraries may still log while static objects go.
struct State {
  std::atomic<LogLevel> threshold{LogLevel::kInfo};
  std::mutex mutex;
  std::shared_ptr<LogSink> sink;
};

State& TheState() {
  static State* state = new State;
  return *state;
}

void WriteToStderr(LogLevel level, absl::string_view line) {
  const std::string text = absl::StrCat(LogLevelName(level), ": ", line, "\n");
  // There is no place left to tell of a failure.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

// Length of the well-formed UTF-8 sequence at the start of `text` (RFC 3629, section 4), 0 if there is none.
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&](size_t index) -> uint8_t { return index < text.size() ? text[index] : 0; };
  const auto tail = [&](size_t index, uint8_t low = 0x80, uint8_t high = 0xBF) {
    return byte(index) >= low && byte(index) <= high;
  };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const uint8_t low = first == 0xE0 ? 0xA0 : 0x80;
    const uint8_t high = first == 0xED ? 0x9F : 0xBF;
    return tail(1, low, high) && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const uint8_t low = first == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = first == 0xF4 ? 0x8F : 0xBF;
    return tail(1, low, high) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

void AppendEscaped(uint8_t byte, std::string* out) {
  switch (byte) {
    case '\n':
      out->append("\\n");
      break;
    case '\r':
      out->append("\\r");
      break;
    case '\t':
      out->append("\\t");
      break;
    default:
      absl::StrAppendFormat(out, "\\x%02x", byte);
  }
}

}  // namespace

absl::string_view LogLevelName(LogLevel level) {
  return kNames[static_cast<size_t>(level)];
}

std::optional<LogLevel> ParseLogLevel(absl::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

void SetLogSink(std::shared_ptr<LogSink> sink) {
  State& state = TheState();
  {
    const std::lock_guard<std::mutex> lock(state.mutex);
    std::swap(state.sink, sink);
  }
  // The old sink goes here, outside the lock.
}

void SetLogLevel(LogLevel threshold) {
  TheState().threshold.store(threshold, std::memory_order_relaxed);
}

LogLevel GetLogLevel() {
  return TheState().threshold.load(std::memory_order_relaxed);
}

bool LogEnabled(LogLevel level) {
  return level != LogLevel::kOff && level >= GetLogLevel();
}

void Log(LogLevel level, absl::string_view message) {
  if (!LogEnabled(level)) return;
  std::string line = EscapeControlCharacters(message.substr(0, kMaxLineBytes));
  if (message.size() > kMaxLineBytes) line += "...";
  State& state = TheState();
  std::shared_ptr<LogSink> sink;
  {
    const std::lock_guard<std::mutex> lock(state.mutex);
    sink = state.sink;
  }
  if (sink != nullptr) {
    sink->Write(level, line);
  } else {
    WriteToStderr(level, line);
  }
}

std::string EscapeControlCharacters(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const uint8_t first = text[0];
    const size_t length = Utf8Length(text);
    const bool c0 = first < 0x20 || first == 0x7F;
    const bool c1 = length == 2 && first == 0xC2 && static_cast<uint8_t>(text[1]) < 0xA0;
    if (length != 0 && !c0 && !c1) {
      out.append(text.data(), length);
      text.remove_prefix(length);
      continue;
    }
    const size_t escaped = length == 0 ? 1 : length;
    for (size_t i = 0; i < escaped; ++i) AppendEscaped(text[i], &out);
    text.remove_prefix(escaped);
  }
  return out;
}

}  // namespace reeve::util
