#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "daemon/state/fixture.h"
#include "daemon/state/sqlite.h"
#include "reeve/store/v1/record.pb.h"

namespace reeve::state {
namespace {

v1::ListDomainsRequest All() {
  v1::ListDomainsRequest request;
  request.set_parent("hypervisors/-");
  return request;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "what was acknowledged is there after a restart, byte for byte") {
  Open();
  const auto web1 = Create("web1");
  REQUIRE(Create("web2").ok());
  REQUIRE(Delete("web2").ok());
  const auto changed = SetAutostart("web1", true);
  Reopen();
  CHECK(Get("web1")->SerializeAsString() == changed->SerializeAsString());
  CHECK(Get("web1")->etag() != web1->etag());
  CHECK(ReasonOf(Get("web2").status()) == v1::REASON_DOMAIN_NOT_FOUND);
  CHECK(manager->Summary().revision == 4);
  struct stat file {};
  REQUIRE(::stat((options.directory + "/reeve.db").c_str(), &file) == 0);
  CHECK((file.st_mode & 0777) == 0600);
  REQUIRE(::stat((options.directory + "/reeve.db-wal").c_str(), &file) == 0);
  CHECK((file.st_mode & 0777) == 0600);
}

TEST_CASE_METHOD(Fixture, "records that cannot be used are set aside and counted; the others are served") {
  Open();
  for (const char* name : {"good", "garbage", "renamed", "state"}) REQUIRE(Create(name).ok());
  const auto state = Get("state");
  Close();
  {
    auto database = Database::Open(options.directory + "/reeve.db", Database::Mode::kReadWrite);
    REQUIRE(database.ok());
    REQUIRE(database->Execute("UPDATE objects SET blob=x'ffffffffff' WHERE name='" + Name("garbage") + "'").ok());
    REQUIRE(
        database->Execute("UPDATE objects SET name='" + Name("else") + "' WHERE name='" + Name("renamed") + "'").ok());
    store::v1::DomainRecord record;
    *record.mutable_domain() = *state;
    record.mutable_domain()->mutable_status()->set_state(static_cast<v1::DomainState>(99));
    auto update = database->Prepare("UPDATE objects SET blob=? WHERE name=?");
    const std::string blob = record.SerializeAsString();
    REQUIRE(update->BindBlob(1, blob).Bind(2, Name("state")).Run().ok());
  }
  Open();
  CHECK(List(All()).domains_size() == 1);
  CHECK(Get("good").ok());
  CHECK(manager->Summary().records_set_aside == 3);
  CHECK(Create("garbage").ok());
  Reopen();
  CHECK(manager->Summary().records_set_aside == 3);
  CHECK(List(All()).domains_size() == 2);
}

TEST_CASE_METHOD(Fixture, "a file that is no database is moved aside, and no revision is given twice") {
  Open();
  REQUIRE(Create("web1").ok());
  Close();
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(options.directory + "/reeve.db" + suffix);
  std::ofstream(options.directory + "/reeve.db") << std::string(10000, 'x');
  Open();
  CHECK(List(All()).domains_size() == 0);
  CHECK(Create("web2")->revision() > absl::ToUnixMillis(clock.Now()));
  bool kept = false;
  for (const auto& file : std::filesystem::directory_iterator(options.directory)) {
    kept = kept || file.path().filename().string().rfind("reeve.db.corrupt-", 0) == 0;
  }
  CHECK(kept);
}

TEST_CASE_METHOD(Fixture, "of a database with a damaged page the domains that can be read are taken over") {
  Open();
  for (int i = 0; i < 200; ++i) REQUIRE(Create("d" + std::to_string(i)).ok());
  Close();
  const std::string path = options.directory + "/reeve.db";
  {
    auto database = Database::Open(path, Database::Mode::kReadWrite);
    REQUIRE(database->Execute("PRAGMA journal_mode=DELETE").ok());
  }
  int64_t page = 0;
  {
    // The last leaf of the table of objects.
    auto database = Database::Open(path, Database::Mode::kReadWrite);
    auto leaf = database->QueryInteger("SELECT max(rootpage) FROM sqlite_master");
    REQUIRE(leaf.ok());
    auto pages = database->QueryInteger("PRAGMA page_count");
    page = *pages;
  }
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    for (int64_t p = page / 2; p < page; ++p) {
      file.seekp(p * 4096);
      file << std::string(4096, '\xee');
    }
  }
  Open();
  CHECK(List(All()).domains_size() < 200);
  CHECK(manager->Summary().revision >= absl::ToUnixMillis(clock.Now()));
  CHECK(Create("new").ok());
}

TEST_CASE_METHOD(Fixture, "a database of a later version, or of another program, is left alone") {
  Open();
  Close();
  {
    auto database = Database::Open(options.directory + "/reeve.db", Database::Mode::kReadWrite);
    REQUIRE(database->Execute("PRAGMA user_version=99").ok());
  }
  CHECK(ManagerImpl::Create(options).status().code() == absl::StatusCode::kFailedPrecondition);
  {
    auto database = Database::Open(options.directory + "/reeve.db", Database::Mode::kReadWrite);
    REQUIRE(database->Execute("PRAGMA user_version=1; PRAGMA application_id=5").ok());
  }
  CHECK(ManagerImpl::Create(options).status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE_METHOD(Fixture, "request ids: the same call gives the same answer for an hour, also after a restart") {
  Open();
  v1::CreateDomainRequest request = CreateRequest("web1");
  request.set_request_id("id-1");
  const auto first = Call<v1::Domain>(&ManagerImpl::CreateDomain, request);
  REQUIRE(first.ok());
  CHECK(Call<v1::Domain>(&ManagerImpl::CreateDomain, request)->SerializeAsString() == first->SerializeAsString());
  CHECK(manager->Summary().revision == 1);
  Reopen();
  CHECK(Call<v1::Domain>(&ManagerImpl::CreateDomain, request)->SerializeAsString() == first->SerializeAsString());

  v1::CreateDomainRequest other = CreateRequest("web2");
  other.set_request_id("id-1");
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, other).status()) == v1::REASON_REQUEST_ID_REUSED);
  identity = "unix:bob(1001)";
  CHECK(Call<v1::Domain>(&ManagerImpl::CreateDomain, other).ok());
  identity = "unix:alice(1000)";
  clock.Advance(absl::Minutes(61));
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).status()) == v1::REASON_DOMAIN_EXISTS);
}

