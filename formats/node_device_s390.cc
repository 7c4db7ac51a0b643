#include "absl/strings/str_format.h"
#include "formats/node_device_sections.h"
#include "formats/xml_messages.h"
#include "formats/xml_number.h"

namespace reeve::formats {
namespace {

using Address = v1::ChannelAddress;
using Channel = v1::ChannelDeviceCapability;
using Crypto = v1::CryptoCapability;
using Matrix = v1::CryptoMatrixCapability;

template <auto Set, uint64_t kMax, typename T>
void ReadPart(XmlReader* reader, pugi::xml_node element, T* out) {
  const auto number = ReadAnyNumber(reader, PlainText(reader, element), kMax);
  if (number) (out->*Set)(static_cast<uint32_t>(*number));
}

constexpr XmlElementRule<Address> kAddressElements[] = {
    {"cssid", XmlCount::kOnce, ReadPart<&Address::set_cssid, 254>},
    {"ssid", XmlCount::kOnce, ReadPart<&Address::set_ssid, 3>},
    {"devno", XmlCount::kOnce, ReadPart<&Address::set_devno, 0xffff>},
};

template <auto Set, uint64_t kMax>
void ReadOwnPart(XmlReader* reader, pugi::xml_node element, Channel* channel) {
  ReadPart<Set, kMax>(reader, element, channel->mutable_address());
}

// The first three are of all channel devices, the others of subchannels alone.
constexpr XmlElementRule<Channel> kElements[] = {
    {"cssid", XmlCount::kOnce, ReadOwnPart<&Address::set_cssid, 254>},
    {"ssid", XmlCount::kOnce, ReadOwnPart<&Address::set_ssid, 3>},
    {"devno", XmlCount::kOnce, ReadOwnPart<&Address::set_devno, 0xffff>},
    {"channel_dev_addr", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Channel* channel) {
       RequireElements(reader, element, {"cssid", "ssid", "devno"});
       ReadXml<Address>(reader, element, {.elements = kAddressElements}, channel->mutable_channel_device());
     }},
    {"capability", XmlCount::kOnce, ReadOnlyMediatedTypes<Channel>},
};

constexpr XmlElementRule<Crypto> kCryptoElements[] = {
    {"ap-adapter", XmlCount::kOnce, ReadPart<&Crypto::set_adapter, 0xff>},
    {"ap-domain", XmlCount::kOnce, ReadPart<&Crypto::set_domain, 0xffff>},
};

constexpr XmlElementRule<Matrix> kMatrixElements[] = {
    {"capability", XmlCount::kOnce, ReadOnlyMediatedTypes<Matrix>},
};

void ReadChannel(XmlReader* reader, pugi::xml_node element, absl::Span<const XmlElementRule<Channel>> elements,
                 Channel* channel) {
  RequireElements(reader, element, {"cssid", "ssid", "devno"});
  ReadXml<Channel>(reader, element, {.attributes = kTypeIsKnown<Channel>, .elements = elements}, channel);
}

void WriteAddress(XmlWriter* writer, const Address& address) {
  writer->Element("cssid", absl::StrFormat("0x%x", address.cssid()));
  writer->Element("ssid", absl::StrFormat("0x%x", address.ssid()));
  writer->Element("devno", absl::StrFormat("0x%04x", address.devno()));
}

}  // namespace

void ReadCcw(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability) {
  ReadChannel(reader, element, absl::MakeConstSpan(kElements).first(3), capability->mutable_ccw());
}

void WriteCcw(XmlWriter* writer, const v1::NodeDeviceCapability& capability) {
  WriteAddress(writer, capability.ccw().address());
}

void ReadCss(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability) {
  ReadChannel(reader, element, kElements, capability->mutable_css());
}

void WriteCss(XmlWriter* writer, const v1::NodeDeviceCapability& capability) {
  const Channel& css = capability.css();
  WriteAddress(writer, css.address());
  if (css.has_channel_device()) {
    writer->Begin("channel_dev_addr");
    WriteAddress(writer, css.channel_device());
    writer->End();
  }
  WriteMediatedTypes(writer, css.mediated_types());
}

void ReadApCard(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability) {
  RequireElements(reader, element, {"ap-adapter"});
  ReadXml<Crypto>(reader, element,
                  {.attributes = kTypeIsKnown<Crypto>, .elements = absl::MakeConstSpan(kCryptoElements).first(1)},
                  capability->mutable_ap_card());
}

void WriteApCard(XmlWriter* writer, const v1::NodeDeviceCapability& capability) {
  writer->Element("ap-adapter", absl::StrFormat("0x%02x", capability.ap_card().adapter()));
}

void ReadApQueue(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability) {
  RequireElements(reader, element, {"ap-adapter", "ap-domain"});
  ReadXml<Crypto>(reader, element, {.attributes = kTypeIsKnown<Crypto>, .elements = kCryptoElements},
                  capability->mutable_ap_queue());
}

void WriteApQueue(XmlWriter* writer, const v1::NodeDeviceCapability& capability) {
  writer->Element("ap-adapter", absl::StrFormat("0x%02x", capability.ap_queue().adapter()));
  writer->Element("ap-domain", absl::StrFormat("0x%04x", capability.ap_queue().domain()));
}

void ReadApMatrix(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability) {
  ReadXml<Matrix>(reader, element, {.attributes = kTypeIsKnown<Matrix>, .elements = kMatrixElements},
                  capability->mutable_ap_matrix());
}

void WriteApMatrix(XmlWriter* writer, const v1::NodeDeviceCapability& capability) {
  WriteMediatedTypes(writer, capability.ap_matrix().mediated_types());
}

}  // namespace reeve::formats
