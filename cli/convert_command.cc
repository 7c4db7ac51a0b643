#include "cli/convert_command.h"

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "cli/context.h"
#include "cli/documents.h"
#include "cli/faults.h"
#include "cli/format_options.h"
#include "cli/json.h"
#include "formats/registry.h"
#include "proto/status.h"
#include "util/name_uuid.h"
#include "util/uuid.h"

namespace reeve::cli {
namespace {

using formats::Format;
using formats::Kind;

// The name space of the UUIDs of --deterministic. Chosen once by chance; a change would give every object another UUID.
constexpr util::UuidBytes kNameSpace = {0xad, 0xdf, 0x1c, 0xde, 0x5f, 0x6c, 0x44, 0x49,
                                        0xb0, 0x93, 0x2f, 0xa2, 0x27, 0x4e, 0x6a, 0xa6};

struct Conversion {
  Format from = Format::kXml;
  Format to = Format::kXml;
  Kind kind = Kind::kDomain;
  std::string file = {};
  std::string pool = {};
  bool deterministic = false;
  bool strict = false;
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
  if (arguments.Has("strict") && arguments.Has("lenient")) {
    return absl::InvalidArgumentError("--strict and --lenient exclude each other");
  }
  Conversion result{.from = *from, .to = *to, .kind = *kind};
  result.file = arguments.Get("file", "-");
  result.pool = arguments.Get("pool");
  result.deterministic = arguments.Has("deterministic");
  result.strict = arguments.Has("strict");
  if (arguments.Has("pool") && *kind != Kind::kVolume) {
    return absl::InvalidArgumentError("--pool is for volumes: --kind volume");
  }
  if (result.pool == "-" && result.file == "-") {
    return absl::InvalidArgumentError("the document and its pool cannot both be the standard input");
  }
  return result;
}

// The UUID of an object that has none. One without a name takes its text for it, so that two of them differ.
absl::StatusOr<std::string> MakeUuid(const Conversion& conversion, absl::string_view name, absl::string_view text) {
  if (!conversion.deterministic) return util::NewUuid();
  return util::NameUuid(kNameSpace, name.empty() ? absl::StrCat(NameOf(conversion.kind), "//", text)
                                                 : absl::StrCat(NameOf(conversion.kind), "/", name));
}

absl::StatusOr<std::string> ConvertText(const Conversion& conversion, absl::string_view text, absl::string_view pool,
                                        std::vector<formats::Warning>* warnings) {
  absl::Status uuid_status;
  formats::ConvertOptions options;
  options.pool = pool;
  options.warnings = warnings;
  options.make_uuid = [&](absl::string_view name) {
    auto uuid = MakeUuid(conversion, name, text);
    uuid_status.Update(uuid.status());
    return uuid.ok() ? *std::move(uuid) : std::string();
  };
  auto result = formats::Convert(conversion.from, conversion.to, conversion.kind, text, options);
  return uuid_status.ok() ? result : uuid_status;
}

std::vector<Fault> FaultsFrom(const std::vector<formats::Warning>& warnings) {
  std::vector<Fault> faults;
  for (const formats::Warning& warning : warnings) faults.push_back({warning.line, warning.column, warning.message});
  return faults;
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
  std::string pool;
  if (!conversion->pool.empty()) {
    auto pool_text = ReadText(conversion->pool);
    if (!pool_text.ok()) return context.Fail(failure, pool_text.status());
    pool = *std::move(pool_text);
  }
  std::vector<formats::Warning> found;
  auto result = ConvertText(*conversion, *text, pool, &found);
  if (!result.ok()) return context.Fail(failure, result.status());
  const std::vector<Fault> warnings = FaultsFrom(found);
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
      "FILE or the standard input. What is not known in it is refused, with line and column; what has no effect, as "
      "the state of a running guest, is told of on the standard error. An object without a UUID gets one. Formats of ",
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
  Option file = Argument("file", "FILE", "the document; without it, or with -, the standard input", Completion::kFile);
  file.required = false;
  return {.name = "convert",
          .summary = "write a document in another format",
          .description = Description(),
          .examples =
              "reeve convert --from xml --to json web1.xml\n"
              "virsh dumpxml web1 | reeve convert --from xml --to textproto\n"
              "reeve convert --from xml --to xml --kind volume --pool images.xml disk.xml",
          .options = {from, to, KindOption(), pool, file,
                      Flag("deterministic", "make a missing UUID from kind and name: the same every time"),
                      Flag("strict", "refuse what has no effect, too"),
                      Flag("lenient", "warn of what has no effect: the default")},
          .run = Run};
}

}  // namespace reeve::cli
