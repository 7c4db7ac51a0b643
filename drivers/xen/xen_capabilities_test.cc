#include "drivers/xen/xen_capabilities.h"

#include <catch2/catch.hpp>

#include "drivers/xen/test_host.h"
#include "formats/capabilities_xml.h"

namespace reeve::xen {
namespace {

TEST_CASE_METHOD(Host, "the host's processor is told whole, and in the capabilities by its model") {
  const auto processor = driver->Processor();
  REQUIRE(processor.ok());
  CHECK(processor->architecture() == "x86_64");
  CHECK(processor->vendor() == "Intel");
  CHECK(processor->features_size() == 39);
  CHECK(processor->model().empty());
  const auto capabilities = formats::ParseCapabilitiesXml(*driver->Capabilities());
  INFO(capabilities.status());
  REQUIRE(capabilities.ok());
  const v1::HostCpu& cpu = capabilities->host().cpu();
  CHECK(cpu.model() == "SandyBridge");
  CHECK(cpu.vendor() == "Intel");
  CHECK(cpu.signature().model() == 42);
  REQUIRE(cpu.features_size() == 1);
  CHECK(cpu.features(0) == "ss");
}

TEST_CASE("a host whose processor is not known still has capabilities") {
  const auto capabilities = formats::ParseCapabilitiesXml(CapabilitiesXml({.version = "4.17.0", .hvm = true}));
  INFO(capabilities.status());
  REQUIRE(capabilities.ok());
  CHECK(capabilities->host().cpu().architecture() == "x86_64");
  CHECK(capabilities->host().cpu().model().empty());
  CHECK(capabilities->guests_size() == 3);
}

}  // namespace
}  // namespace reeve::xen
