#include "proto/secrets.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "reeve/v1/convert_service.pb.h"
#include "reeve/v1/domain.pb.h"
#include "reeve/v1/event_service.pb.h"

namespace reeve {
namespace {

TEST_CASE("secrets are found and cleared however deep they are, and nothing else is") {
  v1::WatchResponse response;
  v1::Domain* domain = response.add_events()->mutable_domain();
  domain->set_name("hypervisors/test/domains/web1");
  v1::Graphics* graphics = domain->mutable_spec()->mutable_devices()->add_graphics();
  graphics->set_type("vnc");
  CHECK_FALSE(HasSecrets(response));
  const std::string without = response.SerializeAsString();

  graphics->set_password("hunter2");
  CHECK(HasSecrets(response));
  CHECK(absl::StrContains(response.SerializeAsString(), "hunter2"));
  ClearSecrets(&response);
  CHECK_FALSE(HasSecrets(response));
  CHECK(response.SerializeAsString() == without);
}

TEST_CASE("a password that is empty is a secret, too: none is accepted") {
  v1::DomainSpec spec;
  spec.mutable_devices()->add_graphics()->set_password("");
  CHECK(HasSecrets(spec));
  ClearSecrets(&spec);
  CHECK_FALSE(spec.devices().graphics(0).has_password());
}

TEST_CASE("a list that is secret is cleared whole, also in images below images") {
  v1::DomainSpec spec;
  v1::DiskCookie* cookie = spec.mutable_devices()->add_disks()->mutable_network_source()->add_cookies();
  cookie->set_name("session");
  cookie->set_value("hunter2");
  CHECK(HasSecrets(spec));
  ClearSecrets(&spec);
  CHECK(spec.devices().disks(0).network_source().cookies().empty());
}

TEST_CASE("messages without secrets are left alone") {
  v1::ConvertRequest request;
  request.mutable_document()->set_text("<domain/>");
  CHECK_FALSE(HasSecrets(request));
  ClearSecrets(&request);
  CHECK(request.document().text() == "<domain/>");
}

}  // namespace
}  // namespace reeve
