#include "formats/xml_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "formats/text.h"
#include "formats/text_place.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

std::string NameOf(const XmlValue& value) {
  if (!value.attribute) return absl::StrCat("element ", PathOf(value.element));
  return absl::StrCat("attribute ", Printable(value.attribute.name()), " of ", PathOf(value.element));
}

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

}  // namespace

bool IsBlankText(absl::string_view text) {
  return text.find_first_not_of(" \t\r\n") == absl::string_view::npos;
}

std::string PathOf(pugi::xml_node element) {
  std::string path;
  for (pugi::xml_node node = element; node && node.type() == pugi::node_element; node = node.parent()) {
    path.insert(0, absl::StrCat("/", Printable(node.name())));
  }
  return path;
}

pugi::xml_node XmlReader::Load(const XmlLimits& limits) {
  if (auto fault = FindXmlFault(text_, XmlForm::kDocument, limits, &metadata_)) {
    Fail(v1::REASON_DOCUMENT_MALFORMED, fault->offset, std::move(fault->description));
    return {};
  }
  buffer_ = std::string(text_);
  // Text of white space alone counts where it is all that an element has.
  const auto result = document_.load_buffer_inplace(
      buffer_.data(), buffer_.size(), pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8);
  if (!result) {
    Fail(v1::REASON_DOCUMENT_MALFORMED, static_cast<size_t>(result.offset), result.description());
    return {};
  }
  return document_.document_element();
}

void XmlReader::Fail(v1::Reason reason, size_t offset, std::string description) {
  if (!full()) faults_.push_back({offset, reason, std::move(description)});
}

void XmlReader::Warn(size_t offset, std::string message) {
  if (warnings_ == nullptr || warnings_->size() >= kMaxFaults) return;
  const TextPlace place = PlaceOf(text_, offset);
  warnings_->push_back({place.line, place.column, std::move(message), false});
}

size_t XmlReader::OffsetOf(pugi::xml_node element) const {
  const ptrdiff_t offset = element.offset_debug();
  // It is the name's; the tag begins one before.
  return offset > 0 ? static_cast<size_t>(offset) - 1 : 0;
}

size_t XmlReader::OffsetOf(const XmlValue& value) const {
  if (!value.attribute) return OffsetOf(value.element);
  return static_cast<size_t>(value.attribute.name() - buffer_.data());
}

void XmlReader::UnknownValue(const XmlValue& value) {
  Fail(v1::REASON_DOCUMENT_UNKNOWN, OffsetOf(value),
       absl::StrCat(NameOf(value), " has the value '", Printable(value.text), "', which is not known"));
}

void XmlReader::Invalid(const XmlValue& value, absl::string_view cause) {
  Fail(v1::REASON_SPEC_INVALID, OffsetOf(value), absl::StrCat(NameOf(value), " ", cause));
}

void XmlReader::Invalid(pugi::xml_node element, absl::string_view cause) {
  Fail(v1::REASON_SPEC_INVALID, OffsetOf(element), absl::StrCat("element ", PathOf(element), " ", cause));
}

void XmlReader::Unknown(size_t offset, absl::string_view what) {
  if (!lenient_) return Fail(v1::REASON_DOCUMENT_UNKNOWN, offset, absl::StrCat(what, " is not known"));
  if (++unknown_ > kMaxUnknown) {
    if (unknown_ == kMaxUnknown + 1) {
      Fail(v1::REASON_DOCUMENT_UNKNOWN, offset,
           absl::StrCat("more than ", kMaxUnknown, " elements and attributes are not known, ", what, " and others"));
    }
    return;
  }
  // Beyond the bound of other warnings: nothing is left out in silence.
  const TextPlace place = PlaceOf(text_, offset);
  warnings_->push_back({place.line, place.column, absl::StrCat(what, " is not known and is left out"), true});
}

