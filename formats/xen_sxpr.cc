#include "formats/xen_sxpr.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "formats/domain_name.h"
#include "formats/domain_words.h"
#include "formats/s_expression.h"
#include "formats/text.h"
#include "formats/uuid.h"
#include "formats/xen_defaults.h"
#include "formats/xen_sxpr_reader.h"
#include "formats/xen_sxpr_sections.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr int64_t kMaxDomid = 0x7fffffff;

// What xend says of a running domain, and settings of its own that the model does not have.
constexpr absl::string_view kRootWithoutEffect[] = {"access_control",
                                                    "actmem",
                                                    "bootloader",
                                                    "bootloader_args",
                                                    "change_home_server",
                                                    "console_mfn",
                                                    "console_port",
                                                    "cpu",
                                                    "cpu_cap",
                                                    "cpu_time",
                                                    "cpu_weight",
                                                    "cpuid",
                                                    "cpuid_check",
                                                    "cputopology",
                                                    "features",
                                                    "maxmem_static",
                                                    "memory_dynamic_max",
                                                    "memory_dynamic_min",
                                                    "memory_sharing",
                                                    "memory_static_max",
                                                    "memory_static_min",
                                                    "on_xend_start",
                                                    "on_xend_stop",
                                                    "online_vcpus",
                                                    "other_config",
                                                    "pool_name",
                                                    "s3_integrity",
                                                    "security",
                                                    "security_label",
                                                    "shadow_memory",
                                                    "start_time",
                                                    "state",
                                                    "status",
                                                    "store_mfn",
                                                    "store_port",
                                                    "superpages",
                                                    "suppress_spurious_page_faults",
                                                    "target",
                                                    "tsc_mode",
                                                    "up_time",
                                                    "vcpus_params",
                                                    "xend"};
constexpr absl::string_view kImageWithoutEffect[] = {"actmem",
                                                     "boot",
                                                     "cpuid",
                                                     "cpuid_check",
                                                     "device_id",
                                                     "display",
                                                     "extid",
                                                     "gfx_passthru",
                                                     "guest_os_type",
                                                     "hap",
                                                     "hpet",
                                                     "isa",
                                                     "keymap",
                                                     "loader",
                                                     "memory_sharing",
                                                     "monitor",
                                                     "nographic",
                                                     "nomigrate",
                                                     "notes",
                                                     "opengl",
                                                     "pae",
                                                     "parallel",
                                                     "pci",
                                                     "pci_msitranslate",
                                                     "pci_power_mgmt",
                                                     "rtc_timeoffset",
                                                     "s3_integrity",
                                                     "sdl",
                                                     "serial",
                                                     "shadow_memory",
                                                     "soundhw",
                                                     "stdvga",
                                                     "superpages",
                                                     "suppress_spurious_page_faults",
                                                     "timer_mode",
                                                     "tsc_mode",
                                                     "usb",
                                                     "usbdevice",
                                                     "vcpu_avail",
                                                     "vcpus",
                                                     "vhpt",
                                                     "videoram",
                                                     "vnc",
                                                     "vncconsole",
                                                     "vncdisplay",
                                                     "vnclisten",
                                                     "vncpasswd",
                                                     "vncunused",
                                                     "vpt_align",
                                                     "viridian",
                                                     "acpi",
                                                     "apic",
                                                     "xauthority",
                                                     "xen_extended_power_mgmt",
                                                     "xen_platform_pci",
                                                     "fda",
                                                     "fdb",
                                                     "cdrom"};
constexpr absl::string_view kDevicesWithoutEffect[] = {"vkbd", "console"};

// The kind of machine, below (image); null where there is none of a known kind.
const SExpression* ImageOf(XenSxprReader* reader, const SExpression& root, bool* hvm) {
  const SExpression* image = reader->Take(root, "image");
  if (image == nullptr || image->items.size() < 2) return nullptr;
  const SExpression& kind = image->items[1];
  *hvm = kind.is_list && kind.head() == "hvm";
  const bool known = *hvm || (kind.is_list && kind.head() == "linux");
  if (image->items.size() > 2 || !known) {
    reader->Fail(*image, "has not one of (linux) and (hvm)", v1::REASON_DOCUMENT_UNKNOWN);
    *hvm = false;
    return nullptr;
  }
  return &kind;
}

