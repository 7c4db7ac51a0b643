#include "cli/validate_command.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/context.h"
#include "cli/documents.h"
#include "cli/faults.h"
#include "cli/format_options.h"
#include "cli/json.h"
#include "cli/text.h"
#include "formats/registry.h"
#include "proto/status.h"

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

Finding Check(const std::string& file, absl::string_view text, Format format, Kind kind) {
  Finding finding{.file = file == "-" ? "standard input" : file};
  std::vector<formats::Warning> warnings;
  formats::ConvertOptions options;
  options.warnings = &warnings;
  // Written as XML as well: only then a model, which has passed no reader, is checked in full.
  const auto result = formats::Convert(format, Format::kXml, kind, text, options);
  finding.faults = FaultsOf(result.status());
  const bool of_model = format == Format::kJson || format == Format::kTextproto;
  for (Fault& fault : finding.faults) {
    // Many faults of a model have places of the XML that was tried, which the user has never seen.
    if (of_model && !FieldViolationsOf(result.status()).empty()) fault.line = fault.column = 0;
  }
  for (const auto& warning : warnings) {
    if (!of_model) finding.warnings.push_back({warning.line, warning.column, warning.message});
  }
  return finding;
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
  int code = kExitOk;
  std::vector<std::string> lines;
  for (const std::string& file : arguments.All("file")) {
    const auto text = ReadText(file);
    if (!text.ok() && context.Interrupted()) return context.Fail(text.status());
    const Finding finding =
        text.ok() ? Check(file, *text, *format, *kind) : Finding{.file = file, .faults = FaultsOf(text.status())};
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
          .options = {files, KindOption(), FormatOption("format", "the format of the documents; without it xml")},
          .run = Run};
}

}  // namespace reeve::cli
