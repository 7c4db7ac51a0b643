#include "drivers/lxc/capabilities_xml.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace reeve::lxc {
namespace {

std::string Guest(const std::string& architecture, int word_size) {
  return absl::StrCat("  <guest>\n    <os_type>exe</os_type>\n    <arch name='", architecture, "'>\n      <wordsize>",
                      word_size, "</wordsize>\n      <domain type='lxc'/>\n    </arch>\n  </guest>\n");
}

}  // namespace

std::string CapabilitiesXml(const std::string& machine) {
  const std::string architecture =
      absl::StrReplaceAll(machine, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"'", "&apos;"}});
  std::string xml = absl::StrCat("<capabilities>\n  <host>\n    <cpu>\n      <arch>", architecture,
                                 "</arch>\n    </cpu>\n    <power_management/>\n  </host>\n");
  const bool x86_64 = machine == "x86_64";
  absl::StrAppend(&xml, Guest(architecture, x86_64 || machine == "aarch64" ? 64 : 32));
  if (x86_64) absl::StrAppend(&xml, Guest("i686", 32));
  absl::StrAppend(&xml, "</capabilities>\n");
  return xml;
}

}  // namespace reeve::lxc
