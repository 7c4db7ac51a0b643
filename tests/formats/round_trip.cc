#include "tests/formats/round_trip.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "reeve/v1/domain.pb.h"

namespace reeve::formats {
namespace {

constexpr Format kModelForms[] = {Format::kXml, Format::kJson, Format::kTextproto};
constexpr Format kXenForms[] = {Format::kXenXl, Format::kXenXm, Format::kXenSxpr};

bool IsModelForm(Format format) {
  return format == Format::kJson || format == Format::kTextproto;
}

class Trips {
 public:
  Trips(Kind kind, absl::string_view pool) : kind_(kind), pool_(pool) {}

  RoundTrip Try(Format format, absl::string_view text) {
    RoundTrip result;
    auto first = Pass(format, Format::kXml, text);
    if (!first.ok()) {
      result.refusal = first.status();
      result.broken = FaultOf(first.status(), /*has_place=*/true);
      return result;
    }
    const std::string xml = Must(Format::kXml, Format::kXml, *first);
    for (const Format form : kModelForms) ByWayOf(form, xml);
    if (kind_ == Kind::kDomain && (format == Format::kXml || IsModelForm(format))) {
      if (absl::StrContains(xml, "<domain type='xen'")) {
        for (const Format form : kXenForms) ByWayOfXen(form, xml);
      }
    } else if (kind_ == Kind::kDomain && format != Format::kLxcTools) {
      // The lxc tools have no names for some of what is written always.
      ByWayOfXen(format, xml);
    }
    result.xml = xml;
    result.broken = std::move(broken_);
    return result;
  }

 private:
  // With the passwords that Convert leaves out.
  absl::StatusOr<std::string> Pass(Format from, Format to, absl::string_view text) {
    std::vector<Warning> warnings;
    ConvertOptions options;
    options.strictness = DefaultStrictness(from);
    options.pool = pool_;
    options.warnings = &warnings;
    options.keep_running = true;
    // Convert checks that what a model from outside says can be read when it is written.
    if (IsModelForm(from)) return Convert(from, to, kind_, text, options);
    const auto message = ReadDocument(from, kind_, text, options);
    if (!message.ok()) return message.status();
    return WriteDocument(to, kind_, **message);
  }

  // Of what we wrote ourselves; empty, and a rule broken, when it is refused.
  std::string Must(Format from, Format to, const std::string& text) {
    auto written = Pass(from, to, text);
    if (written.ok()) return *std::move(written);
    Broken(absl::StrCat("what was written as ", NameOf(from), " cannot become ", NameOf(to), ": ",
                        written.status().message()),
           text);
    return "";
  }

  void ByWayOf(Format form, const std::string& xml) {
    const std::string there = Must(Format::kXml, form, xml);
    const std::string back = Must(form, Format::kXml, there);
    if (back != xml) Broken(absl::StrCat("is another document by way of ", NameOf(form)), xml, back);
  }

  void ByWayOfXen(Format form, const std::string& xml) {
    const auto there = Pass(Format::kXml, form, xml);
    if (!there.ok()) {
      const std::string fault = FaultOf(there.status(), /*has_place=*/false);
      if (!fault.empty()) Broken(fault, xml);
      return;
    }
    const std::string back = Must(Format::kXml, Format::kXml, Must(form, Format::kXml, *there));
    const std::string again = Must(Format::kXml, form, back);
    if (again != *there) Broken(absl::StrCat("is written otherwise in ", NameOf(form)), *there, again);
  }

  static std::string FaultOf(const absl::Status& refusal, bool has_place) {
    if (ReasonOf(refusal) == v1::REASON_UNSPECIFIED || ReasonOf(refusal) == v1::REASON_INTERNAL) {
      return absl::StrCat("a refusal has no reason: ", refusal.message());
    }
    if (!has_place) return "";
    for (const absl::string_view place : {"line ", "larger", "are allowed", "the model is not one that"}) {
      if (absl::StrContains(refusal.message(), place)) return "";
    }
    return absl::StrCat("a refusal has no place: ", refusal.message());
  }

  void Broken(absl::string_view rule, absl::string_view first, absl::string_view second = "") {
    if (!broken_.empty()) return;
    broken_ = absl::StrCat(rule, "\n--- first\n", first, "\n--- second\n", second);
  }

  const Kind kind_;
  const absl::string_view pool_;
  std::string broken_;
};

}  // namespace

RoundTrip TryRoundTrip(Format format, Kind kind, absl::string_view text, absl::string_view pool) {
  return Trips(kind, pool).Try(format, text);
}

}  // namespace reeve::formats
