// Passwords in specifications: kept, and given to nobody but through the two reads that are there for it.
#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "daemon/state/fixture.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

constexpr char kPassword[] = "hunter2";

struct SecretFixture : Fixture {
  SecretFixture() {
    options.formats.write = [](v1::Document::Format, const v1::Domain& domain) -> absl::StatusOr<std::string> {
      return domain.SerializeAsString();
    };
  }
  v1::CreateDomainRequest WithPassword(const std::string& name) {
    v1::CreateDomainRequest request = CreateRequest(name);
    v1::Graphics* graphics = request.mutable_domain()->mutable_spec()->mutable_devices()->add_graphics();
    graphics->set_type("vnc");
    graphics->set_password(kPassword);
    return request;
  }
};

bool Tells(const google::protobuf::Message& message) {
  return absl::StrContains(message.SerializeAsString(), kPassword);
}

TEST_CASE_METHOD(SecretFixture, "no answer, list, document or event has a secret; two reads do") {
  Open();
  v1::CreateDomainRequest request = WithPassword("web1");
  request.set_request_id("once");
  const auto created = Call<v1::Domain>(&ManagerImpl::CreateDomain, request);
  REQUIRE(created.ok());
  CHECK_FALSE(Tells(*created));
  CHECK(created->spec().devices().graphics_size() == 1);
  // The stored answer neither, nor one that changes nothing.
  CHECK_FALSE(Tells(*Call<v1::Domain>(&ManagerImpl::CreateDomain, request)));
  v1::CreateDomainRequest tried = WithPassword("web2");
  tried.set_validate_only(true);
  CHECK_FALSE(Tells(*Call<v1::Domain>(&ManagerImpl::CreateDomain, tried)));
  REQUIRE(Start("web1").ok());
  CHECK_FALSE(Tells(*Call<v1::Domain>(&ManagerImpl::RebootDomain, VerbRequest("web1"))));

  v1::GetDomainRequest get;
  get.set_name(Name("web1"));
  v1::ExportDomainRequest wanted;
  wanted.set_name(Name("web1"));
  v1::ListDomainsRequest list;
  list.set_parent("hypervisors/-");
  list.set_view(v1::DOMAIN_VIEW_FULL);
  CHECK_FALSE(Tells(*manager->GetDomain(Caller(), get)));
  CHECK_FALSE(Tells(*manager->ExportDomain(Caller(), wanted)));
  CHECK_FALSE(absl::StrContains(*manager->ListDomains(Caller(), list), kPassword));
  CHECK_FALSE(Tells(LastEvent()));

  CHECK(manager->GetDomainWithSecrets(Caller(), get)->spec().devices().graphics(0).password() == kPassword);
  CHECK(absl::StrContains(manager->ExportDomainWithSecrets(Caller(), wanted)->text(), kPassword));
  get.set_view(v1::DOMAIN_VIEW_BASIC);
  CHECK_FALSE(manager->GetDomainWithSecrets(Caller(), get)->spec().has_devices());
}

TEST_CASE_METHOD(SecretFixture, "the journal has no secrets either, the store keeps them") {
  Open();
  REQUIRE(Call<v1::Domain>(&ManagerImpl::CreateDomain, WithPassword("web1")).ok());
  REQUIRE(Start("web1").ok());
  // What runs keeps its password when the definition gets another.
  v1::UpdateDomainRequest update;
  update.set_parent("hypervisors/test");
  *update.mutable_domain() = WithPassword("web1").domain();
  update.mutable_domain()->mutable_spec()->mutable_devices()->mutable_graphics(0)->set_password("other");
  REQUIRE(Call<v1::Domain>(&ManagerImpl::UpdateDomain, update).ok());

  Reopen();
  v1::WatchRequest watch;
  watch.set_view(v1::DOMAIN_VIEW_FULL);
  for (const int64_t start : {0, 1}) {  // the present state, and what is in the journal
    const std::vector<v1::WatchResponse> messages = Replay(start, watch);
    CHECK(messages.size() >= (start == 0 ? 1 : 3));
    for (const v1::WatchResponse& message : messages) {
      CHECK_FALSE(Tells(message));
      CHECK_FALSE(absl::StrContains(message.SerializeAsString(), "other"));
    }
  }
  v1::ExportDomainRequest wanted;
  wanted.set_name(Name("web1"));
  CHECK(absl::StrContains(manager->ExportDomainWithSecrets(Caller(), wanted)->text(), kPassword));
  wanted.set_inactive(true);
  CHECK(absl::StrContains(manager->ExportDomainWithSecrets(Caller(), wanted)->text(), "other"));
}

TEST_CASE_METHOD(SecretFixture, "an update without the secret takes it away") {
  Open();
  REQUIRE(Call<v1::Domain>(&ManagerImpl::CreateDomain, WithPassword("web1")).ok());
  v1::GetDomainRequest get;
  get.set_name(Name("web1"));
  v1::UpdateDomainRequest update;
  update.set_parent("hypervisors/test");
  *update.mutable_domain() = *manager->GetDomain(Caller(), get);
  REQUIRE(Call<v1::Domain>(&ManagerImpl::UpdateDomain, update).ok());
  CHECK_FALSE(manager->GetDomainWithSecrets(Caller(), get)->spec().devices().graphics(0).has_password());
}

}  // namespace
}  // namespace reeve::state
