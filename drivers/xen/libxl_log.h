// libxenlight's log: into ours, and its errors into the status of the call that failed.
#pragma once

#include <xentoollog.h>

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace reeve::xen {

// The logger that a context is given. Lines go to the daemon's log; the latest errors and warnings are kept so that a
// failed call can tell what libxenlight said of it. Thread-safe; outlives the context.
class LibxlLog {
 public:
  LibxlLog();
  LibxlLog(const LibxlLog&) = delete;
  LibxlLog& operator=(const LibxlLog&) = delete;

  xentoollog_logger* logger() { return &logger_.base; }

  // A place in the log, to look back to.
  uint64_t Mark() const;
  // The calling thread is the one that hears of libxenlight's children: hotplug scripts, helpers.
  void TellChildrenHere();
  // What was said since `mark` by the calling thread, of the domain by any, or of children; "; " between; empty:
  // nothing.
  std::string Since(uint64_t mark, int64_t domid) const;

 private:
  struct Logger {
    xentoollog_logger base;  // first: libxenlight hands back its address
    LibxlLog* log;
  };
  struct Line {
    uint64_t number;
    std::thread::id thread;
    std::string text;
  };
  static void Message(xentoollog_logger* logger, xentoollog_level level, int error, const char* context,
                      const char* format, va_list arguments);
  static void Progress(xentoollog_logger* logger, const char* context, const char* what, int percent,
                       unsigned long done, unsigned long total);
  void Add(xentoollog_level level, std::string text);

  Logger logger_;
  mutable std::mutex mutex_;
  std::thread::id children_;
  uint64_t next_ = 0;
  std::deque<Line> lines_;
};

}  // namespace reeve::xen