void ReadIdentity(XenSxprReader* reader, const SExpression& root, v1::Domain* domain) {
  const absl::string_view name = reader->Text(root, "name").value_or("");
  const SExpression* place = reader->Take(root, "name");
  if (place == nullptr) {
    reader->Fail(root, "has no name");
  } else if (const absl::Status status = CheckDomainName(name); !status.ok()) {
    reader->Fail(*place, absl::StrCat("is wrong: ", status.message()));
  }
  domain->set_name(DomainResourceName("xen", name));
  if (const auto text = reader->Text(root, "uuid")) {
    if (auto uuid = ParseUuid(*text); uuid.ok()) {
      domain->set_uid(*std::move(uuid));
    } else {
      reader->Fail(*reader->Take(root, "uuid"), absl::StrCat("is wrong: ", uuid.status().message()));
    }
  }
  reader->Text(root, "description", domain->mutable_spec()->mutable_description());
}

void ReadAction(XenSxprReader* reader, const SExpression& root, const char* head, const char* fallback,
                std::string* action) {
  *action = std::string(reader->Text(root, head).value_or(fallback));
  if (const SExpression* list = reader->Take(root, head)) {
    reader->Remember(absl::StrCat("spec.lifecycle_actions.", head), *list);
  }
}

// The domid of a domain that runs. The control domain, 0, is no guest.
std::optional<int64_t> ReadId(XenSxprReader* reader, const SExpression& root) {
  const auto id = reader->Number(root, "domid", -1, kMaxDomid);
  if (!id || *id == -1) return std::nullopt;
  if (*id == 0) reader->Fail(*reader->Take(root, "domid"), "is that of the control domain, which is no guest");
  return id;
}

void ReadDevices(XenSxprReader* reader, const XenSxprTree& tree, v1::DomainSpec* spec) {
  const std::vector<const SExpression*> devices = reader->TakeAll(tree.root, "device");
  v1::Devices* result = spec->mutable_devices();
  ReadXenSxprDisks(reader, tree, devices, result);
  ReadXenSxprInterfaces(reader, tree, devices, result);
  ReadXenSxprPci(reader, devices, result);
  ReadXenSxprDisplays(reader, tree, devices, result);
  ReadXenSxprPorts(reader, tree, result);
  for (const SExpression* device : devices) reader->Finish(*device, kDevicesWithoutEffect);
}

void ReadDomain(XenSxprReader* reader, const SExpression& root, bool running, std::optional<int64_t>* id,
                v1::Domain* domain) {
  if (root.head() != "domain" && root.head() != "vm") {
    return reader->Fail(root, "is neither (domain) nor (vm)", v1::REASON_DOCUMENT_UNKNOWN);
  }
  v1::DomainSpec* spec = domain->mutable_spec();
  *id = ReadId(reader, root);
  bool hvm = false;
  const SExpression* image = ImageOf(reader, root, &hvm);
  const XenSxprTree tree{.root = root, .image = image, .hvm = hvm, .id = running ? *id : std::nullopt};
  ReadIdentity(reader, root, domain);
  ReadXenSxprSize(reader, tree, spec);
  ReadXenSxprOs(reader, tree, spec);
  v1::LifecycleActions* actions = spec->mutable_lifecycle_actions();
  ReadAction(reader, root, "on_poweroff", "destroy", actions->mutable_on_poweroff());
  ReadAction(reader, root, "on_reboot", "restart", actions->mutable_on_reboot());
  ReadAction(reader, root, "on_crash", "destroy", actions->mutable_on_crash());
  ReadDevices(reader, tree, spec);
  if (image != nullptr) reader->Finish(*image, kImageWithoutEffect);
  reader->Finish(root, kRootWithoutEffect);
}

}  // namespace

absl::StatusOr<v1::Domain> ParseXenSxpr(absl::string_view text, std::vector<Warning>* warnings,
                                        std::optional<int64_t>* id) {
  size_t surplus = absl::string_view::npos;
  const auto root = ParseSExpression(text, &surplus);
  if (!root.ok()) return root.status();
  XenSxprReader reader(text, warnings == nullptr ? Strictness::kStrict : Strictness::kLenient);
  if (surplus != absl::string_view::npos) reader.WarnAt(surplus, "a parenthesis behind the expression is ignored");
  v1::Domain domain;
  std::optional<int64_t> found;
  ReadDomain(&reader, *root, id != nullptr, &found, &domain);
  if (id != nullptr) *id = found;
  if (reader.ToStatus().ok()) {
    AddXendDefaults(domain.mutable_spec());
    reader.Check(domain.spec());
  }
  if (absl::Status status = reader.ToStatus(); !status.ok()) return status;
  if (warnings != nullptr) *warnings = reader.Warnings();
  return domain;
}

}  // namespace reeve::formats
