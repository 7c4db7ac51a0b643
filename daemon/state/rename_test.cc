// A domain gets another name.
#include <catch2/catch.hpp>
#include <future>

#include "daemon/state/fixture.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

struct Renaming : Fixture {
  absl::StatusOr<v1::Domain> Rename(const std::string& from, const std::string& to, const std::string& etag = "") {
    v1::RenameDomainRequest request;
    request.set_name(Name(from));
    request.set_new_name(to);
    request.set_etag(etag);
    return Call<v1::Domain>(&ManagerImpl::RenameDomain, request);
  }
  v1::Reason Refused(const std::string& from, const std::string& to) { return ReasonOf(Rename(from, to).status()); }
};

TEST_CASE_METHOD(Renaming, "a renamed domain keeps all but its name, also for a later daemon") {
  Open();
  const std::string uid = Create("web1")->uid();
  REQUIRE(Create("other").ok());
  REQUIRE(SetAutostart("web1", true).ok());
  const auto renamed = Rename("web1", "web2");
  REQUIRE(renamed.ok());
  CHECK(renamed->name() == Name("web2"));
  CHECK(renamed->uid() == uid);
  for (int daemon = 0; daemon < 2; ++daemon) {
    const auto found = Get("web2", v1::DOMAIN_VIEW_FULL);
    REQUIRE(found.ok());
    CHECK(found->uid() == uid);
    CHECK(found->autostart());
    CHECK(found->spec().title() == "title of web1");
    CHECK(Get(uid)->name() == Name("web2"));
    CHECK(ReasonOf(Get("web1").status()) == v1::REASON_DOMAIN_NOT_FOUND);
    v1::ListDomainsRequest all;
    all.set_parent("hypervisors/-");
    const v1::ListDomainsResponse list = List(all);
    REQUIRE(list.domains_size() == 2);
    CHECK(list.domains(0).name() == Name("other"));
    CHECK(list.domains(1).name() == Name("web2"));
    if (daemon == 0) Reopen();
  }
  REQUIRE(Start("web2").ok());
  REQUIRE(Create("web1").ok());  // the name is free again
  REQUIRE(Verb(&ManagerImpl::DestroyDomain, "web2").ok());
  REQUIRE(Delete("web2").ok());
  CHECK(ReasonOf(Get(uid).status()) == v1::REASON_DOMAIN_NOT_FOUND);
}

TEST_CASE_METHOD(Renaming, "watchers are told of both names in one revision") {
  Open();
  const std::string uid = Create("web1")->uid();
  const int64_t revision = Rename("web1", "web2")->revision();
  CHECK(revision == 2);
  const std::vector<v1::WatchResponse> messages = Replay(revision);
  REQUIRE(messages.size() == 1);
  REQUIRE(messages[0].events_size() == 2);
  const v1::Event& gone = messages[0].events(0);
  const v1::Event& there = messages[0].events(1);
  CHECK(gone.type() == v1::EVENT_TYPE_UNDEFINED);
  CHECK(gone.detail() == v1::EVENT_DETAIL_UNDEFINED_RENAMED);
  CHECK(gone.domain().name() == Name("web1"));
  CHECK(gone.domain().uid() == uid);
  CHECK(there.type() == v1::EVENT_TYPE_DEFINED);
  CHECK(there.detail() == v1::EVENT_DETAIL_DEFINED_RENAMED);
  CHECK(there.domain().name() == Name("web2"));
  CHECK(there.domain().uid() == uid);
  // Who watches one name is told of that name only.
  v1::WatchRequest one;
  one.set_parent(Name("web2"));
  const std::vector<v1::WatchResponse> of_one = Replay(revision, one);
  REQUIRE(of_one.size() == 1);
  REQUIRE(of_one[0].events_size() == 1);
  CHECK(of_one[0].events(0).domain().name() == Name("web2"));
}

