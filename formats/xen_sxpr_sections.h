// The sections of a domain of xend, each in a file of its own. Only for formats/xen_sxpr*.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "formats/s_expression.h"
#include "formats/xen_sxpr_reader.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// Where the sections stand in what is read.
struct XenSxprTree {
  const SExpression& root;
  // "(hvm ...)" or "(linux ...)"; null without an image.
  const SExpression* image = nullptr;
  bool hvm = false;
  // The domid, where names of the running domain are wanted.
  std::optional<int64_t> id = {};
};

// What is written, and what was found to have no form: "spec.devices.graphics[0].type is spice".
struct XenSxprDraft {
  SExpression list;
  std::vector<std::string> faults = {};

  void AddQuoted(absl::string_view head, absl::string_view text);
  void AddAtom(absl::string_view head, absl::string_view text);
  void AddNumber(absl::string_view head, int64_t number);
  // An atom, in quotes where it would not be one without.
  void AddWord(absl::string_view head, absl::string_view text);
  // "(device ITEM)".
  void AddDevice(SExpression item);
};

// "spec.devices.disks[3]".
std::string XenSxprDevicePath(absl::string_view list, int index);

// xen_sxpr_os.cc: kernel, loader, boot order, features, clock.
void ReadXenSxprOs(XenSxprReader* reader, const XenSxprTree& tree, v1::DomainSpec* spec);
void WriteXenSxprBootloader(const v1::DomainSpec& spec, XenSxprDraft* root);
void WriteXenSxprKernel(const v1::DomainSpec& spec, XenSxprDraft* image);
void WriteXenSxprFeatures(const v1::DomainSpec& spec, XenSxprDraft* image);
// Whether the guest's clock is set to local time; nothing where there is no form for it, which is a fault.
std::optional<bool> WriteXenSxprClock(const v1::DomainSpec& spec, XenSxprDraft* image);

// xen_sxpr_cpu.cc: memory, virtual CPUs.
void ReadXenSxprSize(XenSxprReader* reader, const XenSxprTree& tree, v1::DomainSpec* spec);
void WriteXenSxprSize(const v1::DomainSpec& spec, XenSxprDraft* root);
void WriteXenSxprVcpus(const v1::DomainSpec& spec, XenSxprDraft* list);

// xen_sxpr_disk.cc: disks; floppies stand in the image.
void ReadXenSxprDisks(XenSxprReader* reader, const XenSxprTree& tree, absl::Span<const SExpression* const> devices,
                      v1::Devices* result);
void WriteXenSxprFloppies(const v1::Devices& devices, XenSxprDraft* image);
void WriteXenSxprDisks(const v1::DomainSpec& spec, XenSxprDraft* root);

// xen_sxpr_network.cc: interfaces.
void ReadXenSxprInterfaces(XenSxprReader* reader, const XenSxprTree& tree, absl::Span<const SExpression* const> devices,
                           v1::Devices* result);
void WriteXenSxprInterfaces(const v1::DomainSpec& spec, XenSxprDraft* root);

// xen_sxpr_pci.cc: devices of the host.
void ReadXenSxprPci(XenSxprReader* reader, absl::Span<const SExpression* const> devices, v1::Devices* result);
void WriteXenSxprPci(const v1::Devices& devices, XenSxprDraft* root);

// xen_sxpr_display.cc: displays, which HVM has in the image and PV as a device.
void ReadXenSxprDisplays(XenSxprReader* reader, const XenSxprTree& tree, absl::Span<const SExpression* const> devices,
                         v1::Devices* result);
void WriteXenSxprImageDisplay(const v1::Devices& devices, XenSxprDraft* image);
void WriteXenSxprDeviceDisplay(const v1::Devices& devices, XenSxprDraft* root);

// xen_sxpr_ports.cc: ports, sound cards and USB devices of HVM.
void ReadXenSxprPorts(XenSxprReader* reader, const XenSxprTree& tree, v1::Devices* result);
void WriteXenSxprPorts(const v1::Devices& devices, XenSxprDraft* image);

}  // namespace reeve::formats
