// Images of Ceph, by the words of QEMU: "rbd:pool/image@snapshot:id=admin:mon_host=a\\:6321\\;b". What is special to
// these words has a backslash before it, and in the file each backslash is there twice.
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "formats/text.h"
#include "formats/xen_config_sections.h"

namespace reeve::formats {
namespace {

// The parts between separators that have no backslash before them.
std::vector<std::string> SplitUnescaped(absl::string_view text, absl::string_view separators) {
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      absl::StrAppend(&parts.back(), text.substr(i++, 2));
    } else if (absl::StrContains(separators, text[i])) {
      parts.emplace_back();
    } else {
      parts.back().push_back(text[i]);
    }
  }
  return parts;
}

std::string Unescaped(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out.push_back(text[i]);
  }
  return out;
}

// "name", "name\:6789", "[2001\:db8\:\:1]\:6789".
void ReadHost(XenConfigReader* reader, const XenPiece& target, absl::string_view text, v1::NetworkDiskSource* source) {
  const std::string whole = Unescaped(text);
  absl::string_view name = whole;
  absl::string_view port;
  const size_t bracket = name.rfind(']');
  const size_t colon = name.find(':', bracket == absl::string_view::npos ? 0 : bracket);
  if (colon != absl::string_view::npos) {
    port = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  if (absl::StartsWith(name, "[") && absl::EndsWith(name, "]")) name = name.substr(1, name.size() - 2);
  uint32_t number = 0;
  const bool has_port = colon != absl::string_view::npos;
  if (name.empty() || (has_port && (!absl::SimpleAtoi(port, &number) || number == 0 || number > 65535))) {
    reader->Fail(target.offset, absl::StrCat("has the monitor '", Printable(whole), "', not HOST or HOST:PORT"));
    return;
  }
  v1::DiskHost* host = source->add_hosts();
  host->set_name(std::string(name));
  if (has_port) host->set_port(number);
}

void ReadOption(XenConfigReader* reader, const XenPiece& target, absl::string_view option, v1::Disk* disk) {
  v1::NetworkDiskSource* source = disk->mutable_network_source();
  absl::string_view value = option;
  if (absl::ConsumePrefix(&value, "id=")) {
    disk->mutable_authentication()->set_username(Unescaped(value));
    disk->mutable_authentication()->set_secret_type("ceph");
  } else if (absl::ConsumePrefix(&value, "mon_host=")) {
    // Between two hosts is an escaped separator, but older files have it as it is.
    std::string hosts = absl::StrReplaceAll(value, {{"\\;", ";"}, {"\\,", ","}});
    for (const std::string& host : SplitUnescaped(hosts, ";,")) ReadHost(reader, target, host, source);
  } else if (absl::ConsumePrefix(&value, "conf=")) {
    source->set_config_file(Unescaped(value));
  } else if (absl::StartsWith(option, "key=")) {
    reader->Warn(target.offset, "has the key of the image, which is ignored: a secret has to be defined for it");
  } else if (!absl::StartsWith(option, "auth_supported=")) {
    reader->Warn(target.offset, absl::StrCat("has the option '", Printable(option.substr(0, option.find('='))),
                                             "' of the image, which has no form and is ignored"));
  }
}

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\\\\\"}, {":", "\\\\:"}, {";", "\\\\;"}, {",", "\\\\,"}});
}

}  // namespace

void ReadXenRbd(XenConfigReader* reader, const XenPiece& target, v1::Disk* disk) {
  const std::string text = absl::StrReplaceAll(target.text.substr(4), {{"\\\\", "\\"}});
  const std::vector<std::string> parts = SplitUnescaped(text, ":");
  v1::NetworkDiskSource* source = disk->mutable_network_source();
  source->set_protocol("rbd");
  const std::string name = Unescaped(parts[0]);
  const size_t at = name.find('@');
  source->set_name(name.substr(0, at));
  if (at != std::string::npos) source->set_snapshot(name.substr(at + 1));
  for (size_t i = 1; i < parts.size(); ++i) ReadOption(reader, target, parts[i], disk);
}

std::string WriteXenRbd(const v1::Disk& disk) {
  const v1::NetworkDiskSource& source = disk.network_source();
  std::string text = absl::StrCat(source.protocol(), ":", source.name());
  if (!source.snapshot().empty()) absl::StrAppend(&text, "@", source.snapshot());
  if (disk.has_authentication()) {
    absl::StrAppend(&text, ":id=", Escaped(disk.authentication().username()), ":auth_supported=cephx\\\\;none");
  } else {
    absl::StrAppend(&text, ":auth_supported=none");
  }
  for (int i = 0; i < source.hosts_size(); ++i) {
    const v1::DiskHost& host = source.hosts(i);
    absl::StrAppend(&text, i == 0 ? ":mon_host=" : "\\\\;");
    const bool is_ipv6 = absl::StrContains(host.name(), ':');
    if (is_ipv6) {
      absl::StrAppend(&text, "[", absl::StrReplaceAll(host.name(), {{":", "\\:"}}), "]");
    } else {
      absl::StrAppend(&text, host.name());
    }
    if (host.has_port()) absl::StrAppend(&text, "\\\\:", host.port());
  }
  if (!source.config_file().empty()) absl::StrAppend(&text, ":conf=", Escaped(source.config_file()));
  return text;
}

}  // namespace reeve::formats
