#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

constexpr XmlElementRule<v1::Devices> kElements[] = {
    {"emulator", XmlCount::kOnce, ElementText<&v1::Devices::mutable_emulator>},
    {"disk", XmlCount::kRepeated, ReadDisk},
    {"controller", XmlCount::kRepeated, ReadController},
    {"filesystem", XmlCount::kRepeated, ReadFilesystem},
    {"interface", XmlCount::kRepeated, ReadInterface},
    {"smartcard", XmlCount::kRepeated, ReadSmartcard},
    {"serial", XmlCount::kRepeated, ReadSerial},
    {"parallel", XmlCount::kRepeated, ReadParallel},
    {"console", XmlCount::kRepeated, ReadConsole},
    {"channel", XmlCount::kRepeated, ReadChannel},
    {"input", XmlCount::kRepeated, ReadInput},
    {"tpm", XmlCount::kRepeated, ReadTpm},
    {"graphics", XmlCount::kRepeated, ReadGraphics},
    {"sound", XmlCount::kRepeated, ReadSound},
    {"audio", XmlCount::kRepeated, ReadAudio},
    {"video", XmlCount::kRepeated, ReadVideo},
    {"hostdev", XmlCount::kRepeated, ReadHostDevice},
    {"redirdev", XmlCount::kRepeated, ReadRedirectedDevice},
    {"hub", XmlCount::kRepeated, ReadHub},
    {"watchdog", XmlCount::kRepeated, ReadWatchdog},
    {"memballoon", XmlCount::kOnce, ReadMemoryBalloon},
    {"rng", XmlCount::kRepeated, ReadRng},
    {"panic", XmlCount::kRepeated, ReadPanic},
};

}  // namespace

void ReadDevices(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<v1::Devices>(reader, element, {.elements = kElements}, spec->mutable_devices());
}

bool ReadDevice(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  const auto* rule = FindXmlRule<XmlElementRule<v1::Devices>>(kElements, element.name());
  if (rule == nullptr || element.name() == absl::string_view("emulator")) return false;
  rule->read(reader, element, devices);
  return true;
}

// In the order of libvirt's virDomainDefFormatDevices.
void WriteDevices(XmlWriter* writer, const v1::Devices& devices, absl::string_view default_console_target) {
  writer->Begin("devices").Body();
  writer->OptionalElement("emulator", devices.emulator());
  for (const auto& disk : devices.disks()) WriteDisk(writer, disk);
  WriteControllers(writer, devices);
  for (const auto& filesystem : devices.filesystems()) WriteFilesystem(writer, filesystem);
  for (const auto& interface : devices.interfaces()) WriteInterface(writer, interface);
  for (const auto& card : devices.smartcards()) WriteSmartcard(writer, card);
  for (int i = 0; i < devices.serials_size(); ++i) WriteCharacterDevice(writer, "serial", devices.serials(i), i);
  for (int i = 0; i < devices.parallels_size(); ++i) WriteCharacterDevice(writer, "parallel", devices.parallels(i), i);
  for (int i = 0; i < devices.consoles_size(); ++i) {
    WriteConsole(writer, devices.consoles(i), i, default_console_target);
  }
  for (const auto& channel : devices.channels()) WriteCharacterDevice(writer, "channel", channel, 0);
  WriteInputs(writer, devices);
  for (const auto& graphics : devices.graphics()) WriteGraphics(writer, graphics);
  WriteSoundsAndVideos(writer, devices);
  for (const auto& device : devices.host_devices()) WriteHostDevice(writer, device);
  for (const auto& device : devices.redirected_devices()) WriteRedirectedDevice(writer, device);
  WriteWatchdogsAndBalloon(writer, devices);
  for (const auto& rng : devices.random_number_generators()) WriteRng(writer, rng);
  WritePanics(writer, devices);
  writer->End();
}

}  // namespace reeve::formats
