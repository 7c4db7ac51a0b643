#include "drivers/xen/libxl_log.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "util/log.h"

namespace reeve::xen {
namespace {

constexpr size_t kKeptLines = 128;
constexpr size_t kMaximumLine = 1024;

}  // namespace

LibxlLog::LibxlLog() : logger_{{&Message, &Progress, [](xentoollog_logger*) {}}, this} {}

void LibxlLog::Message(xentoollog_logger* logger, xentoollog_level level, int error, const char* /*context*/,
                       const char* format, va_list arguments) {
  char text[kMaximumLine];
  vsnprintf(text, sizeof(text), format, arguments);
  std::string line(text);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  if (error >= 0) absl::StrAppend(&line, ": ", strerror(error));
  reinterpret_cast<Logger*>(logger)->log->Add(level, std::move(line));
}

void LibxlLog::Progress(xentoollog_logger*, const char*, const char*, int, unsigned long, unsigned long) {}

void LibxlLog::Add(xentoollog_level level, std::string text) {
  if (level >= XTL_ERROR) {
    util::LogWarn("libxenlight: ", text);
  } else if (level >= XTL_INFO) {
    util::LogInfo("libxenlight: ", text);
  } else {
    util::LogDebug("libxenlight: ", text);
  }
  if (level < XTL_WARN) return;
  std::lock_guard lock(mutex_);
  lines_.push_back({next_++, std::this_thread::get_id(), std::move(text)});
  if (lines_.size() > kKeptLines) lines_.pop_front();
}

void LibxlLog::TellChildrenHere() {
  std::lock_guard lock(mutex_);
  children_ = std::this_thread::get_id();
}

uint64_t LibxlLog::Mark() const {
  std::lock_guard lock(mutex_);
  return next_;
}

std::string LibxlLog::Since(uint64_t mark, int64_t domid) const {
  const std::string of_domain = absl::StrCat("Domain ", domid, ":");
  std::string all;
  std::lock_guard lock(mutex_);
  for (const Line& line : lines_) {
    if (line.number < mark) continue;
    const bool ours = line.thread == std::this_thread::get_id() || absl::StrContains(line.text, of_domain);
    // What scripts and other children did is logged by the thread of the events, and names no domain.
    const bool of_children = line.thread == children_ && !absl::StrContains(line.text, "Domain ");
    if (!ours && !of_children) continue;
    // "libxl_dm.c:1234:function_name:Domain 5:what happened": where in its source is of no use to the caller.
    std::string text = line.text;
    if (const size_t place = text.find("Domain "); place != std::string::npos) {
      if (const size_t colon = text.find(':', place); colon != std::string::npos) text = text.substr(colon + 1);
    }
    absl::StrAppend(&all, all.empty() ? "" : "; ", text);
  }
  return all;
}

}  // namespace reeve::xen
