#include "formats/domain_words.h"
#include "formats/domain_xml_character.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Smartcard = v1::Smartcard;
using Redirected = v1::RedirectedDevice;
using Rng = v1::RandomNumberGenerator;

template <typename T>
void PassElement(XmlReader*, pugi::xml_node, T*) {}

constexpr XmlAttributeRule<Smartcard> kSmartcardAttributes[] = {
    {"mode", AttributeWord<&Smartcard::mutable_mode, kSmartcardModes>},
    {"type", AttributeWord<&Smartcard::mutable_source_type, kConsoleTypes>},
};

constexpr XmlElementRule<Smartcard> kSmartcardElements[] = {
    {"certificate", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Smartcard* card) {
       card->add_certificates(std::string(PlainText(reader, element).text));
     }},
    {"database", XmlCount::kOnce, ElementText<&Smartcard::mutable_database>},
    {"source", XmlCount::kRepeated, PassElement<Smartcard>},
    {"protocol", XmlCount::kOnce, PassElement<Smartcard>},
    {"log", XmlCount::kOnce, PassElement<Smartcard>},
    {"alias", XmlCount::kOnce, ElementAlias<&Smartcard::mutable_alias, Smartcard>},
    {"address", XmlCount::kOnce, ReadDeviceAddress<Smartcard>},
};

constexpr XmlAttributeRule<Redirected> kRedirectedAttributes[] = {
    {"bus", AttributeWord<&Redirected::mutable_bus, kUsb>},
    {"type", AttributeWord<&Redirected::mutable_type, kConsoleTypes>},
};

constexpr XmlElementRule<Redirected> kRedirectedElements[] = {
    {"source", XmlCount::kRepeated, PassElement<Redirected>},
    {"protocol", XmlCount::kOnce, PassElement<Redirected>},
    {"log", XmlCount::kOnce, PassElement<Redirected>},
    {"boot", XmlCount::kOnce, ElementBootOrder<&Redirected::set_boot_order, Redirected>},
    {"alias", XmlCount::kOnce, ElementAlias<&Redirected::mutable_alias, Redirected>},
    {"address", XmlCount::kOnce, ReadDeviceAddress<Redirected>},
};

constexpr XmlAttributeRule<Rng> kRngAttributes[] = {
    {"model", AttributeWord<&Rng::mutable_model, kRngModels>},
};

constexpr XmlAttributeRule<Rng> kRateAttributes[] = {
    {"bytes", AttributeNumber<&Rng::set_rate_bytes>},
    {"period", AttributeNumber<&Rng::set_rate_period_ms>},
};

constexpr XmlAttributeRule<Rng> kBackendAttributes[] = {
    {"model", AttributeWord<&Rng::mutable_backend_model, kRngBackends>},
    {"type", AttributeWord<&Rng::mutable_backend_type, kConsoleTypes>},
};

constexpr XmlElementRule<Rng> kBackendElements[] = {
    {"source", XmlCount::kRepeated, PassElement<Rng>},
    {"protocol", XmlCount::kOnce, PassElement<Rng>},
    {"log", XmlCount::kOnce, PassElement<Rng>},
};

void ReadBackend(XmlReader* reader, pugi::xml_node element, Rng* rng) {
  const absl::string_view model = element.attribute("model").value();
  if (model == "egd") {
    ReadXml<Rng>(reader, element, {.attributes = kBackendAttributes, .elements = kBackendElements}, rng);
    if (rng->backend_type().empty()) return reader->Invalid(element, "is of model egd and has no type");
    ReadCharacterSource(reader, element, rng->backend_type(), PathRule::kRequired, rng->mutable_source());
  } else {
    if (model.empty()) reader->Invalid(element, "has no attribute model");
    ReadXml<Rng>(reader, element, {.attributes = kBackendAttributes, .text = AttributeText<&Rng::mutable_device_path>},
                 rng);
    if (IsBlankText(rng->device_path())) rng->clear_device_path();
  }
}

