#include "formats/xen_domain_config.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr char kHvm[] = R"(name = "web"
uuid = "c7a5fdb2-cdaf-9455-926a-d65c16db1809"
maxmem = 579
memory = 394
vcpus = 1
pae = 1
acpi = 1
apic = 1
viridian = 0
rtc_timeoffset = 0
localtime = 0
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "restart"
parallel = "none"
serial = "none"
builder = "hvm"
boot = "c"
)";

constexpr char kPv[] = R"(name = "web"
uuid = "c7a5fdb2-cdaf-9455-926a-d65c16db1809"
maxmem = 579
memory = 394
vcpus = 1
localtime = 0
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "restart"
kernel = "/boot/vmlinuz"
)";

v1::Domain ReadXl(const std::string& text, std::vector<Warning>* warnings = nullptr) {
  auto domain = ReadXenXl(text, warnings);
  INFO(text << domain.status().message());
  REQUIRE(domain.ok());
  return *domain;
}

v1::Domain ReadXm(const std::string& text) {
  auto domain = ReadXenXm(text);
  INFO(text << domain.status().message());
  REQUIRE(domain.ok());
  return *domain;
}

// What is read is written as it was.
void CheckXl(const std::string& text) {
  const auto written = WriteXenXl(ReadXl(text));
  INFO(written.status().message());
  REQUIRE(written.ok());
  CHECK(*written == text);
}

void CheckXm(const std::string& text) {
  const auto written = WriteXenXm(ReadXm(text));
  INFO(written.status().message());
  REQUIRE(written.ok());
  CHECK(*written == text);
}

void CheckRefused(const absl::StatusOr<v1::Domain>& domain, v1::Reason reason, const std::string& message) {
  CHECK(ReasonOf(domain.status()) == reason);
  CHECK_THAT(std::string(domain.status().message()), Catch::Contains(message));
}

}  // namespace

TEST_CASE("An xl configuration without more is a whole domain", "[xen_domain_config]") {
  const v1::Domain domain = ReadXl("name = \"web\"\n");
  CHECK(domain.name() == "hypervisors/xen/domains/web");
  CHECK(domain.uid().empty());
  CHECK(domain.spec().memory_kib() == 128 * 1024);
  CHECK(domain.spec().vcpus() == 1);
  CHECK(domain.spec().os().type() == "linux");
  CHECK(domain.spec().os().machine() == "xenpv");
  CHECK(domain.spec().devices().consoles_size() == 1);
}

TEST_CASE("Configurations are written as they were read", "[xen_domain_config]") {
  CheckXl(kHvm);
  CheckXl(kPv);
}

}  // namespace reeve::formats
