// What libvirt adds to a domain when it reads its document: devices that others imply. Pure, thread-safe.
#pragma once

#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// Adds what libvirt 9.0 adds to a domain of any hypervisor: the controllers of disks, channels and smart card readers
// with an address, and addresses of smart card readers (virDomainDefAddImplicitControllers). Disks of one bus are put
// in the order of their names, together. What is there is kept; done twice it is as done once.
void AddLibvirtDefaults(v1::DomainSpec* spec);

}  // namespace reeve::formats