TEST_CASE_METHOD(Fixture,
                 "request ids: failures are not kept, bad ids are refused, answers without a commit are kept") {
  Open();
  v1::StartDomainRequest start;
  start.set_name(Name("web1"));
  start.set_request_id("s");
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::StartDomain, start).status()) == v1::REASON_DOMAIN_NOT_FOUND);
  REQUIRE(Create("web1").ok());
  REQUIRE(Call<v1::Domain>(&ManagerImpl::StartDomain, start).ok());
  REQUIRE(Call<v1::Domain>(&ManagerImpl::StartDomain, start).ok());
  for (const std::string& bad : {std::string(65, 'x'), std::string("a\x80"), std::string("a\n")}) {
    start.set_request_id(bad);
    CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::StartDomain, start).status()) == v1::REASON_REQUEST_INVALID);
  }
  v1::DomainVerbRequest reboot = VerbRequest("web1");
  reboot.set_request_id("r");
  const auto answer = Call<v1::Domain>(&ManagerImpl::RebootDomain, reboot);
  REQUIRE(answer.ok());
  REQUIRE(Verb(&ManagerImpl::DestroyDomain, "web1").ok());
  CHECK(Call<v1::Domain>(&ManagerImpl::RebootDomain, reboot)->etag() == answer->etag());
}

