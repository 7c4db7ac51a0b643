#include "formats/domain_xml_fragments.h"

#include <catch2/catch.hpp>

#include "proto/status.h"

namespace reeve::formats {
namespace {

TEST_CASE("one device is read as it is below devices") {
  const auto devices =
      ParseDeviceXml("<interface type='bridge'><source bridge='br0'/><mac address='52:54:00:00:00:01'/></interface>");
  REQUIRE(devices.ok());
  REQUIRE(devices->interfaces_size() == 1);
  CHECK(devices->interfaces(0).mac_address() == "52:54:00:00:00:01");
  CHECK(ParseDeviceXml("<filesystem type='mount'><source dir='/a'/><target dir='/b'/></filesystem>")
            ->filesystems_size() == 1);
}

TEST_CASE("what is no device is refused by name and place") {
  CHECK(ReasonOf(ParseDeviceXml("<emulator>/bin/x</emulator>").status()) == v1::REASON_DOCUMENT_UNKNOWN);
  CHECK(ReasonOf(ParseDeviceXml("<devices/>").status()) == v1::REASON_DOCUMENT_UNKNOWN);
  CHECK(ReasonOf(ParseDeviceXml("<interface").status()) == v1::REASON_DOCUMENT_MALFORMED);
  CHECK(ReasonOf(ParseDeviceXml("").status()) == v1::REASON_DOCUMENT_MALFORMED);
  CHECK(ReasonOf(ParseDeviceXml("<interface type='bridge' oops='1'/>").status()) == v1::REASON_DOCUMENT_UNKNOWN);
  CHECK(ReasonOf(ParseDeviceXml("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><disk/>").status()) ==
        v1::REASON_DOCUMENT_MALFORMED);
}

TEST_CASE("an element goes into a namespace and comes back") {
  const auto in = PutIntoNamespace("<a x='1'><b/>text<c:d xmlns:c='urn:c'/></a>", "app", "urn:x&y");
  REQUIRE(in.ok());
  CHECK(*in == "<app:a xmlns:app=\"urn:x&amp;y\" x=\"1\"><app:b/>text<c:d xmlns:c=\"urn:c\"/></app:a>");
  CHECK(NamespaceOf(*in) == "urn:x&y");
  CHECK(*TakeFromNamespace(*in) == "<a x=\"1\"><b/>text<c:d xmlns:c=\"urn:c\"/></a>");
  CHECK(NamespaceOf("<a xmlns='urn:z'/>") == "urn:z");
  CHECK(*TakeFromNamespace("<a xmlns='urn:z'/>") == "<a/>");
}

TEST_CASE("what would break the document is refused") {
  for (const char* text :
       {"", "text", "<a/><b/>", "<a>", "</reeve:guard><a/><reeve:guard>", "<a/>x", "<!DOCTYPE a><a/>"}) {
    INFO(text);
    CHECK(ReasonOf(PutIntoNamespace(text, "app", "urn:x").status()) == v1::REASON_DOCUMENT_MALFORMED);
  }
  for (const char* key : {"", "1a", "a b", "a:b", "xmlfoo", "a='"}) {
    CHECK(ReasonOf(PutIntoNamespace("<a/>", key, "urn:x").status()) == v1::REASON_SPEC_INVALID);
  }
  CHECK(ReasonOf(PutIntoNamespace("<a/>", "app", "").status()) == v1::REASON_SPEC_INVALID);
  CHECK(ReasonOf(PutIntoNamespace("<a/>", "app", std::string(2000, 'x')).status()) == v1::REASON_SPEC_INVALID);
}

}  // namespace
}  // namespace reeve::formats
