#include "drivers/lxc/capabilities_xml.h"

#include "formats/capabilities_xml.h"

namespace reeve::lxc {
namespace {

void AddGuest(const std::string& architecture, uint32_t word_size, v1::HostCapabilities* capabilities) {
  v1::GuestCapability* guest = capabilities->add_guests();
  guest->set_os_type("exe");
  guest->set_architecture(architecture);
  guest->set_word_size(word_size);
  guest->add_domains()->set_type("lxc");
}

}  // namespace

std::string CapabilitiesXml(const std::string& machine) {
  v1::HostCapabilities capabilities;
  capabilities.mutable_host()->mutable_cpu()->set_architecture(machine);
  capabilities.mutable_host()->mutable_power_management();
  const bool x86_64 = machine == "x86_64";
  AddGuest(machine, x86_64 || machine == "aarch64" ? 64 : 32, &capabilities);
  if (x86_64) AddGuest("i686", 32, &capabilities);
  return formats::WriteCapabilitiesXml(capabilities);
}

}  // namespace reeve::lxc