TEST_CASE_METHOD(Fixture, "request ids: a repetition waits for the call that is being done and gets its answer") {
  Open();
  REQUIRE(Create("web1").ok());
  driver->Wedge("web1", true);
  v1::StartDomainRequest start;
  start.set_name(Name("web1"));
  start.set_request_id("s");
  auto first = Begin<v1::Domain>(&ManagerImpl::StartDomain, start);
  driver->AwaitWedged(1);
  auto second = Begin<v1::Domain>(&ManagerImpl::StartDomain, start);
  driver->Wedge("web1", false);
  const auto answer = first.get();
  REQUIRE(answer.ok());
  CHECK(second.get()->SerializeAsString() == answer->SerializeAsString());
  CHECK(Get("web1")->status().run() == 1);
}

TEST_CASE_METHOD(Fixture,
                 "disk full: STORE_FAILED, nothing changed, a start undone, an ending kept until it can be stored") {
  options.max_pages = 60;
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Create("run1").ok());
  REQUIRE(Start("run1").ok());
  absl::Status status;
  int made = 0;
  while (status.ok() && made < 1000) {
    status = Create("fill" + std::to_string(made)).status();
    made += status.ok() ? 1 : 0;
  }
  REQUIRE(ReasonOf(status) == v1::REASON_STORE_FAILED);
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  const StateSummary before = manager->Summary();
  // Smaller writes may fit yet: use up what is left, down to less than a start writes.
  for (const size_t size : {3000, 500, 50, 1}) {
    for (int i = 0; i < 200 && Update("web1", std::string(size, 'a' + i % 26)).ok(); ++i) {
    }
  }
  const int64_t full = manager->Summary().revision;
  CHECK(full >= before.revision);
  const absl::Status start = Start("web1").status();
  CHECK(ReasonOf(start) == v1::REASON_STORE_FAILED);
  CHECK(std::string(start.message()).find("destroyed again") != std::string::npos);
  CHECK_FALSE(driver->Runs("web1"));
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_SHUTOFF);
  CHECK(manager->Summary().revision == full);

  drivers::GuestExit exit;
  exit.message = "it was time";
  driver->End("run1", exit);
  Settle("run1");
  CHECK(Get("run1")->status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(ReasonOf(Start("run1").status()) == v1::REASON_STORE_FAILED);

  {
    // Somebody makes room.
    auto database = Database::Open(options.directory + "/reeve.db", Database::Mode::kReadWrite);
    REQUIRE(database->Execute("DELETE FROM journal WHERE revision < 40").ok());
  }
  timers.Advance(absl::Seconds(61));
  Settle("run1");
  CHECK(Get("run1")->status().state() == v1::DOMAIN_STATE_SHUTOFF);
  CHECK(LastEvent().message() == "it was time");
  CHECK(Start("run1").ok());
}

TEST_CASE_METHOD(Fixture, "disk full at the suspension of a guest: it is resumed again") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  Close();
  options.max_pages = 1;  // SQLite takes the present size instead: nothing can grow
  Open();
  absl::Status status;
  for (const size_t size : {4000, 500, 50, 0}) {  // down to where not even the smallest change fits
    status = absl::OkStatus();
    for (int i = 0; i < 200 && status.ok(); ++i) status = Update("web1", std::string(size, 'a')).status();
  }
  REQUIRE(ReasonOf(status) == v1::REASON_STORE_FAILED);
  CHECK(ReasonOf(Verb(&ManagerImpl::SuspendDomain, "web1").status()) == v1::REASON_STORE_FAILED);
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_RUNNING);
  const absl::Status destroyed = Verb(&ManagerImpl::DestroyDomain, "web1").status();
  CHECK(ReasonOf(destroyed) == v1::REASON_STORE_FAILED);
  CHECK(std::string(destroyed.message()).find("the guest was destroyed") != std::string::npos);
  Close();
  options.max_pages = 0;
  Open();  // the driver no longer has it
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_SHUTOFF);
}

}  // namespace reeve::state
