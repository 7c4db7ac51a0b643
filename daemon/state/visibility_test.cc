// What a caller may not see is, for him, not there.
#include <catch2/catch.hpp>

#include "absl/strings/str_replace.h"
#include "daemon/state/fixture.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

constexpr char kNobodys[] = "6b3e9f0c-7b43-4c0e-9d0a-0d2b54c3f1aa";

// Two domains that run, of which alice is operator of one.
struct Visibility : Fixture {
  Visibility() {
    Open();
    for (const char* name : {"db", "web1"}) {
      if (!Create(name).ok() || !Start(name).ok()) throw std::runtime_error("a domain cannot be started");
    }
    Bind({{.unix_user = "alice", .role = "operator", .restriction = {"", "web*", ""}}});
  }

  void Bind(std::vector<auth::BindingSpec> bindings, std::vector<auth::RoleSpec> roles = {}) {
    source.Set(
        auth::Policy::Create({std::move(roles), std::move(bindings)}, [](const std::string&) { return std::nullopt; }));
  }
  Caller Alice(const std::string& permission) const {
    return {identity, "/test", 1, std::make_shared<const auth::Access>(alice, permission)};
  }
  absl::Status GetAs(const std::string& name) const {
    v1::GetDomainRequest request;
    request.set_name(Name(name));
    return manager->GetDomain(Alice("domain.read"), request).status();
  }
  // What the caller is told, every byte of it, but for the name that he gave. Names that are compared are equally long.
  static std::string Told(const absl::Status& status, const std::string& name) {
    return absl::StrReplaceAll(ToRpcStatus(status).SerializeAsString(), {{name, "NAME"}});
  }
  absl::Status VerbAs(void (ManagerImpl::*method)(const Caller&, v1::DomainVerbRequest, Done<v1::Domain>),
                      const std::string& permission, const std::string& name) {
    access = Alice(permission).access;
    return Verb(method, name).status();
  }
  std::vector<std::string> ListAs(v1::DomainView view) const {
    v1::ListDomainsRequest request;
    request.set_parent("hypervisors/-");
    request.set_view(view);
    v1::ListDomainsResponse response;
    REQUIRE(response.ParseFromString(*manager->ListDomains(Alice("domain.list"), request)));
    std::vector<std::string> names;
    for (const v1::Domain& domain : response.domains()) names.push_back(domain.name());
    return names;
  }

  auth::PolicySource source{auth::Policy::Create({}, [](const std::string&) { return std::nullopt; })};
  const std::shared_ptr<const auth::Authority> alice = std::make_shared<const auth::Authority>(
      auth::Identity{.proof = auth::Proof::kUnix, .text = "unix:alice(1000)", .uid = 1000, .user = "alice"}, &source);
};

}  // namespace

TEST_CASE_METHOD(Visibility, "a hidden domain is not found by name, UUID or id, in the words for a missing one") {
  CHECK(GetAs("web1").ok());
  const v1::Domain hidden = *Get("db");
  const std::string missing = Told(GetAs("zz"), "zz");
  CHECK(Told(GetAs("db"), "db") == missing);
  CHECK(Told(GetAs(hidden.uid()), hidden.uid()) == Told(GetAs(kNobodys), kNobodys));
  const std::string id = "id:" + std::to_string(hidden.status().id());
  const std::string no_id = "id:" + std::string(id.size() - 3, '9');
  CHECK(Told(GetAs(id), id) == Told(GetAs(no_id), no_id));
  CHECK(ReasonOf(GetAs("db")) == v1::REASON_DOMAIN_NOT_FOUND);
  // Its own by UUID and id.
  const v1::Domain own = *Get("web1");
  CHECK(GetAs(own.uid()).ok());
  CHECK(GetAs("id:" + std::to_string(own.status().id())).ok());
}

