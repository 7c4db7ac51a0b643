#include "formats/xml_writer.h"

#include <catch2/catch.hpp>

namespace reeve::formats {
namespace {

TEST_CASE("elements are written as libvirt writes them") {
  XmlWriter writer;
  writer.Begin("a").Attribute("x", "1").Attribute("n", 5).OptionalAttribute("y", "");
  writer.Element("b", "text");
  writer.Element("number", 7);
  writer.OptionalElement("c", "");
  writer.Flag("d");
  writer.Begin("e").Begin("f").End();
  writer.End();
  writer.Verbatim("<v:x xmlns:v=\"u\"/>");
  writer.End();
  CHECK(std::move(writer).Finish() ==
        "<a x='1' n='5'>\n  <b>text</b>\n  <number>7</number>\n  <d/>\n  <e>\n    <f/>\n  </e>\n"
        "  <v:x xmlns:v=\"u\"/>\n</a>\n");
}

TEST_CASE("what would end a value or begin markup is escaped") {
  XmlWriter writer;
  writer.Begin("a").Attribute("x", "<&>'\"").Text("]]>&'\"\r").End();
  CHECK(std::move(writer).Finish() == "<a x='&lt;&amp;&gt;&apos;&quot;'>]]&gt;&amp;&apos;&quot;&#13;</a>\n");
}

TEST_CASE("an empty text is not an empty element") {
  XmlWriter writer;
  writer.Begin("a").Text("").End();
  CHECK(std::move(writer).Finish() == "<a></a>\n");
}

TEST_CASE("an element with a body has an end tag") {
  XmlWriter writer;
  writer.Begin("a").Begin("b").Body().End().End();
  CHECK(std::move(writer).Finish() == "<a>\n  <b>\n  </b>\n</a>\n");
}

}  // namespace
}  // namespace reeve::formats
