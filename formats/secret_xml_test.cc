#include "formats/secret_xml.h"

#include "formats/xml_testing.h"

namespace reeve::formats {
namespace {

absl::Status Parse(absl::string_view text) {
  return ParseSecretXml(text).status();
}

constexpr char kWhole[] = R"(<secret ephemeral='no' private='yes'>
  <uuid>0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9</uuid>
  <description>for a &lt;disk&gt;</description>
  <usage type='volume'>
    <volume>/srv/a.img</volume>
  </usage>
</secret>
)";

TEST_CASE("A secret is read and written again") {
  const auto secret = ParseSecretXml(kWhole);
  REQUIRE(secret.ok());
  CHECK(secret->name() == "secrets/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
  CHECK(secret->spec().is_private());
  CHECK(secret->spec().usage() == v1::SecretSpec::USAGE_VOLUME);
  CHECK(secret->spec().usage_id() == "/srv/a.img");
  CHECK(WriteSecretXml(*secret) == kWhole);
}

TEST_CASE("What a secret does not say has defaults") {
  const auto secret = ParseSecretXml("<secret/>");
  REQUIRE(secret.ok());
  CHECK(WriteSecretXml(*secret) == "<secret ephemeral='no' private='no'>\n</secret>\n");
}

TEST_CASE("Each usage has its own element") {
  const std::pair<const char*, const char*> usages[] = {
      {"volume", "volume"}, {"ceph", "name"}, {"iscsi", "target"}, {"tls", "name"}, {"vtpm", "name"}};
  for (const auto& [type, element] : usages) {
    const std::string text =
        std::string("<secret><usage type='") + type + "'><" + element + ">x</" + element + "></usage></secret>";
    INFO(text);
    const auto secret = ParseSecretXml(text);
    REQUIRE(secret.ok());
    const auto again = ParseSecretXml(WriteSecretXml(*secret));
    REQUIRE(again.ok());
    CHECK(again->SerializeAsString() == secret->SerializeAsString());
  }
}

TEST_CASE("Secrets that are refused") {
  CheckRefusals(
      {
          {"<domain/>", v1::REASON_DOCUMENT_UNKNOWN, "line 1 column 1: element /domain is not known"},
          {"<secret ephemeral='maybe'/>", v1::REASON_DOCUMENT_UNKNOWN, "line 1 column 9: attribute ephemeral"},
          {"<secret><value>x</value></secret>", v1::REASON_DOCUMENT_UNKNOWN, "line 1 column 9: element /secret/value"},
          {"<secret>\n<uuid>1</uuid></secret>", v1::REASON_SPEC_INVALID,
           "line 2 column 1: element /secret/uuid is wrong"},
          {"<secret><usage><name>x</name></usage></secret>", v1::REASON_SPEC_INVALID,
           "line 1 column 9: element /secret/usage has no attribute type"},
          {"<secret><usage type='ceph'><volume>x</volume></usage></secret>", v1::REASON_SPEC_INVALID,
           "line 1 column 9: element /secret/usage has no element <name>"},
          {"<secret><usage type='floppy'/></secret>", v1::REASON_DOCUMENT_UNKNOWN, "line 1 column 16: attribute type"},
          {"<!DOCTYPE secret><secret/>", v1::REASON_DOCUMENT_MALFORMED, "line 1 column 1"},
      },
      Parse);
}

TEST_CASE("A damaged secret does no harm") {
  TryDamaged(absl::string_view(kWhole, sizeof(kWhole) - 3), Parse);
}

}  // namespace
}  // namespace reeve::formats
