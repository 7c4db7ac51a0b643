#include "auth/audit.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "util/files.h"

namespace reeve::auth {
namespace {

v1::AuditRecord Record() {
  v1::AuditRecord record;
  record.mutable_time()->set_seconds(1767225600);
  record.set_identity("sasl:al\"ice");
  record.set_from("192.0.2.1:41000");
  record.set_authentication("sasl SCRAM-SHA-256");
  record.set_connection(7);
  record.set_method("/reeve.v1.DomainService/StartDomain");
  record.set_permission("domain.start");
  record.add_objects("hypervisors/lxc/domains/web1");
  record.add_objects("hypervisors/lxc/domains/a\nb");
  record.set_outcome(v1::AUDIT_OUTCOME_REFUSED);
  record.set_reason("PERMISSION_DENIED");
  record.set_duration_us(12);
  record.set_request_id("r-1");
  return record;
}

struct Directory {
  Directory() {
    char path_text[] = "/tmp/reeve-audit-XXXXXX";
    REQUIRE(::mkdtemp(path_text) != nullptr);
    path = path_text;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string path;
};

TEST_CASE("a record is one line of JSON, whatever is in it") {
  CHECK(AuditLine(Record()) ==
        R"({"time":"2026-01-01T00:00:00Z","identity":"sasl:al\"ice","from":"192.0.2.1:41000",)"
        R"("authentication":"sasl SCRAM-SHA-256","connection":"7","method":"/reeve.v1.DomainService/StartDomain",)"
        R"("permission":"domain.start","objects":["hypervisors/lxc/domains/web1","hypervisors/lxc/domains/a\nb"],)"
        R"("outcome":"AUDIT_OUTCOME_REFUSED","reason":"PERMISSION_DENIED","duration_us":"12","request_id":"r-1"})");
}

TEST_CASE("a file is made for its owner alone, and appended to") {
  const Directory directory;
  const std::string path = directory.path + "/audit.log";
  for (int i = 0; i < 2; ++i) {
    auto sink = OpenAuditFile(path);
    REQUIRE(sink.ok());
    (*sink)->Write(Record());
  }
  CHECK(*util::ReadFile(path) == AuditLine(Record()) + "\n" + AuditLine(Record()) + "\n");
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  // One that was too open is closed.
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  REQUIRE(OpenAuditFile(path).ok());
  REQUIRE(::stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
}

TEST_CASE("what is not a file is refused") {
  const Directory directory;
  CHECK_FALSE(OpenAuditFile(directory.path).ok());
  CHECK_FALSE(OpenAuditFile(directory.path + "/no/audit.log").ok());
  REQUIRE(::mkfifo((directory.path + "/fifo").c_str(), 0600) == 0);
  CHECK_FALSE(OpenAuditFile(directory.path + "/fifo").ok());
  std::filesystem::create_symlink("/etc/passwd", directory.path + "/link");
  CHECK_FALSE(OpenAuditFile(directory.path + "/link").ok());
}

TEST_CASE("the journal gets a field for each of the record's") {
  const std::vector<std::string> fields = JournalFields(Record());
  const auto has = [&](const char* field) { return std::find(fields.begin(), fields.end(), field) != fields.end(); };
  CHECK(has("REEVE_IDENTITY=sasl:al\"ice"));
  CHECK(has("REEVE_OBJECTS=hypervisors/lxc/domains/web1"));
  CHECK(has("REEVE_OUTCOME=REFUSED"));
  CHECK(has("REEVE_CONNECTION=7"));
  CHECK(has("REEVE_TIME=2026-01-01T00:00:00Z"));
  v1::AuditRecord empty;
  CHECK(JournalFields(empty).size() == 4);  // time, connection, outcome and duration
}

}  // namespace
}  // namespace reeve::auth