TEST_CASE_METHOD(Renaming, "what cannot be renamed is refused, and stays what it was") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Create("other").ok());
  const int64_t revision = manager->Summary().revision;
  CHECK(Refused("web1", "other") == v1::REASON_DOMAIN_EXISTS);
  CHECK(Refused("web1", "web1") == v1::REASON_REQUEST_INVALID);
  CHECK(Refused("web1", "") == v1::REASON_NAME_INVALID);
  CHECK(Refused("web1", "a/b") == v1::REASON_NAME_INVALID);
  CHECK(Refused("web1", Name("web2")) == v1::REASON_NAME_INVALID);
  CHECK(Refused("nobody", "web2") == v1::REASON_DOMAIN_NOT_FOUND);
  CHECK(ReasonOf(Rename("web1", "web2", "77-x").status()) == v1::REASON_ETAG_MISMATCH);
  v1::RenameDomainRequest check;
  check.set_name(Name("web1"));
  check.set_new_name("web2");
  check.set_validate_only(true);
  CHECK(Call<v1::Domain>(&ManagerImpl::RenameDomain, check)->name() == Name("web2"));
  CHECK(manager->Summary().revision == revision);
  SECTION("one that runs") {
    REQUIRE(Start("web1").ok());
    CHECK(Refused("web1", "web2") == v1::REASON_DOMAIN_STATE);
  }
  SECTION("one that runs without being defined") {
    REQUIRE(Start("web1").ok());
    REQUIRE(Delete("web1").ok());
    CHECK(Refused("web1", "web2") == v1::REASON_DOMAIN_TRANSIENT);
  }
  CHECK(Get("web1").ok());
  CHECK(ReasonOf(Get("web2").status()) == v1::REASON_DOMAIN_NOT_FOUND);
}

TEST_CASE_METHOD(Renaming, "a rename that cannot be stored has not happened") {
  Open();
  const std::string uid = Create("web1")->uid();
  Close();
  options.max_pages = 1;  // SQLite takes the present size instead: nothing can grow
  Open();
  absl::Status status;
  for (int i = 0; i < 1000 && status.ok(); ++i) status = Create("filler" + std::to_string(i)).status();
  REQUIRE(ReasonOf(status) == v1::REASON_STORE_FAILED);
  CHECK(Refused("web1", std::string(128, 'x')) == v1::REASON_STORE_FAILED);
  for (int daemon = 0; daemon < 2; ++daemon) {
    CHECK(Get("web1")->uid() == uid);
    CHECK(ReasonOf(Get(std::string(128, 'x')).status()) == v1::REASON_DOMAIN_NOT_FOUND);
    if (daemon == 0) Reopen();
  }
}

TEST_CASE_METHOD(Renaming, "a call that is made again gets the same answer") {
  Open();
  REQUIRE(Create("web1").ok());
  v1::RenameDomainRequest request;
  request.set_name(Name("web1"));
  request.set_new_name("web2");
  request.set_request_id("once");
  const auto first = Call<v1::Domain>(&ManagerImpl::RenameDomain, request);
  const auto again = Call<v1::Domain>(&ManagerImpl::RenameDomain, request);
  REQUIRE(first.ok());
  REQUIRE(again.ok());
  CHECK(again->etag() == first->etag());
}

TEST_CASE_METHOD(Renaming, "of all who want a name at once one gets it") {
  Open();
  constexpr int kRounds = 20;
  REQUIRE(Create("a").ok());
  REQUIRE(Create("b").ok());
  std::string names[] = {"a", "b"};
  int created = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string wanted = "wanted" + std::to_string(round);
    v1::RenameDomainRequest rename[2];
    std::vector<std::future<absl::StatusOr<v1::Domain>>> answers;
    for (int i = 0; i < 2; ++i) {
      rename[i].set_name(Name(names[i]));
      rename[i].set_new_name(wanted);
      answers.push_back(Begin<v1::Domain>(&ManagerImpl::RenameDomain, rename[i]));
    }
    answers.push_back(Begin<v1::Domain>(&ManagerImpl::CreateDomain, CreateRequest(wanted)));
    absl::Status status[3];
    for (int i = 0; i < 3; ++i) status[i] = answers[i].get().status();
    int got = 0;
    for (int i = 0; i < 3; ++i) {
      got += status[i].ok() ? 1 : 0;
      if (!status[i].ok()) CHECK(ReasonOf(status[i]) == v1::REASON_DOMAIN_EXISTS);
      if (status[i].ok() && i < 2) names[i] = wanted;
      if (status[i].ok() && i == 2) ++created;
    }
    CHECK(got == 1);
    CHECK(Get(wanted).ok());
  }
  // All the others are there, and the two.
  v1::ListDomainsRequest all;
  all.set_parent("hypervisors/-");
  CHECK(List(all).domains_size() == 2 + created);
}

}  // namespace
}  // namespace reeve::state
