// The <capabilities> document of the LXC driver.
#pragma once

#include <string>

namespace reeve::lxc {

// What libvirt's clients look at: host architecture, guest types "exe" with their architectures. `machine` is that of
// uname(2). Pure.
std::string CapabilitiesXml(const std::string& machine);

}  // namespace reeve::lxc
