#include "cli/validate_command.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/context.h"
#include "cli/documents.h"
#include "cli/faults.h"
#include "cli/format_options.h"
#include "cli/json.h"
#include "cli/text.h"
#include "formats/faults.h"
#include "formats/registry.h"

namespace reeve::cli {
namespace {

using formats::Format;
using formats::Kind;

// What was found in one file.
struct Finding {
  std::string file;
  std::vector<Fault> faults = {};
  std::vector<Fault> warnings = {};
};

Finding Check(const std::string& file, absl::string_view text, Format format, Kind kind,
              formats::Strictness strictness) {
  formats::ConvertOptions options;
  options.strictness = strictness;
  formats::Findings found = formats::Validate(format, kind, text, options);
  return {.file = file == "-" ? "standard input" : file,
          .faults = std::move(found.faults),
          .warnings = std::move(found.warnings)};
}

void Print(Context& context, const Finding& finding) {
  Output& output = context.output();
  for (const Fault& fault : finding.faults) output.Print(FaultLine(finding.file, fault) + "\n");
  for (const Fault& warning : finding.warnings) {
    const Fault told{warning.line, warning.column, absl::StrCat("warning: ", warning.text)};
    output.Print(FaultLine(finding.file, told) + "\n");
  }
  if (finding.faults.empty() && !context.options().quiet) {
    output.Print(absl::StrCat(Escape(finding.file), " is sound\n"));
  }
}

std::string ToJson(const Finding& finding) {
  return absl::StrCat("{\"file\":", JsonText(finding.file), ",\"sound\":", finding.faults.empty() ? "true" : "false",
                      ",\"faults\":", FaultsToJson(finding.faults), ",\"warnings\":", FaultsToJson(finding.warnings),
                      "}");
}

int Run(Context& context, const Arguments& arguments) {
  const auto kind = formats::KindFromName(arguments.Get("kind", NameOf(Kind::kDomain)));
  const auto format = formats::FormatFromName(arguments.Get("format", NameOf(Format::kXml)));
  if (!kind || !format || !CanRead(*format, *kind)) {
    const std::string kind_name = arguments.Get("kind", NameOf(Kind::kDomain));
    context.output().PrintError(absl::StrCat("validate: kind ", kind_name, " cannot be read from ",
                                             arguments.Get("format"), ", only from ",
                                             ReadableFormats(kind.value_or(Kind::kDomain))));
    return kExitUsage;
  }
  if (arguments.Has("strict") && arguments.Has("lenient")) {
    context.output().PrintError(absl::StrCat("validate: ", kStrictAndLenient));
    return kExitUsage;
  }
  const auto strictness = StrictnessOf(arguments, formats::Strictness::kStrict);
  int code = kExitOk;
  std::vector<std::string> lines;
  for (const std::string& file : arguments.All("file")) {
    const auto text = ReadText(file);
    if (!text.ok() && context.Interrupted()) return context.Fail(text.status());
    const Finding finding = text.ok() ? Check(file, *text, *format, *kind, strictness)
                                      : Finding{.file = file, .faults = formats::FaultsOf(text.status())};
    if (!finding.faults.empty()) code = kExitFailed;
    if (context.json()) {
      lines.push_back(ToJson(finding));
    } else {
      Print(context, finding);
    }
  }
  if (context.json()) context.output().Print(absl::StrCat("{\"files\":[", absl::StrJoin(lines, ",\n"), "]}\n"));
  return code;
}

const char* Description() {
  static const auto* text = new std::string(absl::StrCat(
      "Works without a daemon. Prints every fault (of a file with very many the first 20) as FILE:LINE:COLUMN: text, "
      "and fails when there is one. What has no effect is told of as a warning. Formats of ",
      FormatsByKind(), "."));
  return text->c_str();
}

}  // namespace

Command ValidateCommand() {
  Option files = Argument("file", "FILE", "documents; - is the standard input", Completion::kFile);
  files.repeated = true;
  return {.name = "validate",
          .summary = "tell all faults of documents",
          .description = Description(),
          .examples = "reeve validate containers/*.xml\nreeve validate --kind network --output json default.xml",
          .options = {files, KindOption(), FormatOption("format", "the format of the documents; without it xml"),
                      Flag("strict", "what is not known is a fault: the default"),
                      Flag("lenient", "what is not known is told of as a warning")},
          .run = Run};
}

}  // namespace reeve::cli
