// What is booted, features and the clock.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "formats/text.h"
#include "formats/xen_sxpr_sections.h"

namespace reeve::formats {
namespace {

struct BootLetter {
  char letter;
  absl::string_view device;
};
constexpr BootLetter kBootLetters[] = {{'a', "fd"}, {'c', "hd"}, {'d', "cdrom"}, {'n', "network"}};

void ReadBoot(XenSxprReader* reader, const SExpression& image, v1::OperatingSystem* os) {
  const auto letters = reader->Text(image, "boot");
  if (letters) {
    for (const char letter : *letters) {
      const auto* found = std::find_if(std::begin(kBootLetters), std::end(kBootLetters),
                                       [letter](const BootLetter& row) { return row.letter == letter; });
      if (found == std::end(kBootLetters)) {
        reader->Fail(*reader->Take(image, "boot"),
                     absl::StrCat("is '", Printable(*letters), "', not of a, c, d and n"));
        return;
      }
      os->add_boot_devices(std::string(found->device));
    }
  }
  if (os->boot_devices().empty()) os->add_boot_devices("hd");
}

// Old xend calls the loader kernel, and has no other one.
void ReadLoader(XenSxprReader* reader, const SExpression& image, v1::OperatingSystem* os) {
  std::string loader;
  reader->Text(image, "loader", &loader);
  if (loader.empty() || loader == os->kernel()) {
    loader = os->kernel();
    os->clear_kernel();
  }
  if (loader.empty()) return reader->Fail(image, "has neither loader nor kernel");
  os->mutable_loader()->set_path(loader);
  os->mutable_loader()->set_type("rom");
}

void ReadFeatures(XenSxprReader* reader, const SExpression& image, v1::DomainSpec* spec) {
  v1::Features features;
  if (reader->Flag(image, "acpi")) features.set_acpi(true);
  if (reader->Flag(image, "apic")) features.set_apic(true);
  if (reader->Flag(image, "pae")) features.set_pae(true);
  if (reader->Flag(image, "hap")) features.set_hap(true);
  if (reader->Flag(image, "viridian")) features.set_viridian(true);
  if (features.ByteSizeLong() != 0) *spec->mutable_features() = features;
}

// What the image says of the time is stronger than what the domain says.
void ReadClock(XenSxprReader* reader, const XenSxprTree& tree, v1::Clock* clock) {
  bool local = reader->Flag(tree.root, "localtime");
  if (tree.image != nullptr && reader->Text(*tree.image, "localtime")) local = reader->Flag(*tree.image, "localtime");
  const char* basis = local ? "localtime" : "utc";
  if (!tree.hvm) {
    // The offset cannot be changed by the guest.
    clock->set_offset(basis);
    clock->set_adjustment("reset");
    return;
  }
  constexpr int64_t kMost = 0x7fffffff;
  clock->set_offset("variable");
  clock->set_adjustment(absl::StrCat(reader->Number(*tree.image, "rtc_timeoffset", -kMost, kMost).value_or(0)));
  clock->set_basis(basis);
  if (reader->Text(*tree.image, "hpet")) {
    v1::ClockTimer* timer = clock->add_timers();
    timer->set_name("hpet");
    timer->set_present(reader->Flag(*tree.image, "hpet"));
  }
}

}  // namespace

void ReadXenSxprOs(XenSxprReader* reader, const XenSxprTree& tree, v1::DomainSpec* spec) {
  v1::OperatingSystem* os = spec->mutable_os();
  os->set_type(tree.hvm ? "hvm" : "linux");
  reader->Remember("spec.os", tree.image == nullptr ? tree.root : *tree.image);
  if (!tree.hvm) {
    if (reader->Take(tree.root, "bootloader") != nullptr) {
      os->set_bootloader(std::string(reader->Text(tree.root, "bootloader").value_or("")));
    }
    reader->Text(tree.root, "bootloader_args", os->mutable_bootloader_arguments());
  }
  if (tree.image != nullptr) {
    const SExpression& image = *tree.image;
    reader->Text(image, "kernel", os->mutable_kernel());
    reader->Text(image, "ramdisk", os->mutable_initrd());
    reader->Text(image, "args", os->mutable_command_line());
    if (const auto root = reader->Text(image, "root")) {
      // As xend gives it to the kernel.
      os->set_command_line(absl::StrCat("root=", *root, os->command_line().empty() ? "" : " ", os->command_line()));
    }
    reader->Text(image, "device_model", spec->mutable_devices()->mutable_emulator());
    if (tree.hvm) {
      ReadLoader(reader, image, os);
      ReadBoot(reader, image, os);
      ReadFeatures(reader, image, spec);
    } else if (os->kernel().empty() && !os->has_bootloader()) {
      reader->Fail(image, "has no kernel, and there is no bootloader");
    }
  }
  ReadClock(reader, tree, spec->mutable_clock());
}

void WriteXenSxprBootloader(const v1::DomainSpec& spec, XenSxprDraft* root) {
  const v1::OperatingSystem& os = spec.os();
  if (!os.has_bootloader()) return;
  if (os.bootloader().empty()) {
    root->list.Add(SExpression::List("bootloader"));
  } else {
    root->AddQuoted("bootloader", os.bootloader());
  }
  if (!os.bootloader_arguments().empty()) root->AddQuoted("bootloader_args", os.bootloader_arguments());
}

void WriteXenSxprKernel(const v1::DomainSpec& spec, XenSxprDraft* image) {
  const v1::OperatingSystem& os = spec.os();
  const bool hvm = os.type() == "hvm";
  if (!os.kernel().empty()) image->AddQuoted("kernel", os.kernel());
  if (!os.initrd().empty()) image->AddQuoted("ramdisk", os.initrd());
  if (!os.command_line().empty()) image->AddQuoted("args", os.command_line());
  if (!hvm) {
    if (os.kernel().empty() && !os.has_bootloader()) {
      image->faults.push_back("spec.os.kernel is missing, and there is no bootloader");
    }
    return;
  }
  if (os.loader().path().empty()) image->faults.push_back("spec.os.loader.path is missing, which hvm needs");
  image->AddQuoted(os.kernel().empty() ? "kernel" : "loader", os.loader().path());
  WriteXenSxprVcpus(spec, image);
  std::string boot;
  for (const std::string& device : os.boot_devices()) {
    for (const BootLetter& row : kBootLetters) {
      if (row.device == device) boot.push_back(row.letter);
    }
  }
  image->AddAtom("boot", boot.empty() ? "c" : boot);
}

void WriteXenSxprFeatures(const v1::DomainSpec& spec, XenSxprDraft* image) {
  const v1::Features& features = spec.features();
  if (features.acpi()) image->AddNumber("acpi", 1);
  if (features.apic()) image->AddNumber("apic", 1);
  if (features.pae()) image->AddNumber("pae", 1);
  if (features.hap()) image->AddNumber("hap", 1);
  if (features.viridian()) image->AddNumber("viridian", 1);
}

std::optional<bool> WriteXenSxprClock(const v1::DomainSpec& spec, XenSxprDraft* image) {
  const v1::Clock& clock = spec.clock();
  const bool hvm = spec.os().type() == "hvm";
  const std::string& offset = clock.offset();
  const bool variable = offset == "variable";
  if (!(offset.empty() || offset == "utc" || offset == "localtime") && !(hvm && variable)) {
    image->faults.push_back(absl::StrCat("spec.clock.offset is ", offset, ", which has no form for ",
                                         hvm ? "HVM" : "PV", " in S-expressions"));
    return std::nullopt;
  }
  const bool local = variable ? clock.basis() == "localtime" : offset == "localtime";
  if (hvm) {
    int64_t seconds = 0;
    if (variable && !clock.adjustment().empty() && !absl::SimpleAtoi(clock.adjustment(), &seconds)) {
      image->faults.push_back("spec.clock.adjustment is not a number of seconds");
    }
    image->AddNumber("rtc_timeoffset", seconds);
  }
  image->AddNumber("localtime", local ? 1 : 0);
  return local;
}

}  // namespace reeve::formats
