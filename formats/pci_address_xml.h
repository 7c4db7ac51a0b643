// <address domain='0x0000' bus='0x03' slot='0x00' function='0x1'/>, which several documents have.
#pragma once

#include "formats/xml_reader.h"
#include "formats/xml_writer.h"
#include "reeve/v1/device_address.pb.h"

namespace reeve::formats {

enum class PciAddressForm {
  kPlain,
  kTyped,  // with type='pci', which is then required
};

void ReadPciAddress(XmlReader* reader, pugi::xml_node element, PciAddressForm form, v1::PciDeviceAddress* address);
void WritePciAddress(XmlWriter* writer, PciAddressForm form, const v1::PciDeviceAddress& address);
bool IsSamePciAddress(const v1::PciDeviceAddress& left, const v1::PciDeviceAddress& right);

}  // namespace reeve::formats