TEST_CASE_METHOD(Visibility, "a hidden domain cannot be changed, in the words for a missing one") {
  const std::string uid = Get("db")->uid();
  for (const std::string& name : {std::string("db"), uid}) {
    const std::string other = name == "db" ? "zz" : kNobodys;
    CHECK(Told(VerbAs(&ManagerImpl::DestroyDomain, "domain.destroy", name), name) ==
          Told(VerbAs(&ManagerImpl::DestroyDomain, "domain.destroy", other), other));
  }
  CHECK(Get("db")->status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(VerbAs(&ManagerImpl::DestroyDomain, "domain.destroy", "web1").ok());
  // Also while it is busy: no queue of it is waited in.
  driver->Wedge("db", true);
  access = auth::Access::Everything();
  auto held = Begin<v1::Domain>(&ManagerImpl::SuspendDomain, VerbRequest("db"));
  driver->AwaitWedged(1);
  CHECK(ReasonOf(VerbAs(&ManagerImpl::DestroyDomain, "domain.destroy", "db")) == v1::REASON_DOMAIN_NOT_FOUND);
  CHECK(ReasonOf(VerbAs(&ManagerImpl::DestroyDomain, "domain.destroy", uid)) == v1::REASON_DOMAIN_NOT_FOUND);
  driver->Wedge("db", false);
  CHECK(held.get().ok());
}

TEST_CASE_METHOD(Visibility, "what may be seen but not done is denied, whether it is there or not") {
  v1::DeleteDomainRequest request;
  access = Alice("domain.delete").access;
  for (const char* name : {"web1", "web2"}) {
    request.set_name(Name(name));
    CHECK(ReasonOf(Call<v1::DeleteDomainResponse>(&ManagerImpl::DeleteDomain, request).status()) ==
          v1::REASON_PERMISSION_DENIED);
  }
}

TEST_CASE_METHOD(Visibility, "lists, counts and watches have only what may be seen") {
  const std::vector<std::string> own{Name("web1")};
  CHECK(ListAs(v1::DOMAIN_VIEW_BASIC) == own);
  CHECK(ListAs(v1::DOMAIN_VIEW_FULL) == own);
  CHECK(ListAs(v1::DOMAIN_VIEW_STATS) == own);
  const v1::ListHypervisorsResponse hypervisors = manager->ListHypervisors(Alice("hypervisor.list"));
  REQUIRE(hypervisors.hypervisors_size() == 1);
  CHECK(hypervisors.hypervisors(0).domains() == 1);
  CHECK(hypervisors.hypervisors(0).running_domains() == 1);
  v1::GetHypervisorRequest get;
  get.set_name("hypervisors/test");
  CHECK(manager->GetHypervisor(Alice("hypervisor.read"), get)->domains() == 1);
  CHECK(manager->GetHypervisor(Caller(), get)->domains() == 2);
  for (const int64_t start : {0, 1}) {
    int events = 0;
    for (const v1::WatchResponse& message : Replay(start, {}, Alice("event.watch"))) {
      for (const v1::Event& event : message.events()) {
        CHECK(event.domain().name() == Name("web1"));
        ++events;
      }
    }
    CHECK(events == (start == 0 ? 1 : 2));
  }
  v1::WatchRequest one;
  one.set_parent(Name("db"));
  for (const v1::WatchResponse& message : Replay(1, one, Alice("event.watch"))) CHECK(message.events_size() == 0);
}

TEST_CASE_METHOD(Visibility, "a watch follows the policy: what is hidden meanwhile is not sent") {
  auto watch = *manager->Watch(Alice("event.watch"), {}, [] {});
  const auto names = [&] {
    std::string all;
    for (absl::StatusOr<SharedMessage> message = watch->Next(); message.ok() && *message != nullptr;
         message = watch->Next()) {
      v1::WatchResponse parsed;
      REQUIRE(parsed.ParseFromString(**message));
      for (const v1::Event& event : parsed.events()) all += event.domain().name() + " ";
    }
    return all;
  };
  CHECK(names() == Name("web1") + " ");
  Bind({{.unix_user = "alice", .role = "viewer", .restriction = {"", "other", ""}}});
  access = auth::Access::Everything();
  REQUIRE(SetAutostart("web1", true).ok());
  REQUIRE(SetAutostart("db", true).ok());
  CHECK(names().empty());
}

TEST_CASE_METHOD(Visibility, "contents need the permission to read") {
  Bind({{.unix_user = "alice", .role = "lister"}}, {{"lister", {"domain.list", "event.watch"}}});
  CHECK(ListAs(v1::DOMAIN_VIEW_BASIC).size() == 2);
  v1::ListDomainsRequest request;
  request.set_parent("hypervisors/-");
  for (const v1::DomainView view : {v1::DOMAIN_VIEW_FULL, v1::DOMAIN_VIEW_STATS}) {
    request.set_view(view);
    CHECK(ReasonOf(manager->ListDomains(Alice("domain.list"), request).status()) == v1::REASON_PERMISSION_DENIED);
  }
  v1::WatchRequest watch;
  watch.set_view(v1::DOMAIN_VIEW_FULL);
  CHECK(ReasonOf(manager->Watch(Alice("event.watch"), watch, [] {}).status()) == v1::REASON_PERMISSION_DENIED);
}

TEST_CASE_METHOD(Visibility, "page tokens are their owner's") {
  Bind({{.unix_user = "alice", .role = "viewer"}});
  v1::ListDomainsRequest request;
  request.set_parent("hypervisors/-");
  request.set_page_size(1);
  v1::ListDomainsResponse first;
  REQUIRE(first.ParseFromString(*manager->ListDomains(Alice("domain.list"), request)));
  request.set_page_token(first.next_page_token());
  Caller bob = Alice("domain.list");
  bob.identity = "unix:bob(1001)";
  CHECK(ReasonOf(manager->ListDomains(bob, request).status()) == v1::REASON_PAGE_TOKEN_EXPIRED);
  CHECK(manager->ListDomains(Alice("domain.list"), request).ok());
}

TEST_CASE_METHOD(Visibility, "operations are as visible as their objects") {
  driver->Wedge("db", true);
  const absl::StatusOr<v1::Operation> operation = Call<v1::Operation>(&ManagerImpl::SaveDomain, VerbRequest("db"));
  REQUIRE(operation.ok());
  const std::string& name = operation->name();
  CHECK(manager->ListOperations(Alice("operation.list"), {}).operations_size() == 0);
  CHECK(Told(manager->GetOperation(Alice("operation.read"), name).status(), name) ==
        Told(manager->GetOperation(Alice("operation.read"), "operations/9").status(), "operations/9"));
  CHECK(ReasonOf(manager->CancelOperation(Alice("operation.cancel"), name).status()) == v1::REASON_OPERATION_NOT_FOUND);
  v1::WaitOperationRequest wait;
  wait.set_name(name);
  absl::Status waited;
  manager->WaitOperation(Alice("operation.read"), wait,
                         [&](const absl::StatusOr<v1::Operation>& answer) { waited = answer.status(); });
  CHECK(ReasonOf(waited) == v1::REASON_OPERATION_NOT_FOUND);
  driver->Wedge("db", false);
}

TEST_CASE_METHOD(Visibility, "a domain is defined only where the caller may, and a document is not read in vain") {
  Bind({{.unix_user = "alice", .role = "maker", .restriction = {"test", "web*", ""}}},
       {{"maker", {"domain.create", "domain.update", "domain.read"}}});
  access = Alice("domain.create").access;
  CHECK(Create("web2").ok());
  CHECK(ReasonOf(Create("db2").status()) == v1::REASON_PERMISSION_DENIED);
  CHECK(ReasonOf(Create("db").status()) == v1::REASON_PERMISSION_DENIED);
  CHECK(ReasonOf(Create("web3", /*transient=*/true).status()) == v1::REASON_PERMISSION_DENIED);  // it would be started
  v1::CreateDomainRequest request;
  request.mutable_document()->set_format(v1::Document::FORMAT_LIBVIRT_XML);  // empty: malformed
  request.set_parent("hypervisors/test");
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).status()) == v1::REASON_DOCUMENT_MALFORMED);
  request.set_parent("hypervisors/xen");
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::CreateDomain, request).status()) == v1::REASON_PERMISSION_DENIED);
  // A UUID can be had only once, but whose it is stays hidden.
  v1::CreateDomainRequest same = CreateRequest("web4");
  same.mutable_domain()->set_uid(Get("db")->uid());
  const absl::Status in_use = Call<v1::Domain>(&ManagerImpl::CreateDomain, same).status();
  CHECK(ReasonOf(in_use) == v1::REASON_UUID_IN_USE);
  CHECK(ToRpcStatus(in_use).DebugString().find("domains/db") == std::string::npos);
  // An update that may create needs both.
  Bind({{.unix_user = "alice", .role = "changer"}}, {{"changer", {"domain.update"}}});
  access = Alice("domain.update").access;
  v1::UpdateDomainRequest update;
  update.set_parent("hypervisors/test");
  update.mutable_domain()->set_name("web5");
  update.mutable_domain()->mutable_spec()->set_title("new");
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::UpdateDomain, update).status()) == v1::REASON_DOMAIN_NOT_FOUND);
  update.set_allow_missing(true);
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::UpdateDomain, update).status()) == v1::REASON_PERMISSION_DENIED);
}

