#include <catch2/catch.hpp>

#include "daemon/state/fixture.h"

namespace reeve::state {

constexpr char kUid[] = "11111111-2222-4333-8444-555555555555";

TEST_CASE_METHOD(Fixture, "a definition gets a UUID, what the driver completes, an etag and one event") {
  Open();
  const auto domain = Create("web1");
  REQUIRE(domain.ok());
  CHECK(domain->name() == Name("web1"));
  CHECK(domain->uid().size() == 36);
  CHECK(domain->spec().vcpus() == 1);
  CHECK(domain->status().state() == v1::DOMAIN_STATE_SHUTOFF);
  CHECK(domain->status().reason() == v1::DOMAIN_STATE_REASON_DEFINED);
  CHECK(domain->status().persistent());
  CHECK(domain->has_create_time());
  CHECK(LastEvent().detail() == v1::EVENT_DETAIL_DEFINED_ADDED);
  CHECK(Get("web1")->SerializeAsString() == domain->SerializeAsString());
}

TEST_CASE_METHOD(Fixture, "names and UUIDs belong to one domain") {
  Open();
  v1::CreateDomainRequest request = CreateRequest("web1");
  request.mutable_domain()->set_uid(kUid);
  REQUIRE(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).ok());
  CHECK(ReasonOf(Create("web1").status()) == v1::REASON_DOMAIN_EXISTS);
  request.mutable_domain()->set_name("web2");
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).status()) == v1::REASON_UUID_IN_USE);
  request.mutable_domain()->set_uid("not a uuid");
  CHECK_FALSE(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).ok());
  REQUIRE(Delete("web1").ok());
  request.mutable_domain()->set_uid(kUid);
  CHECK(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).ok());
}

TEST_CASE_METHOD(Fixture, "two creations at the same time with one UUID: one wins") {
  Open();
  v1::CreateDomainRequest first = CreateRequest("web1", true);
  first.mutable_domain()->set_uid(kUid);
  driver->Wedge("web1", true);
  auto hanging = Begin<v1::Domain>(&ManagerImpl::CreateDomain, first);
  driver->AwaitWedged(1);
  v1::CreateDomainRequest second = CreateRequest("web2");
  second.mutable_domain()->set_uid(kUid);
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, second).status()) == v1::REASON_UUID_IN_USE);
  driver->Wedge("web1", false);
  CHECK(hanging.get().ok());
}

TEST_CASE_METHOD(Fixture, "hostile names, parents and sources are refused") {
  Open();
  for (const std::string& name :
       {std::string(), std::string("a/b"), std::string(".."), std::string("a\nb"), std::string(129, 'x'),
        std::string(" a"), std::string("\xff"), std::string("hypervisors/test/domains/../x")}) {
    CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, CreateRequest(name)).status()) ==
          v1::REASON_NAME_INVALID);
  }
  v1::CreateDomainRequest request = CreateRequest("web1");
  request.set_parent("hypervisors/none");
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).status()) == v1::REASON_HYPERVISOR_NOT_FOUND);
  request.set_parent("hypervisors/-");
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).status()) == v1::REASON_NAME_INVALID);
  request = CreateRequest("hypervisors/lxc/domains/web1");
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).status()) == v1::REASON_REQUEST_INVALID);
  request = CreateRequest("web1");
  request.clear_source();
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).status()) == v1::REASON_REQUEST_INVALID);
  request.mutable_document()->set_format(v1::Document::FORMAT_LIBVIRT_XML);
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).status()) == v1::REASON_DOCUMENT_MALFORMED);
  request.mutable_document()->set_text(std::string((1 << 20) + 1, 'x'));
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).status()) == v1::REASON_DOCUMENT_MALFORMED);
  request = CreateRequest("web1");
  request.mutable_domain()->mutable_spec()->set_vcpus(5000);
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).status()) == v1::REASON_SPEC_INVALID);
  request.mutable_domain()->mutable_spec()->set_vcpus(1);
  request.mutable_domain()->mutable_spec()->mutable_os()->set_type("unsupported");
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).status()) == v1::REASON_SPEC_UNSUPPORTED);
  CHECK(manager->Summary().revision == 0);
}

TEST_CASE_METHOD(Fixture, "documents are read and written; a running domain has two") {
  Open();
  v1::CreateDomainRequest request;
  request.set_parent("hypervisors/test");
  request.mutable_document()->set_format(v1::Document::FORMAT_LIBVIRT_XML);
  request.mutable_document()->set_text("web1");
  REQUIRE(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).ok());
  REQUIRE(Start("web1").ok());
  REQUIRE(Update("web1", "new").ok());
  v1::ExportDomainRequest wanted;
  wanted.set_name(Name("web1"));
  CHECK(ReasonOf(manager->ExportDomain(Caller(), wanted).status()) == v1::REASON_REQUEST_INVALID);
  wanted.set_format(v1::Document::FORMAT_LIBVIRT_XML);
  CHECK(manager->ExportDomain(Caller(), wanted)->text() == Name("web1") + " id=1001 title=from a document");
  wanted.set_inactive(true);
  CHECK(manager->ExportDomain(Caller(), wanted)->text() == Name("web1") + " id=0 title=new");
}

