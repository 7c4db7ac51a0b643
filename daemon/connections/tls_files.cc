#include "daemon/connections/tls_files.h"

#include <utility>

#include "util/log.h"

namespace reeve::connections {
namespace {

constexpr absl::Duration kWarnBeforeEnd = absl::Hours(24 * 14);

void Report(const TlsContext& context, absl::Time now) {
  if (!context.revocation_problem().empty()) {
    util::LogError("TLS: ", context.revocation_problem(), ": every client certificate is refused until it is mended");
  }
  if (context.expires() - now < kWarnBeforeEnd) {
    util::LogWarn("TLS: our certificate ends soon: ", context.description());
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsFiles>> TlsFiles::Open(Locate locate, TlsPolicy policy, const util::Clock* clock) {
  absl::StatusOr<util::DirectoryWatch> watch = util::DirectoryWatch::Create();
  if (!watch.ok()) return watch.status();
  std::unique_ptr<TlsFiles> files(new TlsFiles(clock, *std::move(watch)));
  if (absl::Status status = files->Reload(std::move(locate), std::move(policy)); !status.ok()) return status;
  return files;
}

std::shared_ptr<const TlsContext> TlsFiles::context() const {
  const absl::ReaderMutexLock lock(&mutex_);
  return context_;
}

TlsTexts TlsFiles::ReadTexts() {
  TlsPaths paths = locate_();
  // A revocation list that was there once is asked for from then on.
  if (paths.revocations.empty()) paths.revocations = revocations_;
  revocations_ = paths.revocations;
  // Watched before they are read: what is written meanwhile is seen.
  const absl::Status watched = watch_.WatchFiles({paths.authorities, paths.certificate, paths.key,
                                                  paths.revocations.empty() ? paths.authorities : paths.revocations});
  if (!watched.ok()) util::LogWarn("TLS: ", watched.message(), ": changes are seen only with a reload (SIGHUP)");
  return ReadTlsTexts(paths);
}

absl::Status TlsFiles::Reload(Locate locate, TlsPolicy policy) {
  const absl::MutexLock lock(&reading_);
  locate_ = std::move(locate);
  policy_ = std::move(policy);
  last_ = ReadTexts();
  return Use(last_);
}

bool TlsFiles::ReloadIfChanged() {
  const absl::MutexLock lock(&reading_);
  TlsTexts texts = ReadTexts();
  if (texts == last_) return false;
  last_ = std::move(texts);
  if (absl::Status status = Use(last_); !status.ok()) {
    util::LogError("TLS: the new files are not taken, the old ones stay in use: ", status.message());
    return false;
  }
  util::LogInfo("TLS: new files are in use: ", context()->description());
  return true;
}

absl::Status TlsFiles::Use(const TlsTexts& texts) {
  absl::StatusOr<std::shared_ptr<const TlsContext>> context = TlsContext::Create(texts, policy_, clock_->Now());
  const absl::Status status = context.status();
  if (status.ok()) {
    used_ = texts;
  } else {
    // The old certificate with what is revoked, and who is allowed, now.
    if (used_.key.path.empty()) return status;
    used_.revocations = texts.revocations;
    context = TlsContext::Create(used_, policy_, clock_->Now());
    if (!context.ok()) return status;
  }
  Report(**context, clock_->Now());
  const absl::MutexLock lock(&mutex_);
  context_ = *std::move(context);
  return status;
}

}  // namespace reeve::connections
