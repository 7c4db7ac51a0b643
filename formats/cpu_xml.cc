#include "formats/cpu_xml.h"

#include <pugixml.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "formats/capabilities_xml_sections.h"
#include "formats/domain_xml.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_elements.h"
#include "formats/xml_reader.h"
#include "formats/xml_writer.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

// libvirt knows less than 300; each is compared with those before it.
constexpr size_t kMaxFeatures = 1024;

void ReadHost(XmlReader* reader, pugi::xml_node element, DescribedCpu* out) {
  v1::HostDescription host;
  ReadHostCpu(reader, element, &host);
  out->architecture = host.cpu().architecture();
  out->cpu.set_model(host.cpu().model());
  out->cpu.set_vendor(host.cpu().vendor());
  for (const std::string& feature : host.cpu().features()) out->cpu.add_features()->set_name(feature);
}

void ReadGuest(XmlReader* reader, pugi::xml_node element, DescribedCpu* out) {
  v1::DomainSpec spec;
  ReadCpu(reader, element, &spec);
  out->cpu = std::move(*spec.mutable_cpu());
}

// The mode of domain capabilities that says what a guest with mode "host-model" gets; it is built as a guest's <cpu>.
pugi::xml_node HostModelOf(pugi::xml_node root) {
  pugi::xml_node mode = root.child("cpu").find_child_by_attribute("mode", "name", "host-model");
  if (absl::string_view(mode.attribute("supported").value()) != "yes") return {};
  mode.remove_attribute("name");
  mode.remove_attribute("supported");
  return mode;
}

void ReadDescription(XmlReader* reader, pugi::xml_node root, DescribedCpu* out) {
  const absl::string_view name = root.name();
  pugi::xml_node element;
  bool of_host = false;
  if (name == "cpu") {
    element = root;
    of_host = !root.child("arch").empty();
  } else if (name == "domain") {
    element = root.child("cpu");
  } else if (name == "capabilities") {
    element = root.child("host").child("cpu");
    of_host = true;
  } else if (name == "domainCapabilities") {
    element = HostModelOf(root);
  } else {
    return reader->UnknownElement(root);
  }
  if (!element) return reader->Invalid(root, "does not describe a processor");
  size_t features = 0;
  for (const pugi::xml_node feature : element.children("feature")) {
    if (++features > kMaxFeatures) {
      return reader->Invalid(feature, absl::StrCat("is more than the ", kMaxFeatures, " that a processor may have"));
    }
  }
  of_host ? ReadHost(reader, element, out) : ReadGuest(reader, element, out);
}

absl::StatusOr<DescribedCpu> ParseOne(absl::string_view text) {
  XmlReader reader(text, nullptr);
  DescribedCpu described;
  const pugi::xml_node root = reader.Load({.max_bytes = kMaxDomainXmlBytes, .max_depth = kMaxDomainXmlDepth});
  if (root) ReadDescription(&reader, root, &described);
  if (absl::Status status = reader.ToStatus(); !status.ok()) return status;
  return described;
}

// The text up to the end of `element`, with nothing but line ends and blanks before it: so its faults are found at
// their places in the text.
std::string InPlace(absl::string_view text, absl::string_view element) {
  std::string padded;
  for (const char byte : text.substr(0, static_cast<size_t>(element.data() - text.data()))) {
    const bool begins_character = (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
    if (byte == '\n') {
      padded.push_back('\n');
    } else if (begins_character) {
      padded.push_back(' ');
    }
  }
  return absl::StrCat(padded, element);
}

}  // namespace

absl::StatusOr<std::vector<DescribedCpu>> ParseCpuXml(absl::string_view text) {
  if (text.size() > kMaxDomainXmlBytes) {
    return Error(v1::REASON_DOCUMENT_MALFORMED,
                 absl::StrCat("the text has ", text.size(), " bytes, ", kMaxDomainXmlBytes, " are allowed"));
  }
  std::vector<absl::string_view> elements = SplitXmlElements(text, kMaxDescribedCpus + 1);
  if (elements.size() > kMaxDescribedCpus) {
    return Error(v1::REASON_SPEC_INVALID, absl::StrCat("the text has more than ", kMaxDescribedCpus, " processors"));
  }
  // One document, or what is none: the reader says so.
  if (elements.size() < 2) elements = {text};
  std::vector<DescribedCpu> found;
  for (const absl::string_view element : elements) {
    absl::StatusOr<DescribedCpu> one = ParseOne(element);
    if (!one.ok() && element.size() < text.size()) one = ParseOne(InPlace(text, element));
    if (!one.ok()) return one.status();
    found.push_back(*std::move(one));
  }
  return found;
}

std::string WriteCpuXml(const v1::Cpu& cpu) {
  XmlWriter writer;
  WriteCpu(&writer, cpu);
  return std::move(writer).Finish();
}

}  // namespace reeve::formats
