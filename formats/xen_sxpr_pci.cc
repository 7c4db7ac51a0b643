// Devices of the host: "(device (pci (dev (domain 0x0000)(bus 0x00)(slot 0x1b)(func 0x0))))", all below one device.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "formats/xen_sxpr_sections.h"

namespace reeve::formats {
namespace {

constexpr absl::string_view kWithoutEffect[] = {"uuid", "backend", "backend-name"};
constexpr absl::string_view kDeviceWithoutEffect[] = {"uuid", "vslot", "vslt", "vdevfn", "key", "opts"};
constexpr int64_t kMaxDomain = 0xffff;

struct Part {
  absl::string_view head;
  int64_t most;
  void (v1::HostPciDevice::*set)(uint32_t);
};
constexpr Part kParts[] = {
    {"domain", kMaxDomain, &v1::HostPciDevice::set_domain},
    {"bus", 255, &v1::HostPciDevice::set_bus},
    {"slot", 31, &v1::HostPciDevice::set_slot},
    {"func", 7, &v1::HostPciDevice::set_function},
};

}  // namespace

void ReadXenSxprPci(XenSxprReader* reader, absl::Span<const SExpression* const> devices, v1::Devices* result) {
  for (const SExpression* device : devices) {
    for (const SExpression* list : reader->TakeAll(*device, "pci")) {
      for (const SExpression* one : reader->TakeAll(*list, "dev")) {
        reader->Remember(XenSxprDevicePath("host_devices", result->host_devices_size()), *one);
        v1::HostPciDevice* pci = result->add_host_devices()->mutable_pci();
        for (const Part& part : kParts) {
          if (reader->Take(*one, part.head) == nullptr) reader->Fail(*one, absl::StrCat("has no ", part.head));
          if (const auto number = reader->Number(*one, part.head, 0, part.most)) {
            (pci->*part.set)(static_cast<uint32_t>(*number));
          }
        }
        reader->Finish(*one, kDeviceWithoutEffect);
      }
      reader->Finish(*list, kWithoutEffect);
    }
  }
}

void WriteXenSxprPci(const v1::Devices& devices, XenSxprDraft* root) {
  SExpression list = SExpression::List("pci");
  for (int i = 0; i < devices.host_devices_size(); ++i) {
    const v1::HostDevice& device = devices.host_devices(i);
    if (!device.has_pci()) {
      root->faults.push_back(absl::StrCat(XenSxprDevicePath("host_devices", i),
                                          " is not of PCI, which alone has a form in S-expressions"));
      continue;
    }
    const v1::HostPciDevice& pci = device.pci();
    const auto part = [](absl::string_view head, std::string number) {
      return SExpression::List(head, {SExpression::Atom(number)});
    };
    list.Add(SExpression::List(
        "dev",
        {part("domain", absl::StrFormat("0x%04x", pci.domain())), part("bus", absl::StrFormat("0x%02x", pci.bus())),
         part("slot", absl::StrFormat("0x%02x", pci.slot())), part("func", absl::StrFormat("0x%x", pci.function()))}));
  }
  if (list.items.size() > 1) root->AddDevice(std::move(list));
}

}  // namespace reeve::formats