TEST_CASE_METHOD(Visibility,
                 "a domain is renamed by whom both names are, and who sees one of them is told of that one") {
  REQUIRE(Verb(&ManagerImpl::DestroyDomain, "web1").ok());
  Bind({{.unix_user = "alice", .role = "administrator", .restriction = {"", "web*", ""}}});
  v1::RenameDomainRequest request;
  request.set_name(Name("web1"));
  request.set_new_name("hidden");
  access = Alice("domain.update").access;
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::RenameDomain, request).status()) == v1::REASON_PERMISSION_DENIED);
  request.set_new_name("web2");
  CHECK(Call<v1::Domain>(&ManagerImpl::RenameDomain, request).ok());
  Bind({{.unix_user = "alice", .role = "operator", .restriction = {"", "web*", ""}}});  // who may define nothing
  request.set_name(Name("web2"));
  request.set_new_name("web3");
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::RenameDomain, request).status()) == v1::REASON_PERMISSION_DENIED);

  access = auth::Access::Everything();
  request.set_new_name("hidden");
  const auto renamed = Call<v1::Domain>(&ManagerImpl::RenameDomain, request);
  REQUIRE(renamed.ok());
  const std::vector<v1::WatchResponse> told = Replay(renamed->revision(), {}, Alice("event.watch"));
  REQUIRE(told.size() == 1);
  REQUIRE(told[0].events_size() == 1);
  CHECK(told[0].events(0).detail() == v1::EVENT_DETAIL_UNDEFINED_RENAMED);
  CHECK(told[0].DebugString().find("hidden") == std::string::npos);
}

}  // namespace reeve::state
