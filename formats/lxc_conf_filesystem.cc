// Root and mounts of an lxc configuration.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "formats/lxc_conf_sections.h"

namespace reeve::formats {
namespace {

// What the driver mounts in every guest; an entry for it says nothing new.
constexpr std::array<absl::string_view, 7> kOwnMounts = {
    "/proc",          "/proc/sys", "/proc/sys/net/ipv4", "/proc/sys/net/ipv6", "/sys", "/sys/kernel/security",
    "/sys/fs/selinux"};

bool IsOctal(char character, char most) {
  return character >= '0' && character <= most;
}

// fstab(5) writes blanks in paths as \040.
std::string Unescaped(absl::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && IsOctal(text[i + 1], '3') && IsOctal(text[i + 2], '7') &&
        IsOctal(text[i + 3], '7')) {
      result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

v1::Filesystem* AddFilesystem(LxcConfLines* lines, const LxcConfLine& line, v1::DomainSpec* spec) {
  lines->Remember(absl::StrCat("spec.devices.filesystems[", spec->devices().filesystems_size(), "]"), line);
  v1::Filesystem* filesystem = spec->mutable_devices()->add_filesystems();
  filesystem->set_access_mode(v1::Filesystem::ACCESS_MODE_PASSTHROUGH);
  return filesystem;
}

void SetSource(std::string source, v1::Filesystem* filesystem) {
  filesystem->set_type(absl::StartsWith(source, "/dev/") ? v1::Filesystem::TYPE_BLOCK : v1::Filesystem::TYPE_MOUNT);
  filesystem->set_source(std::move(source));
}

absl::Status ReadEntry(LxcConfLines* lines, const LxcConfLine& line, v1::DomainSpec* spec) {
  const std::vector<absl::string_view> parts = LxcConfWords(line.value);
  if (parts.size() < 4) return LxcConfError(line, "has not the four fields source, target, type and options");
  std::string target = Unescaped(parts[1]);
  if (target[0] != '/') target = absl::StrCat("/", target);
  if (std::find(kOwnMounts.begin(), kOwnMounts.end(), target) != kOwnMounts.end()) return absl::OkStatus();

  const std::vector<absl::string_view> options = absl::StrSplit(parts[3], ',');
  v1::Filesystem* filesystem = AddFilesystem(lines, line, spec);
  filesystem->set_target(target);
  filesystem->set_read_only(std::find(options.begin(), options.end(), "ro") != options.end());
  if (parts[2] != "tmpfs") {
    SetSource(Unescaped(parts[0]), filesystem);
    return absl::OkStatus();
  }
  filesystem->set_type(v1::Filesystem::TYPE_RAM);
  for (absl::string_view option : options) {
    if (!absl::ConsumePrefix(&option, "size=")) continue;
    const auto bytes = LxcConfSize(line, option);
    if (!bytes.ok()) return bytes.status();
    filesystem->set_ram_size_kib(*bytes / 1024);
    return absl::OkStatus();
  }
  return LxcConfError(line, "has a tmpfs without the option size");
}

}  // namespace

absl::Status ReadLxcFilesystems(LxcConfLines* lines, v1::DomainSpec* spec) {
  const LxcConfLine* root = lines->Take({"lxc.rootfs.path", "lxc.rootfs"});
  if (root == nullptr || root->value.empty()) {
    LxcConfLine nowhere;
    nowhere.line = nowhere.column = 1;
    nowhere.key = "lxc.rootfs.path";
    return LxcConfError(root == nullptr ? nowhere : *root, "is missing");
  }
  absl::string_view source = root->value;
  absl::ConsumePrefix(&source, "dir:");
  v1::Filesystem* filesystem = AddFilesystem(lines, *root, spec);
  SetSource(std::string(source), filesystem);
  filesystem->set_target("/");

  for (const absl::string_view key : {"lxc.mount.fstab", "lxc.mount"}) {
    if (const LxcConfLine* line = lines->Take({key})) {
      return LxcConfError(*line, "is not read, say the mounts by lines of lxc.mount.entry",
                          v1::REASON_DOCUMENT_UNKNOWN);
    }
  }
  for (LxcConfLine& line : lines->lines()) {
    if (line.key != "lxc.mount.entry") continue;
    line.used = true;
    if (const absl::Status status = ReadEntry(lines, line, spec); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace reeve::formats
