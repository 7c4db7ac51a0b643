#include "formats/domain_xml_fragments.h"

#include <pugixml.hpp>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "formats/domain_metadata.h"
#include "formats/domain_xml.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_reader.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr size_t kMaxUriBytes = 1024;
constexpr size_t kMaxKeyBytes = 64;
constexpr unsigned kParse = pugi::parse_default | pugi::parse_ws_pcdata | pugi::parse_comments;

absl::Status Malformed(absl::string_view what) {
  return Error(v1::REASON_DOCUMENT_MALFORMED, absl::StrCat("the metadata ", what));
}

// The one element of a text that has passed the guard.
pugi::xml_node Load(absl::string_view text, pugi::xml_document* document) {
  if (!document->load_buffer(text.data(), text.size(), kParse, pugi::encoding_utf8)) return {};
  return document->document_element();
}

std::string Print(pugi::xml_node node) {
  std::ostringstream stream;
  node.print(stream, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return stream.str();
}

bool IsNamePrefix(absl::string_view key) {
  if (key.empty() || key.size() > kMaxKeyBytes || absl::StartsWithIgnoreCase(key, "xml")) return false;
  for (size_t i = 0; i < key.size(); ++i) {
    const char c = key[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool other = (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!letter && (i == 0 || !other)) return false;
  }
  return true;
}

void AddPrefix(pugi::xml_node node, const std::string& prefix) {
  if (node.type() != pugi::node_element) return;
  if (!absl::StrContains(node.name(), ":")) node.set_name(absl::StrCat(prefix, node.name()).c_str());
  for (pugi::xml_node child : node.children()) AddPrefix(child, prefix);
}

void RemovePrefix(pugi::xml_node node, const std::string& prefix) {
  if (node.type() != pugi::node_element) return;
  const std::string name = node.name();
  if (absl::StartsWith(name, prefix)) node.set_name(name.substr(prefix.size()).c_str());
  for (pugi::xml_node child : node.children()) RemovePrefix(child, prefix);
}

// "app:" of <app:a>, empty of <a>.
std::string PrefixOf(pugi::xml_node element) {
  const std::string name = element.name();
  const size_t colon = name.find(':');
  return colon == std::string::npos ? "" : name.substr(0, colon + 1);
}

std::string DeclarationOf(absl::string_view prefix) {
  return prefix.empty() ? "xmlns" : absl::StrCat("xmlns:", absl::StripSuffix(prefix, ":"));
}

}  // namespace

absl::StatusOr<v1::Devices> ParseDeviceXml(absl::string_view text) {
  XmlReader reader(text, nullptr);
  v1::Devices devices;
  const pugi::xml_node root = reader.Load({.max_bytes = kMaxDomainXmlBytes, .max_depth = kMaxDomainXmlDepth});
  if (root && !ReadDevice(&reader, root, &devices)) reader.UnknownElement(root);
  if (absl::Status status = reader.ToStatus(); !status.ok()) return status;
  return devices;
}

absl::StatusOr<std::string> PutIntoNamespace(absl::string_view element, absl::string_view key, absl::string_view uri) {
  if (!IsNamePrefix(key)) return Error(v1::REASON_SPEC_INVALID, "the key is not a name that XML takes as a prefix");
  if (uri.empty() || uri.size() > kMaxUriBytes) {
    return Error(v1::REASON_SPEC_INVALID,
                 absl::StrCat("the namespace has ", uri.size(), " bytes, 1 to 1024 are allowed"));
  }
  for (const char c : uri) {
    if (static_cast<unsigned char>(c) < 0x20)
      return Error(v1::REASON_SPEC_INVALID, "the namespace has control characters");
  }
  // Alone it need not be in a namespace: it is guarded in one.
  const std::string wrapped = absl::StrCat("<guard xmlns='urn:reeve:guard'>", element, "</guard>");
  if (const auto fault = FindMetadataFault(wrapped)) return Malformed(fault->description);
  pugi::xml_document document;
  pugi::xml_node root = Load(wrapped, &document);
  pugi::xml_node only;
  for (pugi::xml_node child : root.children()) {
    if (child.type() == pugi::node_pcdata && IsBlankText(child.value())) continue;
    if (child.type() != pugi::node_element || only) return Malformed("is not one element");
    only = child;
  }
  if (!only) return Malformed("is not one element");
  AddPrefix(only, absl::StrCat(key, ":"));
  const std::string declaration = DeclarationOf(absl::StrCat(key, ":"));
  only.remove_attribute(declaration.c_str());
  only.prepend_attribute(declaration.c_str()).set_value(std::string(uri).c_str());
  std::string text = Print(only);
  if (const auto fault = FindMetadataFault(text)) return Malformed(fault->description);
  return text;
}

absl::StatusOr<std::string> TakeFromNamespace(absl::string_view element) {
  pugi::xml_document document;
  const pugi::xml_node root = Load(element, &document);
  if (!root) return Malformed("is not one element");
  const std::string prefix = PrefixOf(root);
  pugi::xml_node changed = root;
  changed.remove_attribute(DeclarationOf(prefix).c_str());
  if (!prefix.empty()) RemovePrefix(changed, prefix);
  return Print(changed);
}

std::string NamespaceOf(absl::string_view element) {
  pugi::xml_document document;
  const pugi::xml_node root = Load(element, &document);
  return root.attribute(DeclarationOf(PrefixOf(root)).c_str()).value();
}

}  // namespace reeve::formats
