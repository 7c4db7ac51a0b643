#include "cli/node_device_text.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "cli/text.h"

namespace reeve::cli {
namespace {

constexpr char kPrefix[] = "nodeDevices/";
constexpr char kRoot[] = "computer";

std::string ShortName(const v1::NodeDevice& device) {
  return std::string(absl::StripPrefix(device.name(), kPrefix));
}

// Devices by their parents.
class Tree {
 public:
  explicit Tree(const v1::ListNodeDevicesResponse& list) {
    for (const v1::NodeDevice& device : list.devices()) children_[device.parent()].push_back(ShortName(device));
  }
  std::string Print() {
    text_ = absl::StrCat(kRoot, "\n");
    Below(kRoot, "  ");
    while (absl::EndsWith(text_, "\n\n")) text_.pop_back();
    return text_;
  }

 private:
  // Whether there was anything. The children are taken out: who is its own ancestor comes once.
  bool Below(const std::string& parent, const std::string& indent) {
    const auto found = children_.find(parent);
    if (found == children_.end()) return false;
    const std::vector<std::string> names = std::move(found->second);
    children_.erase(found);
    absl::StrAppend(&text_, indent, "|\n");
    bool parted = false;
    for (size_t i = 0; i < names.size(); ++i) {
      const bool last = i + 1 == names.size();
      absl::StrAppend(&text_, indent, "+- ", Escape(names[i]), "\n");
      parted = Below(names[i], absl::StrCat(indent, last ? " " : "|", "   "));
    }
    if (!parted) absl::StrAppend(&text_, absl::StripTrailingAsciiWhitespace(indent), "\n");
    return true;
  }

  std::map<std::string, std::vector<std::string>> children_;
  std::string text_;
};

}  // namespace

std::string NodeDeviceName(absl::string_view text) {
  if (absl::StartsWith(text, kPrefix)) return std::string(text);
  const auto colons = std::count(text.begin(), text.end(), ':');
  if (colons == 0) return absl::StrCat(kPrefix, text);
  const std::string parts = absl::StrReplaceAll(absl::AsciiStrToLower(text), {{":", "_"}, {".", "_"}});
  return absl::StrCat(kPrefix, "pci_", colons == 1 ? "0000_" : "", parts);
}

std::string NodeDeviceLines(const v1::ListNodeDevicesResponse& list) {
  std::string text;
  for (const v1::NodeDevice& device : list.devices()) absl::StrAppend(&text, Escape(ShortName(device)), "\n");
  return text;
}

std::string NodeDeviceTree(const v1::ListNodeDevicesResponse& list) {
  return Tree(list).Print();
}

}  // namespace reeve::cli
