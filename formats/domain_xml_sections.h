// The sections of domain XML, each with its reader and its writer in a file of its own. Only for formats/domain_xml.cc
// and those files. A reader tells the XmlReader of every fault and goes on; a writer writes nothing for what is not
// set.
#pragma once

#include <pugixml.hpp>

#include "formats/xml_reader.h"
#include "formats/xml_size.h"
#include "formats/xml_writer.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// domain_xml_metadata.cc
void ReadMetadata(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteMetadata(XmlWriter* writer, const v1::DomainSpec& spec);

// domain_xml_reeve.cc: our own element below <metadata>
bool IsReeveElement(pugi::xml_node element);
void ReadReeveElement(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
bool HasReeveElement(const v1::DomainSpec& spec);
void WriteReeveElement(XmlWriter* writer, const v1::DomainSpec& spec);

// domain_xml_tuning.cc
void ReadBlockIoTuning(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void ReadMemoryTuning(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void ReadVcpu(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void ReadNumaTuning(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void ReadResource(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteTuning(XmlWriter* writer, const v1::DomainSpec& spec, bool active);

// domain_xml_os.cc
void ReadOs(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
// With the bootloader, which stands before it.
void WriteOs(XmlWriter* writer, const v1::OperatingSystem& os, absl::string_view default_type);
void ReadIdMap(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteIdMap(XmlWriter* writer, const v1::IdMap& map);

// domain_xml_features.cc
void ReadFeatures(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteFeatures(XmlWriter* writer, const v1::DomainSpec& spec);

// domain_xml_clock.cc
void ReadClock(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteClock(XmlWriter* writer, const v1::Clock& clock);

// domain_xml_devices.cc
void ReadDevices(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
// One element below <devices>; false when it is none.
bool ReadDevice(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteDevices(XmlWriter* writer, const v1::Devices& devices, absl::string_view default_console_target);

// domain_xml_bus_address.cc: what every device has
void ReadBusAddress(XmlReader* reader, pugi::xml_node element, v1::DeviceAddress* address);
// Into the field `address` of any device.
template <typename Device>
void ReadDeviceAddress(XmlReader* reader, pugi::xml_node element, Device* device) {
  ReadBusAddress(reader, element, device->mutable_address());
}
void WriteBusAddress(XmlWriter* writer, const v1::DeviceAddress& address);
void WriteAlias(XmlWriter* writer, const std::string& alias);
void WriteBootOrder(XmlWriter* writer, uint32_t order);
void ReadRom(XmlReader* reader, pugi::xml_node element, v1::OptionRom* rom);
void WriteRom(XmlWriter* writer, const v1::OptionRom& rom);

// domain_xml_character.cc. What of a console is left open is written as libvirt fills it in: its place is its port.
void ReadConsole(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteConsole(XmlWriter* writer, const v1::Console& console, int place, absl::string_view default_target);
void ReadSerial(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void ReadParallel(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void ReadChannel(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteCharacterDevice(XmlWriter* writer, absl::string_view name, const v1::CharacterDevice& device, int place);

// domain_xml_character_users.cc: other devices with the same sources
void ReadSmartcard(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteSmartcard(XmlWriter* writer, const v1::Smartcard& card);
void ReadRedirectedDevice(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteRedirectedDevice(XmlWriter* writer, const v1::RedirectedDevice& device);
void ReadRng(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteRng(XmlWriter* writer, const v1::RandomNumberGenerator& rng);

// domain_xml_graphics.cc
void ReadGraphics(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteGraphics(XmlWriter* writer, const v1::Graphics& graphics);

// domain_xml_hardware.cc: controllers and the devices that have few fields
void ReadController(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void ReadInput(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void ReadTpm(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void ReadSound(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void ReadAudio(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void ReadVideo(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void ReadWatchdog(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void ReadMemoryBalloon(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void ReadPanic(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void ReadHub(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteControllers(XmlWriter* writer, const v1::Devices& devices);
void WriteInputs(XmlWriter* writer, const v1::Devices& devices);
void WriteSoundsAndVideos(XmlWriter* writer, const v1::Devices& devices);
void WriteWatchdogsAndBalloon(XmlWriter* writer, const v1::Devices& devices);
void WritePanics(XmlWriter* writer, const v1::Devices& devices);

// domain_xml_cpu.cc
void ReadCpu(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteCpu(XmlWriter* writer, const v1::Cpu& cpu);
void ReadVcpus(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteVcpus(XmlWriter* writer, const v1::DomainSpec& spec);

// domain_xml_cputune.cc
void ReadCpuTuning(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
// `active`: with the names that a running guest's groups of caches have.
void WriteCpuTuning(XmlWriter* writer, const v1::CpuTuning& cpu, bool active);

// domain_xml_launch.cc
void ReadLaunchSecurity(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteLaunchSecurity(XmlWriter* writer, const v1::LaunchSecurity& security);
void ReadQemuCommandLine(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void ReadXenCommandLine(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteCommandLine(XmlWriter* writer, const v1::EmulatorCommandLine& line);

// domain_xml_filesystem.cc
void ReadFilesystem(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteFilesystem(XmlWriter* writer, const v1::Filesystem& filesystem);

// domain_xml_disk.cc
void ReadDisk(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteDisk(XmlWriter* writer, const v1::Disk& disk);

// domain_xml_interface.cc
void ReadInterface(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteInterface(XmlWriter* writer, const v1::Interface& interface);

// domain_xml_switch.cc: how an interface is joined to a switch
void ReadVlan(XmlReader* reader, pugi::xml_node element, v1::Interface* interface);
void ReadVirtualPort(XmlReader* reader, pugi::xml_node element, v1::Interface* interface);
void ReadBandwidth(XmlReader* reader, pugi::xml_node element, v1::Interface* interface);
void ReadFilter(XmlReader* reader, pugi::xml_node element, v1::Interface* interface);
void WriteSwitch(XmlWriter* writer, const v1::Interface& interface);
void WriteFilter(XmlWriter* writer, const v1::NetworkFilterReference& filter);

// domain_xml_address.cc: <ip> and <route>
void ReadAddress(XmlReader* reader, pugi::xml_node element, v1::InterfaceAddress* address);
void ReadRoute(XmlReader* reader, pugi::xml_node element, v1::InterfaceRoute* route);
void WriteAddress(XmlWriter* writer, const v1::InterfaceAddress& address);
void WriteRoute(XmlWriter* writer, const v1::InterfaceRoute& route);

// domain_xml_hostdev.cc
void ReadHostDevice(XmlReader* reader, pugi::xml_node element, v1::Devices* devices);
void WriteHostDevice(XmlWriter* writer, const v1::HostDevice& device);

// domain_xml_seclabel.cc
void ReadSecurityLabel(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
void WriteSecurityLabel(XmlWriter* writer, const v1::SecurityLabel& label);

// domain_xml_lxc.cc: libvirt's own namespace for LXC
void ReadLxcNamespace(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec);
// The first process of the host is in the host's namespaces: sharing its network is how a document asks for the host's.
// Called when the whole document is read.
void ResolveHostNetwork(v1::DomainSpec* spec);
void WriteLxcNamespace(XmlWriter* writer, const v1::DomainSpec& spec);
bool HasLxcNamespace(const v1::DomainSpec& spec);

}  // namespace reeve::formats
