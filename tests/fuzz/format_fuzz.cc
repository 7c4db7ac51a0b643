// All fuzz targets; README.md tells what each must hold. --target=NAME chooses one, --list prints the names.
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/config.h"
#include "drivers/saved_image.h"
#include "drivers/xen/libvirt_image.h"
#include "formats/network_update.h"
#include "formats/network_xml.h"
#include "formats/registry.h"
#include "proto/status.h"
#include "tests/formats/round_trip.h"
#include "tests/fuzz/access_targets.h"
#include "tests/fuzz/broken.h"
#include "util/fd.h"
#include "util/full_io.h"

namespace reeve::formats {
namespace {

using fuzz::Broken;

void TryDocument(Format format, Kind kind, absl::string_view text) {
  const RoundTrip trip = TryRoundTrip(format, kind, text);
  if (!trip.broken.empty()) Broken(trip.broken, text);
}

void TryUpdate(absl::string_view text) {
  constexpr char kNetwork[] =
      "<network><name>n</name><forward mode='nat'><interface dev='eth0'/></forward><bridge name='br0'/><dns><txt "
      "name='a' value='b'/></dns><ip address='192.0.2.1' netmask='255.255.255.0'><dhcp><range start='192.0.2.2' "
      "end='192.0.2.9'/><host mac='52:54:00:00:00:01' name='h' ip='192.0.2.3'/></dhcp></ip></network>";
  if (text.size() < 3) return;
  constexpr const char* kCommands[] = {"modify", "delete", "add-last", "add-first"};
  constexpr const char* kSections[] = {"ip-dhcp-range", "ip-dhcp-host", "forward-interface", "portgroup", "dns-host",
                                       "dns-txt",       "dns-srv"};
  const auto command = UpdateCommandFromName(kCommands[static_cast<uint8_t>(text[0]) % 4]);
  const auto section = UpdateSectionFromName(kSections[static_cast<uint8_t>(text[1]) % 7]);
  auto network = ParseNetworkXml(kNetwork);
  if (!network.ok() || !command || !section) return;
  const int index = static_cast<uint8_t>(text[2]) % 4 - 1;
  if (!ApplyNetworkUpdate(&*network, *command, *section, index, text.substr(3)).ok()) return;
  TryDocument(Format::kXml, Kind::kNetwork, WriteNetworkXml(*network));
}

void TryConfig(absl::string_view text) {
  const auto parsed = ParseConfig(text, "fuzz.toml");
  if (!parsed.problems.empty()) return;
  const std::string written = ConfigText(parsed.config);
  const auto again = ParseConfig(written, "fuzz.toml");
  if (!again.problems.empty()) Broken("a configuration that was written has problems", written, again.problems[0]);
  if (!(again.config == parsed.config)) Broken("a configuration is another one after it was written", text, written);
}

// A head of a saved guest's file is refused with a reason, or written and read as the same.
void TryImage(absl::string_view text) {
  const util::UniqueFd file(memfd_create("image", MFD_CLOEXEC));
  if (!file || !util::WriteFully(file.get(), text).ok()) return;
  const bool libvirt = xen::IsLibvirtImage(file.get());
  const auto image = libvirt ? xen::ReadLibvirtImageHead(file.get()) : drivers::ReadImageHead(file.get(), "xen");
  if (!image.ok()) {
    if (ReasonOf(image.status()) != v1::REASON_IMAGE_INVALID) Broken("a refusal without its reason", text);
    return;
  }
  const util::UniqueFd copy(memfd_create("copy", MFD_CLOEXEC));
  if (!copy || !drivers::WriteImageHead(copy.get(), image->head).ok()) return;
  const auto again = drivers::ReadImageHead(copy.get(), "xen");
  if (!again.ok()) Broken("a head that was written cannot be read", text, again.status().message());
  if (again->head.SerializeAsString() != image->head.SerializeAsString()) Broken("a head is another one", text);
}

struct Target {
  std::string name;
  // Null: a document of that format and kind.
  void (*run)(absl::string_view text) = nullptr;
  Format format = Format::kXml;
  Kind kind = Kind::kDomain;
};

// The first byte chooses the kind of the model that the rest is a text of.
template <Format kForm>
void TryModel(absl::string_view text) {
  if (text.empty()) return;
  const std::vector<Kind> kinds = AllKinds();
  TryDocument(kForm, kinds[static_cast<uint8_t>(text[0]) % kinds.size()], text.substr(1));
}

std::vector<Target> AllTargets() {
  std::vector<Target> targets;
  for (const Kind kind : AllKinds()) {
    targets.push_back({.name = absl::StrCat("xml-", NameOf(kind)), .kind = kind});
  }
  for (const Format format : AllFormats()) {
    const bool special = format == Format::kXml || format == Format::kJson || format == Format::kTextproto;
    if (!special && CanRead(format, Kind::kDomain)) {
      targets.push_back({.name = std::string(NameOf(format)), .format = format});
    }
  }
  targets.push_back({.name = "json", .run = TryModel<Format::kJson>});
  targets.push_back({.name = "textproto", .run = TryModel<Format::kTextproto>});
  targets.push_back({.name = "network-update", .run = TryUpdate});
  targets.push_back({.name = "config", .run = TryConfig});
  targets.push_back({.name = "saved-image", .run = TryImage});
  for (const fuzz::AccessTarget& target : fuzz::AccessTargets())
    targets.push_back({.name = target.name, .run = target.run});
  return targets;
}

// Set once, before the first input.
std::optional<Target>& Chosen() {
  static auto* chosen = new std::optional<Target>();
  return *chosen;
}

}  // namespace

void RunTarget(absl::string_view text) {
  const Target& target = *Chosen();
  if (target.run != nullptr) return target.run(text);
  TryDocument(target.format, target.kind, text);
}

void ChooseTarget(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    const bool list = argument == "--list";
    const bool named = absl::ConsumePrefix(&argument, "--target=");
    for (const Target& target : AllTargets()) {
      if (list) std::printf("%s\n", target.name.c_str());
      if (named && target.name == argument) Chosen() = target;
    }
    if (list) std::exit(0);
  }
  if (Chosen()) return;
  std::fprintf(stderr, "format_fuzz: --target=NAME is missing or not one of --list\n");
  std::exit(2);
}

}  // namespace reeve::formats

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  reeve::formats::ChooseTarget(*argc, *argv);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reeve::formats::RunTarget({reinterpret_cast<const char*>(data), size});
  return 0;
}
