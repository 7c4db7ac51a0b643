#include "auth/audit.h"

#include <fcntl.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "util/errno.h"
#include "util/fd.h"
#include "util/log.h"

namespace reeve::auth {
namespace {

// systemd-journald.service(8).
constexpr char kJournalSocket[] = "/run/systemd/journal/socket";
constexpr absl::Duration kComplaintInterval = absl::Minutes(1);

// Counts what is lost and says so now and then. Thread-safe.
class Losses {
 public:
  void Add(absl::string_view cause) {
    const absl::MutexLock lock(&mutex_);
    ++lost_;
    const absl::Time now = absl::Now();
    if (now - told_ < kComplaintInterval) return;
    told_ = now;
    util::LogError("audit: ", lost_, lost_ == 1 ? " record is" : " records are", " lost: ", cause);
    lost_ = 0;
  }

 private:
  absl::Mutex mutex_;
  uint64_t lost_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time told_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

class FileSink final : public AuditSink {
 public:
  FileSink(util::UniqueFd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  void Write(const v1::AuditRecord& record) override {
    const std::string line = AuditLine(record) + "\n";
    const absl::MutexLock lock(&mutex_);
    size_t written = 0;
    while (written < line.size()) {
      const ssize_t result = ::write(file_.get(), line.data() + written, line.size() - written);
      if (result < 0 && errno == EINTR) continue;
      if (result <= 0) return losses_.Add(util::ErrnoStatus(absl::StrCat("write ", path_)).message());
      written += static_cast<size_t>(result);
    }
  }

 private:
  absl::Mutex mutex_;
  const util::UniqueFd file_;
  const std::string path_;
  Losses losses_;
};

// "DONE", "REFUSED", "FAILED".
std::string OutcomeWord(v1::AuditOutcome outcome) {
  return v1::AuditOutcome_Name(outcome).substr(sizeof("AUDIT_OUTCOME_") - 1);
}

class JournalSink final : public AuditSink {
 public:
  void Write(const v1::AuditRecord& record) override {
    if (::access(kJournalSocket, W_OK) != 0) return util::LogInfo("audit: ", AuditLine(record));
    std::vector<std::string> fields = JournalFields(record);
    fields.push_back(absl::StrCat("MESSAGE=", record.method(), " by ", record.identity(), ": ",
                                  absl::AsciiStrToLower(OutcomeWord(record.outcome())),
                                  record.reason().empty() ? "" : ", ", record.reason()));
    fields.push_back(
        absl::StrCat("PRIORITY=", record.outcome() == v1::AUDIT_OUTCOME_REFUSED ? LOG_WARNING : LOG_NOTICE));
    fields.emplace_back("SYSLOG_IDENTIFIER=reeved");
    std::vector<iovec> parts;
    parts.reserve(fields.size());
    for (std::string& field : fields) parts.push_back({field.data(), field.size()});
    const int result = sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
    if (result < 0) losses_.Add(util::ErrnoStatus(-result, "write to the journal").message());
  }

 private:
  Losses losses_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AuditSink>> OpenAuditFile(const std::string& path) {
  util::UniqueFd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!file) return util::ErrnoStatus(absl::StrCat("open the audit file ", path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return util::ErrnoStatus(absl::StrCat("look at ", path));
  if (!S_ISREG(info.st_mode)) return absl::UnavailableError(absl::StrCat("the audit file ", path, " is not a file"));
  if (::fchmod(file.get(), 0600) != 0) return util::ErrnoStatus(absl::StrCat("set the mode of ", path));
  return std::make_unique<FileSink>(std::move(file), path);
}

std::unique_ptr<AuditSink> OpenAuditJournal() {
  return std::make_unique<JournalSink>();
}

std::vector<std::string> JournalFields(const v1::AuditRecord& record) {
  std::vector<std::string> fields;
  const auto add = [&fields](absl::string_view name, absl::string_view value) {
    if (!value.empty()) fields.push_back(absl::StrCat("REEVE_", name, "=", value));
  };
  add("TIME", google::protobuf::util::TimeUtil::ToString(record.time()));
  add("IDENTITY", record.identity());
  add("FROM", record.from());
  add("AUTHENTICATION", record.authentication());
  add("CONNECTION", absl::StrCat(record.connection()));
  add("METHOD", record.method());
  add("PERMISSION", record.permission());
  for (const std::string& object : record.objects()) add("OBJECTS", object);
  add("OUTCOME", OutcomeWord(record.outcome()));
  add("REASON", record.reason());
  add("DETAIL", record.detail());
  add("DURATION_US", absl::StrCat(record.duration_us()));
  add("REQUEST_ID", record.request_id());
  return fields;
}

std::string AuditLine(const v1::AuditRecord& record) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string line;
  const auto status = google::protobuf::util::MessageToJsonString(record, &line, options);
  // Its texts are UTF-8, which is all that could be wrong with them.
  if (!status.ok()) return absl::StrCat("{\"fault\":\"", record.method(), " cannot be written as JSON\"}");
  return line;
}

}  // namespace reeve::auth
