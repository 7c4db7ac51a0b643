// What libvirt's Xen driver adds to a domain when it reads its document. Pure, thread-safe.
#pragma once

#include "absl/strings/string_view.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// What a host with Xen on x86_64 has.
inline constexpr absl::string_view kXenLoader = "/usr/lib/xen/boot/hvmloader";
inline constexpr absl::string_view kXenUefiLoader = "/usr/lib/xen/boot/ovmf.bin";

// Whether all of the machine is emulated: neither PV nor PVH.
inline bool IsXenHvm(const v1::DomainSpec& spec) {
  return spec.os().type() == "hvm";
}

// Adds what libvirt 9.0 adds (libxlDomainDefPostParse and what every driver of machines does): machine type, console,
// mouse and keyboard, memory balloon, video card of a display, xenbus and the controllers of disks, drivers and formats
// of disks and host devices, addresses of disks that follow from their names, PAE of HVM. What is there is kept; done
// twice it is as done once. An emulator is not added: libvirt leaves it open until the start.
void AddXenDefaults(v1::DomainSpec* spec);

// The same for a domain of xend, as libvirt 4.5 did: no machine type, xenbus, host device drivers or PAE; disks are
// booted from where nothing is said.
void AddXendDefaults(v1::DomainSpec* spec);

}  // namespace reeve::formats