TEST_CASE_METHOD(Fixture, "the driver knows what each domain has, and no more than that") {
  Open();
  CHECK(driver->settled.empty());
  v1::CreateDomainRequest trial = CreateRequest("web1");
  trial.set_validate_only(true);
  REQUIRE(Call<v1::Domain>(&ManagerImpl::CreateDomain, trial).ok());
  CHECK(driver->settled.empty());
  REQUIRE(Create("web1").ok());
  const std::string uid = Get("web1")->uid();
  REQUIRE(driver->settled[uid].size() == 1);
  REQUIRE(Start("web1").ok());
  REQUIRE(Update("web1", "new").ok());
  REQUIRE(driver->settled[uid].size() == 2);
  CHECK(driver->settled[uid][0].title() == "new");
  Open();
  CHECK(driver->settled[uid].size() == 2);
  REQUIRE(Verb(&ManagerImpl::DestroyDomain, "web1").ok());
  CHECK(driver->settled[uid].size() == 1);
  REQUIRE(Delete("web1").ok());
  CHECK_FALSE(driver->settled.contains(uid));
}

TEST_CASE_METHOD(Fixture, "an update of a running domain is for its next start") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  const auto updated = Update("web1", "new");
  REQUIRE(updated.ok());
  CHECK(updated->status().updated());
  CHECK(updated->status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(LastEvent().detail() == v1::EVENT_DETAIL_DEFINED_UPDATED);
  Reopen();  // the guest is the driver's
  CHECK(Get("web1")->status().updated());
  REQUIRE(driver->known.size() == 1);
  CHECK(driver->known[0].spec.title() == "title of web1");
  CHECK_FALSE(Verb(&ManagerImpl::DestroyDomain, "web1")->status().updated());
  CHECK(Get("web1")->spec().title() == "new");
}

TEST_CASE_METHOD(Fixture, "an undefined running domain goes on as a transient one with what it runs with") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(SetAutostart("web1", true).ok());
  REQUIRE(Start("web1").ok());
  REQUIRE(Update("web1", "new").ok());
  REQUIRE(Delete("web1").ok());
  CHECK(LastEvent().type() == v1::EVENT_TYPE_UNDEFINED);
  const auto domain = Get("web1");
  REQUIRE(domain.ok());
  CHECK_FALSE(domain->status().persistent());
  CHECK_FALSE(domain->autostart());
  CHECK(domain->spec().title() == "title of web1");
  REQUIRE(Update("web1", "again").ok());
  CHECK(LastEvent().detail() == v1::EVENT_DETAIL_DEFINED_ADDED);
  REQUIRE(Delete("web1").ok());
  REQUIRE(Verb(&ManagerImpl::DestroyDomain, "web1").ok());
  CHECK(ReasonOf(Get("web1").status()) == v1::REASON_DOMAIN_NOT_FOUND);
}

TEST_CASE_METHOD(Fixture, "etags make updates conditional") {
  Open();
  const std::string etag = Create("web1")->etag();
  v1::UpdateDomainRequest request;
  request.set_parent("hypervisors/test");
  request.mutable_domain()->set_name("web1");
  request.mutable_domain()->mutable_spec();
  request.set_etag(etag);
  REQUIRE(Call<v1::Domain>(&ManagerImpl::UpdateDomain, request).ok());
  const absl::Status mismatch = Call<v1::Domain>(&ManagerImpl::UpdateDomain, request).status();
  CHECK(ReasonOf(mismatch) == v1::REASON_ETAG_MISMATCH);
  CHECK(mismatch.code() == absl::StatusCode::kAborted);
  v1::DeleteDomainRequest remove;
  remove.set_name(Name("web1"));
  remove.set_etag(etag);
  CHECK(ReasonOf(Call<v1::DeleteDomainResponse>(&ManagerImpl::DeleteDomain, remove).status()) ==
        v1::REASON_ETAG_MISMATCH);
  REQUIRE(Delete("web1").ok());
  CHECK(Create("web1")->etag() != etag);
}

TEST_CASE_METHOD(Fixture, "an update can define what is missing, and never changes a UUID") {
  Open();
  CHECK(ReasonOf(Update("web1", "x").status()) == v1::REASON_DOMAIN_NOT_FOUND);
  v1::UpdateDomainRequest request;
  request.set_parent("hypervisors/test");
  request.mutable_domain()->set_name("web1");
  request.mutable_domain()->mutable_spec()->set_title("x");
  request.set_allow_missing(true);
  const auto defined = Call<v1::Domain>(&ManagerImpl::UpdateDomain, request);
  REQUIRE(defined.ok());
  const auto again = Call<v1::Domain>(&ManagerImpl::UpdateDomain, request);
  REQUIRE(again.ok());
  CHECK(again->uid() == defined->uid());
  request.mutable_domain()->set_uid(kUid);
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::UpdateDomain, request).status()) == v1::REASON_DOMAIN_EXISTS);
  const std::string other = Create("web2")->uid();
  request.mutable_domain()->set_uid(other);
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::UpdateDomain, request).status()) == v1::REASON_UUID_IN_USE);
}

TEST_CASE_METHOD(Fixture, "validate_only answers what would be and changes nothing") {
  Open();
  v1::CreateDomainRequest request = CreateRequest("web1");
  request.set_validate_only(true);
  const auto domain = Call<v1::Domain>(&ManagerImpl::CreateDomain, request);
  REQUIRE(domain.ok());
  CHECK(domain->spec().vcpus() == 1);
  CHECK(domain->revision() == 0);
  CHECK(manager->Summary().revision == 0);
  CHECK(ReasonOf(Get("web1").status()) == v1::REASON_DOMAIN_NOT_FOUND);
}

TEST_CASE_METHOD(Fixture, "autostart is set once, and only a change is an event") {
  Open();
  REQUIRE(Create("web1").ok());
  CHECK(SetAutostart("web1", true)->autostart());
  CHECK(LastEvent().detail() == v1::EVENT_DETAIL_CHANGED_AUTOSTART);
  const int64_t revision = manager->Summary().revision;
  CHECK(SetAutostart("web1", true)->autostart());
  CHECK(manager->Summary().revision == revision);
}

}  // namespace reeve::state
