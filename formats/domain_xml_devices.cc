#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Console = v1::Console;

constexpr XmlAttributeRule<Console> kConsoleAttributes[] = {
    {"type", AttributeWord<&Console::mutable_type, kConsoleTypes>},
    {"tty", AttributeIgnored},
};

constexpr XmlAttributeRule<Console> kSourceAttributes[] = {
    {"path", AttributeIgnored},
};

constexpr XmlAttributeRule<Console> kTargetAttributes[] = {
    {"type", AttributeWord<&Console::mutable_target_type, kConsoleTargets>},
    {"port", AttributeNumber<&Console::set_target_port>},
};

template <const auto& Rules>
void ReadAttributes(XmlReader* reader, pugi::xml_node element, Console* console) {
  ReadXml<Console>(reader, element, {.attributes = Rules}, console);
}

constexpr XmlElementRule<Console> kConsoleElements[] = {
    {"source", XmlCount::kOnce, ReadAttributes<kSourceAttributes>},
    {"target", XmlCount::kOnce, ReadAttributes<kTargetAttributes>},
    {"alias", XmlCount::kOnce, ElementIgnored},
};

void ReadConsole(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Console* console = devices->add_consoles();
  console->set_type("pty");
  ReadXml<Console>(reader, element, {.attributes = kConsoleAttributes, .elements = kConsoleElements}, console);
}

// What of a console is left open is written as libvirt fills it in: its place is its port.
void WriteConsole(XmlWriter* writer, const Console& console, int place, absl::string_view default_target) {
  writer->Begin("console").Attribute("type", console.type().empty() ? "pty" : console.type());
  writer->Begin("target")
      .Attribute("type", console.target_type().empty() ? default_target : absl::string_view(console.target_type()))
      .Attribute("port", console.has_target_port() ? console.target_port() : static_cast<uint32_t>(place))
      .End();
  writer->End();
}

constexpr XmlElementRule<v1::Devices> kElements[] = {
    {"emulator", XmlCount::kOnce, ElementText<&v1::Devices::mutable_emulator>},
    {"disk", XmlCount::kRepeated, ReadDisk},
    {"filesystem", XmlCount::kRepeated, ReadFilesystem},
    {"interface", XmlCount::kRepeated, ReadInterface},
    {"console", XmlCount::kRepeated, ReadConsole},
    {"hostdev", XmlCount::kRepeated, ReadHostDevice},
};

}  // namespace

void ReadDevices(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<v1::Devices>(reader, element, {.elements = kElements}, spec->mutable_devices());
}

void WriteDevices(XmlWriter* writer, const v1::Devices& devices, absl::string_view default_console_target) {
  writer->Begin("devices").Body();
  writer->OptionalElement("emulator", devices.emulator());
  for (const auto& disk : devices.disks()) WriteDisk(writer, disk);
  for (const auto& filesystem : devices.filesystems()) WriteFilesystem(writer, filesystem);
  for (const auto& interface : devices.interfaces()) WriteInterface(writer, interface);
  for (int i = 0; i < devices.consoles_size(); ++i) {
    WriteConsole(writer, devices.consoles(i), i, default_console_target);
  }
  for (const auto& device : devices.host_devices()) WriteHostDevice(writer, device);
  writer->End();
}

}  // namespace reeve::formats