void XmlReader::UnknownElement(pugi::xml_node element) {
  // Without its root nothing is left of a document.
  if (element.parent().type() != pugi::node_element) {
    return Fail(v1::REASON_DOCUMENT_UNKNOWN, OffsetOf(element),
                absl::StrCat("element ", PathOf(element), " is not known"));
  }
  Unknown(OffsetOf(element), absl::StrCat("element ", PathOf(element)));
}

void XmlReader::UnknownAttribute(const XmlValue& value) {
  Unknown(OffsetOf(value), NameOf(value));
}

void XmlReader::Ignored(const XmlValue& value, absl::string_view cause) {
  if (warnings_ != nullptr) Warn(OffsetOf(value), absl::StrCat(NameOf(value), " ", cause));
}

void XmlReader::Ignored(pugi::xml_node element, absl::string_view cause) {
  if (warnings_ != nullptr) Warn(OffsetOf(element), absl::StrCat("element ", PathOf(element), " ", cause));
}

XmlValue XmlReader::TextOf(pugi::xml_node element) {
  const pugi::xml_node first = element.first_child();
  XmlValue value{first && first.type() != pugi::node_element ? first.value() : "", element, {}};
  if (!first || !first.next_sibling()) return value;
  std::string& joined = joined_.emplace_back();
  for (const pugi::xml_node part : element.children()) {
    if (part.type() != pugi::node_element) joined.append(part.value());
  }
  value.text = joined;
  return value;
}

std::optional<uint64_t> XmlReader::Unsigned(const XmlValue& value, uint64_t max) {
  const absl::string_view text = absl::StripAsciiWhitespace(value.text);
  uint64_t number = 0;
  if (!IsNumber(text)) {
    Invalid(value, absl::StrCat("is '", Printable(value.text), "', not a whole number"));
    return std::nullopt;
  }
  if (!absl::SimpleAtoi(text, &number) || number > max) {
    Invalid(value, absl::StrCat("is ", Printable(text), ", more than ", max));
    return std::nullopt;
  }
  return number;
}

std::optional<int64_t> XmlReader::Signed(const XmlValue& value) {
  const absl::string_view text = absl::StripAsciiWhitespace(value.text);
  int64_t number = 0;
  if (!IsNumber(absl::StripPrefix(text, "-"))) {
    Invalid(value, absl::StrCat("is '", Printable(value.text), "', not a whole number"));
    return std::nullopt;
  }
  if (!absl::SimpleAtoi(text, &number)) {
    Invalid(value, absl::StrCat("is ", Printable(text), ", out of range"));
    return std::nullopt;
  }
  return number;
}

std::optional<size_t> XmlReader::OneOf(const XmlValue& value, absl::Span<const absl::string_view> known) {
  const auto found = std::find(known.begin(), known.end(), value.text);
  if (found != known.end()) return static_cast<size_t>(found - known.begin());
  UnknownValue(value);
  return std::nullopt;
}

std::optional<bool> XmlReader::Either(const XmlValue& value, absl::string_view yes, absl::string_view no) {
  const auto place = OneOf(value, {yes, no});
  if (!place) return std::nullopt;
  return *place == 0;
}

absl::string_view XmlReader::MetadataText(size_t index) const {
  const ByteRange range = metadata_[index];
  return text_.substr(range.begin, range.end - range.begin);
}

absl::Status XmlReader::ToStatus() const {
  if (faults_.empty()) return absl::OkStatus();
  std::vector<Fault> faults = faults_;
  std::stable_sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) { return a.offset < b.offset; });
  absl::Status status;
  for (const Fault& fault : faults) {
    const TextPlace place = PlaceOf(text_, fault.offset);
    const std::string where = ToString(place);
    if (status.ok()) {
      status = Error(fault.reason, absl::StrCat(where, ": ", fault.description),
                     {{"line", absl::StrCat(place.line)}, {"column", absl::StrCat(place.column)}});
    }
    AddFieldViolation(&status, where, fault.description);
  }
  return status;
}

}  // namespace reeve::formats