constexpr XmlElementRule<Rng> kRngElements[] = {
    {"rate", XmlCount::kOnce, ElementAttributes<kRateAttributes, Rng>},
    {"backend", XmlCount::kOnce, ReadBackend},
    {"alias", XmlCount::kOnce, ElementAlias<&Rng::mutable_alias, Rng>},
    {"address", XmlCount::kOnce, ReadDeviceAddress<Rng>},
};

}  // namespace

void ReadSmartcard(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Smartcard* card = devices->add_smartcards();
  if (!element.attribute("mode")) reader->Invalid(element, "has no attribute mode");
  ReadXml<Smartcard>(reader, element, {.attributes = kSmartcardAttributes, .elements = kSmartcardElements}, card);
  if (card->mode() == "passthrough") {
    if (card->source_type().empty()) return reader->Invalid(element, "is of mode passthrough and has no type");
    ReadCharacterSource(reader, element, card->source_type(), PathRule::kRequired, card->mutable_source());
  } else if (element.child("source") || element.attribute("type")) {
    reader->Invalid(element, "has a source and is not of mode passthrough");
  }
  if (card->mode() == "host-certificates" && card->certificates_size() != 3) {
    reader->Invalid(element, "is of mode host-certificates and has not three certificates");
  }
}

void WriteSmartcard(XmlWriter* writer, const Smartcard& card) {
  writer->Begin("smartcard").Attribute("mode", card.mode());
  if (card.mode() == "passthrough") {
    writer->Attribute("type", card.source_type());
    WriteCharacterSource(writer, card.source_type(), card.source());
  }
  for (const std::string& certificate : card.certificates()) writer->Element("certificate", certificate);
  writer->OptionalElement("database", card.database());
  WriteAlias(writer, card.alias());
  if (card.has_address()) WriteBusAddress(writer, card.address());
  writer->End();
}

void ReadRedirectedDevice(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Redirected* device = devices->add_redirected_devices();
  device->set_bus("usb");
  if (!element.attribute("type")) reader->Invalid(element, "has no attribute type");
  ReadXml<Redirected>(reader, element, {.attributes = kRedirectedAttributes, .elements = kRedirectedElements}, device);
  v1::CharacterSource source;
  ReadCharacterSource(reader, element, device->type(), PathRule::kRequired, &source);
  if (source.ByteSizeLong() != 0) *device->mutable_source() = std::move(source);
}

void WriteRedirectedDevice(XmlWriter* writer, const Redirected& device) {
  writer->Begin("redirdev").Attribute("bus", device.bus().empty() ? "usb" : device.bus());
  writer->Attribute("type", device.type());
  WriteCharacterSource(writer, device.type(), device.source());
  if (device.has_boot_order()) WriteBootOrder(writer, device.boot_order());
  WriteAlias(writer, device.alias());
  if (device.has_address()) WriteBusAddress(writer, device.address());
  writer->End();
}

void ReadRng(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  if (!element.attribute("model")) reader->Invalid(element, "has no attribute model");
  if (!element.child("backend")) reader->Invalid(element, "has no element backend");
  ReadXml<Rng>(reader, element, {.attributes = kRngAttributes, .elements = kRngElements},
               devices->add_random_number_generators());
}

void WriteRng(XmlWriter* writer, const Rng& rng) {
  writer->Begin("rng").Attribute("model", rng.model());
  if (rng.has_rate_bytes()) {
    writer->Begin("rate").Attribute("bytes", rng.rate_bytes());
    if (rng.has_rate_period_ms()) writer->Attribute("period", rng.rate_period_ms());
    writer->End();
  }
  writer->Begin("backend").Attribute("model", rng.backend_model()).OptionalAttribute("type", rng.backend_type());
  if (rng.backend_model() == "egd") {
    WriteCharacterSource(writer, rng.backend_type(), rng.source());
  } else if (!rng.device_path().empty()) {
    writer->Text(rng.device_path());
  }
  writer->End();
  WriteAlias(writer, rng.alias());
  if (rng.has_address()) WriteBusAddress(writer, rng.address());
  writer->End();
}

}  // namespace reeve::formats
