#include "formats/domain_name.h"

#include <catch2/catch.hpp>

#include "proto/status.h"

namespace reeve::formats {
namespace {

TEST_CASE("domain names are file names that people can read") {
  for (const char* name : {"web1", "a b", ".hidden", "...", "caf\u00e9", "-x", "a:b"}) {
    CAPTURE(name);
    CHECK(CheckDomainName(name).ok());
  }
  CHECK(CheckDomainName(std::string(128, 'x')).ok());

  const std::string with_null("a\0b", 3);
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("../x"), std::string(" a"),
        std::string("a "), std::string("a\n"), std::string("a\tb"), std::string("a\x7f"), std::string("a\xff"),
        std::string("\u00a0a"), std::string("a\u3000"), std::string("a\u0085"), with_null, std::string(129, 'x')}) {
    CAPTURE(name);
    CHECK(ReasonOf(CheckDomainName(name)) == v1::REASON_NAME_INVALID);
  }
}

TEST_CASE("a message about a name can be printed") {
  CHECK(CheckDomainName("a\nb").message() == "domain name 'a\\x0ab' has a control character");
}

TEST_CASE("resource names are taken apart and put together") {
  CHECK(DomainResourceName("lxc", "web1") == "hypervisors/lxc/domains/web1");
  const auto parts = SplitDomainResourceName("hypervisors/lxc/domains/web 1");
  CHECK(parts.hypervisor == "lxc");
  CHECK(parts.name == "web 1");
  for (const char* wrong :
       {"", "web1", "hypervisors/lxc", "hypervisors/lxc/domains/", "hypervisors//domains/a",
        "hypervisors/lxc/domains/a/b", "hypervisors/lxc/networks/a", "/hypervisors/lxc/domains/a"}) {
    CAPTURE(wrong);
    CHECK(SplitDomainResourceName(wrong).name.empty());
    CHECK(SplitDomainResourceName(wrong).hypervisor.empty());
  }
}

}  // namespace
}  // namespace reeve::formats
