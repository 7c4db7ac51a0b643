#include "formats/domain_xml_check.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

TEST_CASE("what a document can say is sound") {
  v1::DomainSpec spec;
  CHECK(CheckAsDocument(spec).ok());
  spec.set_memory_kib(65536);
  spec.mutable_os()->set_type("exe");
  spec.mutable_os()->set_init("/sbin/init");
  spec.mutable_devices()->add_consoles();
  v1::Graphics* graphics = spec.mutable_devices()->add_graphics();
  graphics->set_type("vnc");
  graphics->set_password("hunter2");
  CHECK(CheckAsDocument(spec).ok());
}

TEST_CASE("what no document can say is refused, and no secret is told") {
  v1::DomainSpec spec;
  spec.mutable_devices()->add_graphics()->set_type("telepathy");
  spec.mutable_devices()->mutable_graphics(0)->set_password("hunter2");
  spec.mutable_devices()->add_sounds()->set_model("loud");
  const absl::Status status = CheckAsDocument(spec);
  CHECK(ReasonOf(status) == v1::REASON_SPEC_INVALID);
  CHECK(absl::StrContains(status.message(), "/domain/devices/"));
  CHECK_FALSE(absl::StrContains(status.ToString(), "hunter2"));
  CHECK(FieldViolationsOf(status).size() >= 2);
}

}  // namespace
}  // namespace reeve::formats
