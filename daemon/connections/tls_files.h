// The TLS server's files, read anew when they change.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "daemon/connections/tls_context.h"
#include "util/clock.h"
#include "util/directory_watch.h"

namespace reeve::connections {

// What handshakes begin with. New files take effect for those that begin later; new files that are not sound are
// reported and the old ones stay. A new revocation list takes effect in any case: if it is not sound every client is
// refused. Thread-safe but for what concerns the watch.
class TlsFiles {
 public:
  // Says where the files are; asked anew at every reading.
  using Locate = std::function<TlsPaths()>;

  // Reads the files. The error names the file and the broken rule.
  static absl::StatusOr<std::unique_ptr<TlsFiles>> Open(Locate locate, TlsPolicy policy, const util::Clock* clock);

  std::shared_ptr<const TlsContext> context() const;

  // Reads again, by another configuration. After an error the old certificate stays in use, by the new policy.
  absl::Status Reload(Locate locate, TlsPolicy policy);
  // Reads again if the content of a file differs from what was read last. True: other files are in use now.
  bool ReloadIfChanged();

  // Readable when something happens in a directory of the files; then call TakeChange, and a moment later, when the
  // writer may have finished, ReloadIfChanged. Both from one thread.
  int watch_fd() const { return watch_.fd(); }
  bool TakeChange() { return watch_.Take(); }

 private:
  TlsFiles(const util::Clock* clock, util::DirectoryWatch watch) : clock_(clock), watch_(std::move(watch)) {}
  TlsTexts ReadTexts() ABSL_EXCLUSIVE_LOCKS_REQUIRED(reading_);
  absl::Status Use(const TlsTexts& texts) ABSL_EXCLUSIVE_LOCKS_REQUIRED(reading_);

  const util::Clock* const clock_;
  util::DirectoryWatch watch_;
  absl::Mutex reading_;  // one reader at a time
  Locate locate_ ABSL_GUARDED_BY(reading_);
  TlsTexts last_ ABSL_GUARDED_BY(reading_);  // that were read, sound or not
  TlsTexts used_ ABSL_GUARDED_BY(reading_);
  std::string revocations_ ABSL_GUARDED_BY(reading_);  // path of the list that was there once
  TlsPolicy policy_ ABSL_GUARDED_BY(reading_);
  mutable absl::Mutex mutex_;
  std::shared_ptr<const TlsContext> context_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::connections
