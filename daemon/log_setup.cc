#include "daemon/log_setup.h"

#include <grpc/support/log.h>

#include <memory>

#include "daemon/log_sinks.h"

namespace reeve {
namespace {

void LogOfGrpc(gpr_log_func_args* arguments) {
  const bool error = arguments->severity == GPR_LOG_SEVERITY_ERROR;
  util::LogAt(error ? util::LogLevel::kWarn : util::LogLevel::kDebug, "grpc: ", arguments->message);
}

}  // namespace

absl::Status SetUpLog(const Config::Log& config, util::LogLevel level, const Paths& paths) {
  absl::StatusOr<std::shared_ptr<util::LogSink>> sink = OpenStderrSink();
  absl::Status fallback;
  if (config.target == "file") {
    sink = OpenFileSink(paths.Below(config.file));
    if (!sink.ok()) return sink.status();
  } else if (config.target == "journal") {
    absl::StatusOr<std::shared_ptr<util::LogSink>> journal = OpenJournalSink();
    if (journal.ok()) {
      sink = std::move(journal);
    } else {
      fallback = journal.status();
    }
  }
  util::SetLogSink(*std::move(sink));
  util::SetLogLevel(level);
  if (!fallback.ok()) util::LogDebug(fallback.message(), "; the log goes to stderr");
  return absl::OkStatus();
}

void SetUpLibraryLogs() {
  gpr_set_log_function(LogOfGrpc);
}

}  // namespace reeve
