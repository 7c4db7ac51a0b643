// What is booted: type, firmware, kernel, boot loader.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "formats/text.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"

namespace reeve::formats {
namespace {

constexpr std::pair<char, absl::string_view> kBootLetters[] = {
    {'a', "fd"}, {'c', "hd"}, {'d', "cdrom"}, {'n', "network"}};

void SetText(const std::optional<XenPiece>& piece, std::string* text) {
  if (piece) *text = std::string(piece->text);
}

void ReadBootOrder(XenConfigReader* reader, v1::OperatingSystem* os) {
  const auto boot = reader->TakeFilledText("boot");
  if (!boot) {
    os->add_boot_devices("hd");
    return;
  }
  for (size_t i = 0; i < boot->text.size(); ++i) {
    absl::string_view device;
    for (const auto& [letter, name] : kBootLetters) {
      if (letter == boot->text[i]) device = name;
    }
    if (device.empty()) {
      reader->Fail(boot->offset + i, absl::StrCat("has '", Printable(boot->text), "', not letters of a, c, d and n"));
      return;
    }
    if (os->boot_devices_size() == 4) {
      reader->Fail(boot->offset + i, "has more than four devices");
      return;
    }
    os->add_boot_devices(std::string(device));
  }
  reader->Remember("spec.os.boot_devices", boot->offset);
}

// xl has the command line whole, or in the two parts that xm has.
void ReadCommandLine(XenConfigReader* reader, v1::OperatingSystem* os) {
  const auto whole = reader->dialect() == XenDialect::kXl ? reader->TakeText("cmdline") : std::nullopt;
  const auto root = reader->TakeText("root");
  const auto extra = reader->TakeText("extra");
  if (whole) {
    SetText(whole, os->mutable_command_line());
    for (const auto* part : {&root, &extra}) {
      if (*part) reader->Warn((*part)->offset, "is ignored, there is cmdline");
    }
  } else if (root) {
    os->set_command_line(absl::StrCat("root=", root->text, extra ? " " : "", extra ? extra->text : ""));
  } else {
    SetText(extra, os->mutable_command_line());
  }
  for (const auto* part : {&extra, &root, &whole}) {
    if (*part) reader->Remember("spec.os.command_line", (*part)->offset);
  }
}

void ReadFirmware(XenConfigReader* reader, v1::OperatingSystem* os) {
  v1::Loader* loader = os->mutable_loader();
  const auto bios = reader->TakeFilledText("bios");
  if (bios && bios->text == "ovmf") {
    loader->set_path(std::string(kXenUefiLoader));
    loader->set_type("pflash");
    loader->set_read_only(true);
    SetText(reader->TakeFilledText("bios_path_override"), loader->mutable_path());
  } else {
    if (bios && bios->text != "seabios") reader->Warn(bios->offset, "is ignored: there is no form for it");
    loader->set_path(std::string(kXenLoader));
    loader->set_type("rom");
    SetText(reader->TakeFilledText("firmware_override"), loader->mutable_path());
  }
  if (const auto table = reader->TakeFilledText("acpi_firmware")) {
    SetText(table, os->mutable_acpi_table());
    os->set_acpi_table_type("slic");
    reader->Remember("spec.os.acpi_table", table->offset);
  }
}

void ReadKernel(XenConfigReader* reader, v1::OperatingSystem* os) {
  SetText(reader->TakeFilledText("kernel"), os->mutable_kernel());
  SetText(reader->TakeFilledText("ramdisk"), os->mutable_initrd());
  ReadCommandLine(reader, os);
}

void ReadHvm(XenConfigReader* reader, v1::OperatingSystem* os) {
  if (reader->dialect() == XenDialect::kXm) {
    const auto loader = reader->TakeFilledText("kernel");
    if (!loader) reader->Fail(reader->OffsetOf("kernel"), ": an HVM guest of xm has no kernel, which is its firmware");
    SetText(loader, os->mutable_loader()->mutable_path());
    os->mutable_loader()->set_type("rom");
  } else {
    ReadFirmware(reader, os);
    ReadKernel(reader, os);
    if (absl::EndsWith(os->kernel(), "/hvmloader")) {
      // As xl does with files that were made for xm.
      reader->Warn(reader->OffsetOf("kernel"), "is the firmware and is ignored");
      os->clear_kernel();
    }
  }
  ReadBootOrder(reader, os);
}

void WriteBootOrder(const v1::OperatingSystem& os, XenConfigWriter* writer) {
  std::string letters;
  for (const std::string& device : os.boot_devices()) {
    for (const auto& [letter, name] : kBootLetters) {
      if (name == device) letters.push_back(letter);
    }
  }
  writer->Text("boot", letters.empty() ? "c" : letters);
}

void WriteKernel(const v1::OperatingSystem& os, XenConfigWriter* writer) {
  writer->OptionalText("kernel", os.kernel());
  writer->OptionalText("ramdisk", os.initrd());
  writer->OptionalText(writer->dialect == XenDialect::kXl ? "cmdline" : "extra", os.command_line());
}

void WriteHvm(const v1::OperatingSystem& os, XenConfigWriter* writer) {
  writer->Text("builder", "hvm");
  if (writer->dialect == XenDialect::kXm) {
    writer->OptionalText("kernel", os.loader().path());
  } else {
    const bool uefi = os.loader().type() == "pflash";
    if (uefi) writer->Text("bios", "ovmf");
    if (uefi && os.loader().path() != kXenUefiLoader) writer->OptionalText("bios_path_override", os.loader().path());
    if (!uefi && os.loader().path() != kXenLoader) writer->OptionalText("firmware_override", os.loader().path());
    writer->OptionalText("acpi_firmware", os.acpi_table());
    WriteKernel(os, writer);
  }
  WriteBootOrder(os, writer);
}

}  // namespace

void ReadXenType(XenConfigReader* reader, v1::DomainSpec* spec) {
  const auto type = reader->TakeFilledText("type");
  const auto builder = reader->TakeFilledText("builder");
  v1::OperatingSystem* os = spec->mutable_os();
  os->set_type("linux");
  if (!type) {
    if (builder && builder->text == "hvm") os->set_type("hvm");
  } else if (type->text == "hvm") {
    os->set_type("hvm");
  } else if (type->text == "pvh") {
    os->set_type("xenpvh");
  } else if (type->text != "pv") {
    reader->Fail(type->offset, absl::StrCat("has '", Printable(type->text), "', not hvm, pv or pvh"),
                 v1::REASON_DOCUMENT_UNKNOWN);
  }
}

void ReadXenBoot(XenConfigReader* reader, v1::DomainSpec* spec) {
  v1::OperatingSystem* os = spec->mutable_os();
  if (IsXenHvm(*spec)) return ReadHvm(reader, os);
  if (const auto bootloader = reader->TakeFilledText("bootloader")) os->set_bootloader(std::string(bootloader->text));
  SetText(reader->TakeFilledText("bootargs"), os->mutable_bootloader_arguments());
  ReadKernel(reader, os);
}

void WriteXenBoot(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  const v1::OperatingSystem& os = spec.os();
  if (IsXenHvm(spec)) return WriteHvm(os, writer);
  if (os.type() == "xenpvh") writer->Text("type", "pvh");
  writer->OptionalText("bootloader", os.bootloader());
  writer->OptionalText("bootargs", os.bootloader_arguments());
  WriteKernel(os, writer);
}

}  // namespace reeve::formats
