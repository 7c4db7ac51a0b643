// Where audit records go.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reeve/v1/audit.pb.h"

namespace reeve::auth {

// Thread-safe. A record that cannot be written is logged as an error, at most one a minute with the number of those
// lost: nobody is kept from working by a full disk.
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  virtual void Write(const v1::AuditRecord& record) = 0;
};

// A file of lines of JSON, mode 0600, appended to. UNAVAILABLE. Open it anew after a rotation.
absl::StatusOr<std::unique_ptr<AuditSink>> OpenAuditFile(const std::string& path);
// The journal, with a field for each of the record's; where there is none, the log, a line of JSON at level info.
std::unique_ptr<AuditSink> OpenAuditJournal();

// "REEVE_METHOD=/reeve.v1...": what the journal gets of a record, but for MESSAGE and PRIORITY; fields without a value
// are left out, those with several come several times.
std::vector<std::string> JournalFields(const v1::AuditRecord& record);
// One line without its end.
std::string AuditLine(const v1::AuditRecord& record);

}  // namespace reeve::auth
