// Where the log goes, by spdlog.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "util/log.h"

namespace reeve {

// The journal (with priorities), stderr, or a file that is appended to and made with mode 0600; lines of the latter two
// begin with time and level. UNAVAILABLE when the file cannot be opened or there is no journal.
absl::StatusOr<std::shared_ptr<util::LogSink>> OpenJournalSink();
std::shared_ptr<util::LogSink> OpenStderrSink();
absl::StatusOr<std::shared_ptr<util::LogSink>> OpenFileSink(const std::string& path);

}  // namespace reeve
