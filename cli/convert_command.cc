#include "cli/convert_command.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/context.h"
#include "cli/documents.h"
#include "cli/faults.h"
#include "cli/format_options.h"
#include "cli/json.h"
#include "formats/identity.h"
#include "formats/registry.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

using formats::Format;
using formats::Kind;

struct Conversion {
  Format from = Format::kXml;
  Format to = Format::kXml;
  Kind kind = Kind::kDomain;
  std::string file = {};
  std::string pool = {};
  std::string capabilities = {};
  bool deterministic = false;
  bool strict = false;  // what has no effect is refused, too
  formats::Strictness strictness = formats::Strictness::kStrict;
};

// What is asked for, or what is wrong with the command line.
absl::StatusOr<Conversion> ConversionOf(const Arguments& arguments) {
  const auto kind = formats::KindFromName(arguments.Get("kind", NameOf(Kind::kDomain)));
  const auto from = formats::FormatFromName(arguments.Get("from"));
  const auto to = formats::FormatFromName(arguments.Get("to"));
  if (!kind || !from || !to) return absl::InvalidArgumentError("a kind or format is unknown");
  if (!CanRead(*from, *kind)) {
    return absl::InvalidArgumentError(absl::StrCat("kind ", NameOf(*kind), " cannot be read from ", NameOf(*from),
                                                   ", only from ", ReadableFormats(*kind)));
  }
  if (!CanWrite(*to, *kind)) {
    return absl::InvalidArgumentError(absl::StrCat("kind ", NameOf(*kind), " cannot be written as ", NameOf(*to),
                                                   ", only as ", WritableFormats(*kind)));
  }
  if (arguments.Has("strict") && arguments.Has("lenient")) return absl::InvalidArgumentError(kStrictAndLenient);
  Conversion result{.from = *from, .to = *to, .kind = *kind};
  result.file = arguments.Get("file", "-");
  result.pool = arguments.Get("pool");
  result.deterministic = arguments.Has("deterministic");
  result.strict = arguments.Has("strict");
  result.strictness = StrictnessOf(arguments, DefaultStrictness(*from));
  if (arguments.Has("pool") && *kind != Kind::kVolume) {
    return absl::InvalidArgumentError("--pool is for volumes: --kind volume");
  }
  result.capabilities = arguments.Get("capabilities");
  if (arguments.Has("capabilities") && *kind != Kind::kDomain) {
    return absl::InvalidArgumentError("--capabilities is for domains");
  }
  if ((result.pool == "-" || result.capabilities == "-") && result.file == "-") {
    return absl::InvalidArgumentError("two documents cannot both be the standard input");
  }
  return result;
}

absl::StatusOr<std::string> ConvertText(const Conversion& conversion, absl::string_view text, absl::string_view pool,
                                        absl::string_view capabilities, std::vector<formats::Warning>* warnings) {
  formats::ConvertOptions options;
  options.strictness = conversion.strictness;
  options.pool = pool;
  options.capabilities = capabilities;
  options.warnings = warnings;
  options.make_uuid = formats::UuidMaker(conversion.deterministic);
  return formats::Convert(conversion.from, conversion.to, conversion.kind, text, options);
}

// An error that tells of every warning; there is one at least.
absl::Status RefusalOf(const std::vector<Fault>& warnings) {
  absl::Status status;
  for (const Fault& warning : warnings) {
    const std::string place = absl::StrCat("line ", warning.line, " column ", warning.column);
    if (status.ok()) status = Error(v1::REASON_DOCUMENT_UNKNOWN, absl::StrCat(place, ": ", warning.text));
    AddFieldViolation(&status, place, warning.text);
  }
  return status;
}

int Run(Context& context, const Arguments& arguments) {
  const auto conversion = ConversionOf(arguments);
  if (!conversion.ok()) {
    context.output().PrintError(absl::StrCat("convert: ", conversion.status().message()));
    return kExitUsage;
  }
  const std::string source = conversion->file == "-" ? "the standard input" : conversion->file;
  const std::string failure = absl::StrCat("Failed to convert ", source);
  const auto text = ReadText(conversion->file);
  if (!text.ok()) return context.Fail(failure, text.status());
  std::string beside[2];  // the pool, the capabilities
  for (const auto& [file, content] :
       {std::pair{&conversion->pool, &beside[0]}, {&conversion->capabilities, &beside[1]}}) {
    if (file->empty()) continue;
    auto read = ReadText(*file);
    if (!read.ok()) return context.Fail(failure, read.status());
    *content = *std::move(read);
  }
  std::vector<formats::Warning> found;
  auto result = ConvertText(*conversion, *text, beside[0], beside[1], &found);
  if (!result.ok()) return context.Fail(failure, result.status());
  const std::vector<Fault> warnings = formats::FaultsOf(found);
  if (conversion->strict && !warnings.empty()) return context.Fail(failure, RefusalOf(warnings));
  // Nothing is printed before all of it is there.
  if (context.json()) {
    context.output().Print(
        absl::StrCat("{\"kind\":", JsonText(NameOf(conversion->kind)), ",\"format\":", JsonText(NameOf(conversion->to)),
                     ",\"text\":", JsonText(*result), ",\"warnings\":", FaultsToJson(warnings), "}\n"));
    return kExitOk;
  }
  for (const Fault& warning : warnings) {
    context.output().PrintNote(absl::StrCat("warning: ", FaultLine(source, warning)));
  }
  context.output().Print(*result);
  if (result->empty() || result->back() != '\n') context.output().Print("\n");
  return kExitOk;
}

// Lives as long as the program: commands keep pointers.
const char* Description() {
  static const auto* text = new std::string(absl::StrCat(
      "Works without a daemon, and touches nothing that the document names. A document of at most 1 MiB is read from "
      "FILE or the standard input. What is not known in XML or a model is refused, with line and column; keys of the "
      "other "
      "formats that are not known are left out, and told of on the standard error. So is what has no effect, as the "
      "state of a running guest. An object without a UUID gets one, and an interface without a MAC address. Formats "
      "of ",
      FormatsByKind(), "."));
  return text->c_str();
}

}  // namespace

Command ConvertCommand() {
  Option from = FormatOption("from", "the format of the document");
  Option to = FormatOption("to", "the format to write");
  from.required = true;
  to.required = true;
  Option pool = Value("pool", "FILE", "XML of the pool that a volume belongs to; without it a directory");
  pool.completion = Completion::kFile;
  Option capabilities = Value("capabilities", "FILE",
                              "capabilities XML of the host that a domain is for: gives its "
                              "emulator, machine type and architecture");
  capabilities.completion = Completion::kFile;
  Option file = Argument("file", "FILE", "the document; without it, or with -, the standard input", Completion::kFile);
  file.required = false;
  return {
      .name = "convert",
      .summary = "write a document in another format",
      .description = Description(),
      .examples =
          "reeve convert --from xml --to json web1.xml\n"
          "virsh dumpxml web1 | reeve convert --from xml --to textproto\n"
          "reeve convert --from xml --to xml --kind volume --pool images.xml disk.xml",
      .options = {from, to, KindOption(), pool, capabilities, file,
                  Flag("deterministic", "make missing UUIDs and MAC addresses from kind and name: the same every time"),
                  Flag("strict", "refuse what is not known, and what has no effect, too"),
                  Flag("lenient", "leave out what is not known, with a warning each")},
      .run = Run};
}

}  // namespace reeve::cli
