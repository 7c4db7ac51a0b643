#include "formats/domain_capabilities_sections.h"
#include "formats/domain_words.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Cpu = v1::CpuCapability;
using Mode = v1::CpuModeCapability;
using Model = v1::CpuModelCapability;
using Feature = v1::CpuFeature;

constexpr absl::string_view kUsable[] = {"yes", "no", "unknown"};

constexpr XmlAttributeRule<Model> kModelAttributes[] = {
    {"fallback", AttributeWord<&Model::mutable_fallback, kCpuFallbacks>},
    {"vendor_id", AttributeText<&Model::mutable_vendor_id>},
    {"usable", AttributeWord<&Model::mutable_usable, kUsable>},
    {"deprecated", AttributeYesNo<&Model::set_deprecated>},
    {"vendor", AttributeText<&Model::mutable_vendor>},
};

constexpr XmlRules<Model> kModelRules = {.attributes = kModelAttributes, .text = AttributeText<&Model::mutable_name>};

constexpr XmlAttributeRule<Feature> kFeature[] = {
    {"policy", AttributeWord<&Feature::mutable_policy, kCpuFeaturePolicies>},
    {"name", AttributeText<&Feature::mutable_name>},
};

constexpr XmlAttributeRule<Mode> kModeAttributes[] = {
    {"name", AttributeWord<&Mode::mutable_name, kCpuModes>},
    {"supported", AttributeYesNo<&Mode::set_supported>},
};

constexpr XmlElementRule<Mode> kModeElements[] = {
    {"enum", XmlCount::kRepeated, ReadSupportedEnum<Mode>},
    {"model", XmlCount::kRepeated, ElementMessage<&Mode::add_models, kModelRules, Mode>},
    {"vendor", XmlCount::kOnce, ElementText<&Mode::mutable_vendor>},
    {"feature", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Mode* mode) {
       RequireAttributes(reader, element, {"name"});
       ReadXml<Feature>(reader, element, {.attributes = kFeature}, mode->add_features());
     }},
};

constexpr XmlElementRule<Cpu> kModes[] = {
    {"mode", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Cpu* cpu) {
       RequireAttributes(reader, element, {"name", "supported"});
       ReadXml<Mode>(reader, element, {.attributes = kModeAttributes, .elements = kModeElements}, cpu->add_modes());
     }},
};

}  // namespace

void ReadCpuCapability(XmlReader* reader, pugi::xml_node element, v1::DomainCapabilities* capabilities) {
  ReadXml<Cpu>(reader, element, {.elements = kModes}, capabilities->mutable_cpu());
}

void WriteCpuCapability(XmlWriter* writer, const Cpu& cpu) {
  writer->Begin("cpu");
  for (const Mode& mode : cpu.modes()) {
    writer->Begin("mode").Attribute("name", mode.name()).Attribute("supported", YesNo(mode.supported()));
    WriteSupportedEnums(writer, mode.enums());
    for (const Model& model : mode.models()) {
      writer->Begin("model")
          .OptionalAttribute("fallback", model.fallback())
          .OptionalAttribute("vendor_id", model.vendor_id())
          .OptionalAttribute("usable", model.usable());
      if (model.has_deprecated()) writer->Attribute("deprecated", YesNo(model.deprecated()));
      writer->OptionalAttribute("vendor", model.vendor()).Text(model.name()).End();
    }
    writer->OptionalElement("vendor", mode.vendor());
    for (const Feature& feature : mode.features()) {
      writer->Begin("feature")
          .Attribute("policy", feature.policy().empty() ? "require" : feature.policy())
          .Attribute("name", feature.name())
          .End();
    }
    writer->End();
  }
  writer->End();
}

}  // namespace reeve::formats
