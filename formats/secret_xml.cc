#include "formats/secret_xml.h"

#include <utility>

#include "formats/xml_messages.h"
#include "formats/xml_writer.h"

namespace reeve::formats {
namespace {

using Spec = v1::SecretSpec;

// In the order of SecretSpec.Usage, from 1.
struct Usage {
  absl::string_view type;
  const char* element;  // that has the usage id
};
constexpr Usage kUsages[] = {
    {"volume", "volume"}, {"ceph", "name"}, {"iscsi", "target"}, {"tls", "name"}, {"vtpm", "name"},
};
constexpr absl::string_view kUsageTypes[] = {"volume", "ceph", "iscsi", "tls", "vtpm"};

constexpr XmlAttributeRule<v1::Secret> kAttributes[] = {
    {"ephemeral",
     [](XmlReader* reader, const XmlValue& value, v1::Secret* secret) {
       AttributeYesNo<&Spec::set_ephemeral>(reader, value, secret->mutable_spec());
     }},
    {"private",
     [](XmlReader* reader, const XmlValue& value, v1::Secret* secret) {
       AttributeYesNo<&Spec::set_is_private>(reader, value, secret->mutable_spec());
     }},
};

constexpr XmlAttributeRule<Spec> kUsageAttributes[] = {
    {"type",
     [](XmlReader* reader, const XmlValue& value, Spec* spec) {
       if (const auto place = reader->OneOf(value, kUsageTypes)) spec->set_usage(static_cast<Spec::Usage>(*place + 1));
     }},
};

void ReadUsageId(XmlReader* reader, pugi::xml_node element, Spec* spec) {
  const XmlValue value = PlainText(reader, element);
  if (spec->usage() != Spec::USAGE_UNSPECIFIED &&
      absl::string_view(element.name()) != kUsages[spec->usage() - 1].element) {
    return reader->UnknownElement(element);
  }
  if (value.text.empty()) reader->Invalid(value, "is empty");
  spec->set_usage_id(std::string(value.text));
}

constexpr XmlElementRule<Spec> kUsageElements[] = {
    {"volume", XmlCount::kOnce, ReadUsageId},
    {"name", XmlCount::kOnce, ReadUsageId},
    {"target", XmlCount::kOnce, ReadUsageId},
};

void ReadUsage(XmlReader* reader, pugi::xml_node element, v1::Secret* secret) {
  Spec* spec = secret->mutable_spec();
  RequireAttributes(reader, element, {"type"});
  ReadXml<Spec>(reader, element, {.attributes = kUsageAttributes, .elements = kUsageElements}, spec);
  if (spec->usage() != Spec::USAGE_UNSPECIFIED) RequireElements(reader, element, {kUsages[spec->usage() - 1].element});
}

constexpr XmlElementRule<v1::Secret> kElements[] = {
    {"uuid", XmlCount::kOnce, ElementUuid<&v1::Secret::mutable_uid>},
    {"description", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, v1::Secret* secret) {
       ElementText<&Spec::mutable_description>(reader, element, secret->mutable_spec());
     }},
    {"usage", XmlCount::kOnce, ReadUsage},
};

}  // namespace

absl::StatusOr<v1::Secret> ParseSecretXml(absl::string_view text, std::vector<Warning>* warnings,
                                          Strictness strictness) {
  XmlReader reader(text, warnings, strictness);
  v1::Secret secret;
  if (const pugi::xml_node root = reader.Load({})) {
    if (absl::string_view(root.name()) != "secret") {
      reader.UnknownElement(root);
      return reader.ToStatus();
    }
    secret.mutable_spec();
    ReadXml<v1::Secret>(&reader, root, {.attributes = kAttributes, .elements = kElements}, &secret);
    if (!secret.uid().empty()) secret.set_name(absl::StrCat("secrets/", secret.uid()));
  }
  if (!reader.ok()) return reader.ToStatus();
  return secret;
}

std::string WriteSecretXml(const v1::Secret& secret) {
  const Spec& spec = secret.spec();
  XmlWriter writer;
  writer.Begin("secret").Attribute("ephemeral", YesNo(spec.ephemeral())).Attribute("private", YesNo(spec.is_private()));
  writer.Body();
  writer.OptionalElement("uuid", secret.uid());
  writer.OptionalElement("description", spec.description());
  if (spec.usage() != Spec::USAGE_UNSPECIFIED && Spec::Usage_IsValid(spec.usage())) {
    const Usage& usage = kUsages[spec.usage() - 1];
    writer.Begin("usage").Attribute("type", usage.type);
    writer.Element(usage.element, spec.usage_id());
    writer.End();
  }
  writer.End();
  return std::move(writer).Finish();
}

}  // namespace reeve::formats
