#include "formats/xml_guard.h"

#include <catch2/catch.hpp>

namespace reeve::formats {
namespace {

struct Case {
  std::string text;
  size_t offset;
  std::string description;
};

TEST_CASE("sound documents pass") {
  for (const char* text :
       {"<a/>", "<a></a>", " <a/>\n", "<?xml version='1.0'?><a/>", "<?xml version='1.0' encoding='utf-8'?>\n<a/>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\" ?><a/>", "<!-- x --><a/><!-- y -->",
        "<a><![CDATA[<b>&x;]]></a>", "<a x='&lt;&#10;&#x1F600;\"' y=\"'\"/>", "<a>&amp;&gt;&quot;&apos;</a>",
        "<a ><b x = 'y' /></a >", "<x:a xmlns:x='u'/>", "<a>]]&gt;</a>", "<\u00e9/>"}) {
    CAPTURE(text);
    const auto fault = FindXmlFault(text, XmlForm::kDocument);
    CHECK((!fault || (UNSCOPED_INFO(fault->description), false)));
  }
}

TEST_CASE("what is not well formed is refused where it begins") {
  const std::vector<Case> cases = {
      {"", 0, "there is no element"},
      {"  ", 2, "there is no element"},
      {"x", 0, "there is text outside the root element"},
      {"<a/>x", 4, "there is text outside the root element"},
      {"<a/><![CDATA[]]>", 4, "there is text outside the root element"},
      {"<a/><b/>", 4, "there is a second root element"},
      {"<a>", 3, "element <a> is not closed"},
      {"<a><b></a>", 6, "</a> stands where </b> is wanted"},
      {"</a>", 0, "nothing is open where </a> stands"},
      {"<a></a", 3, "end tag </a> is not closed"},
      {"<a", 0, "tag <a> is not closed"},
      {"<a /x>", 0, "tag <a> is not closed"},
      {"<", 1, "a name is wanted here"},
      {"<1/>", 1, "a name is wanted here"},
      {"<a:b:c/>", 1, "'a:b:c' is not a name"},
      {"<a:/>", 1, "'a:' is not a name"},
      {"<a x/>", 3, "the value of attribute x is missing"},
      {"<a x=1/>", 3, "the value of attribute x is not in quotes"},
      {"<a x='1/>", 3, "the value of attribute x is not closed"},
      {"<a x='<'/>", 6, "the value of attribute x has a '<'"},
      {"<a x='1'y='2'/>", 8, "white space is wanted here"},
      {"<a x='1' x='2'/>", 9, "attribute x is there twice"},
      {"<a>&</a>", 3, "'&' does not begin a reference that is known"},
      {"<a>&b;</a>", 3, "reference &b; is not known"},
      {"<a x='&b;'/>", 6, "reference &b; is not known"},
      {"<a>&#0;</a>", 3, "reference &#0; is not known"},
      {"<a>&#xD800;</a>", 3, "reference &#xD800; is not known"},
      {"<a>&#x110000;</a>", 3, "reference &#x110000; is not known"},
      {"<a>&#x-1;</a>", 3, "reference &#x-1; is not known"},
      {"<a>]]></a>", 3, "text has no ']]>' inside"},
      {"<a><!-- -- --></a>", 8, "a comment has no '--' inside"},
      {"<a><!-- </a>", 3, "the comment is not closed"},
      {"<a><![CDATA[ </a>", 3, "the CDATA section is not closed"},
      {"<!DOCTYPE a><a/>", 0, "document types and their declarations are refused"},
      {"<a><!ENTITY x 'y'></a>", 3, "document types and their declarations are refused"},
      {"<?php x?><a/>", 0, "processing instructions are refused"},
      {"<a><?xml version='1.0'?></a>", 3, "processing instructions are refused"},
      {" <?xml version='1.0'?><a/>", 1, "processing instructions are refused"},
      {"<?xml version='1.1'?><a/>", 6, "only version 1.0 of XML is read"},
      {"<?xml version='1.0' encoding='latin1'?><a/>", 20, "encoding latin1 is not read, only UTF-8"},
      {"<?xml encoding='utf-8'?><a/>", 0, "the XML declaration has no version"},
      {"<?xml version='1.0' x='y'?><a/>", 20, "the XML declaration has no x"},
      {"<?xml version='1.0' <a/>", 0, "the XML declaration is not closed"},
      {"<a>\xff</a>", 3, "the text is not UTF-8"},
      {"<a>\x01</a>", 3, "control characters are not allowed in XML"},
      {std::string("<a>\0</a>", 8), 3, "control characters are not allowed in XML"},
  };
  for (const Case& wrong : cases) {
    CAPTURE(wrong.text);
    const auto fault = FindXmlFault(wrong.text, XmlForm::kDocument);
    REQUIRE(fault.has_value());
    CHECK(fault->description == wrong.description);
    CHECK(fault->offset == wrong.offset);
  }
}

std::string Repeat(absl::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result.append(text.data(), text.size());
  return result;
}

TEST_CASE("limits hold") {
  const XmlLimits limits{
      .max_bytes = 1000, .max_depth = 3, .max_attributes = 2, .max_attribute_bytes = 8, .max_name_bytes = 8};
  const auto fault = [&limits](const std::string& text) {
    const auto found = FindXmlFault(text, XmlForm::kDocument, limits);
    return found ? found->description : "";
  };
  CHECK(fault("<a><b><c/></b></a>").empty());
  CHECK(fault("<a><b><c><d/></c></b></a>") == "elements are nested deeper than 3");
  CHECK(fault("<a x='1' y='2'/>").empty());
  CHECK(fault("<a x='1' y='2' z='3'/>") == "more than 2 attributes");
  CHECK(fault("<a x='12345678'/>").empty());
  CHECK(fault("<a x='123456789'/>") == "the value of attribute x has more than 8 bytes");
  CHECK(fault("<aaaaaaaaa/>") == "the name has more than 8 bytes");
  CHECK(fault("<a>" + Repeat("x", 994) + "</a>") == "the text has 1001 bytes, at most 1000 are allowed");
}

TEST_CASE("a hundred thousand levels cost nothing") {
  const auto fault = FindXmlFault(Repeat("<a>", 100000) + Repeat("</a>", 100000), XmlForm::kDocument);
  REQUIRE(fault.has_value());
  CHECK(fault->description == "elements are nested deeper than 64");
  CHECK(fault->offset == 64 * 3);
}

TEST_CASE("metadata is found, each element with its text") {
  const std::string text =
      "<d><metadata><x:a xmlns:x='u'><metadata/></x:a> <y:b "
      "xmlns:y='v'/></metadata><e><metadata><f/></metadata></e></d>";
  std::vector<ByteRange> ranges;
  REQUIRE_FALSE(FindXmlFault(text, XmlForm::kDocument, {}, &ranges).has_value());
  REQUIRE(ranges.size() == 2);
  CHECK(text.substr(ranges[0].begin, ranges[0].end - ranges[0].begin) == "<x:a xmlns:x='u'><metadata/></x:a>");
  CHECK(text.substr(ranges[1].begin, ranges[1].end - ranges[1].begin) == "<y:b xmlns:y='v'/>");
}

TEST_CASE("a fragment is one element that declares its namespaces") {
  const auto fault = [](absl::string_view text) {
    const auto found = FindXmlFault(text, XmlForm::kFragment);
    return found ? found->description : "";
  };
  CHECK(fault("<x:a xmlns:x='u' x:b='1' c='2' xml:lang='en'><x:b/><c/></x:a>") ==
        "element <c> is in no namespace declared here");
  CHECK(fault("<x:a xmlns:x='u' x:b='1' c='2' xml:lang='en'><x:b/></x:a>").empty());
  CHECK(fault("<a xmlns='u'><b/></a>").empty());
  CHECK(fault("<a/>") == "element <a> is in no namespace declared here");
  CHECK(fault("<a xmlns=''/>") == "element <a> is in no namespace declared here");
  CHECK(fault("<a xmlns='u'><b xmlns:x='v'/><x:c/></a>") == "element <x:c> is in no namespace declared here");
  CHECK(fault("<a xmlns='u' x:b='1'/>") == "attribute x:b is in no namespace declared here");
  CHECK(fault(" <a xmlns='u'/>") == "there is white space around the element");
  CHECK(fault("<a xmlns='u'/><!-- -->") == "there is a comment around the element");
  CHECK(fault("<?xml version='1.0'?><a xmlns='u'/>") == "processing instructions are refused");
  CHECK(fault("<a xmlns='u'/></metadata>") == "nothing is open where </metadata> stands");
}

}  // namespace
}  // namespace reeve::formats
