#include "cli/native_commands.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/context.h"
#include "cli/documents.h"
#include "cli/domains.h"
#include "cli/faults.h"
#include "cli/format_options.h"

namespace reeve::cli {
namespace {

using formats::Format;
using formats::Kind;

Option NativeFormat(const char* help) {
  Option format = FormatOption("format", help);
  format.kind = Option::Kind::kArgument;
  format.value = "FORMAT";
  format.required = true;
  return format;
}

std::vector<Fault> FaultsFrom(const google::protobuf::RepeatedPtrField<v1::DocumentFault>& faults) {
  std::vector<Fault> result;
  for (const v1::DocumentFault& fault : faults) result.push_back({fault.line(), fault.column(), fault.text()});
  return result;
}

// Converts, and prints what came of it.
int Convert(Context& context, const std::string& failure, const std::string& source, v1::ConvertRequest request) {
  auto response = context.Call(methods::kConvert, std::move(request));
  if (!response.ok()) return context.Fail(failure, response.status());
  if (context.json()) return context.PrintJson(*response);
  for (const Fault& warning : FaultsFrom(response->warnings())) {
    context.output().PrintNote(absl::StrCat("warning: ", FaultLine(source, warning)));
  }
  const std::string& text = response->document().text();
  context.output().Print(text);
  if (text.empty() || text.back() != '\n') context.output().Print("\n");
  return kExitOk;
}

// Which format is meant, or kExitUsage is to be given.
std::optional<Format> FormatOf(Context& context, const Arguments& arguments, absl::string_view command) {
  const auto format = formats::FormatFromName(arguments.Get("format"));
  if (!format) context.output().PrintError(absl::StrCat(command, ": there is no format ", arguments.Get("format")));
  return format;
}

int FromNative(Context& context, const Arguments& arguments) {
  const auto format = FormatOf(context, arguments, "domxml-from-native");
  if (!format) return kExitUsage;
  if (arguments.Has("strict") && arguments.Has("lenient")) {
    context.output().PrintError(absl::StrCat("domxml-from-native: ", kStrictAndLenient));
    return kExitUsage;
  }
  const std::string file = arguments.Get("config");
  const std::string failure = absl::StrCat("Failed to convert ", file);
  auto text = ReadText(file);
  if (!text.ok()) return context.Fail(failure, text.status());
  v1::ConvertRequest request;
  request.set_kind(v1::DOCUMENT_KIND_DOMAIN);
  request.mutable_document()->set_format(ToProto(*format));
  request.mutable_document()->set_text(*std::move(text));
  request.set_to(v1::Document::FORMAT_LIBVIRT_XML);
  request.mutable_options()->set_lenient(StrictnessOf(arguments, DefaultStrictness(*format)) ==
                                         formats::Strictness::kLenient);
  return Convert(context, failure, file, std::move(request));
}

int ToNative(Context& context, const Arguments& arguments) {
  const auto format = FormatOf(context, arguments, "domxml-to-native");
  if (!format) return kExitUsage;
  if (arguments.Has("domain") == arguments.Has("xml")) {
    context.output().PrintError("domxml-to-native: one of --domain and --xml must be there");
    return kExitUsage;
  }
  v1::ConvertRequest request;
  request.set_kind(v1::DOCUMENT_KIND_DOMAIN);
  request.set_to(ToProto(*format));
  std::string source = arguments.Get("xml");
  if (arguments.Has("xml")) {
    auto text = ReadText(source);
    if (!text.ok()) return context.Fail(absl::StrCat("Failed to convert ", source), text.status());
    request.mutable_document()->set_format(v1::Document::FORMAT_LIBVIRT_XML);
    request.mutable_document()->set_text(*std::move(text));
  } else {
    const std::string argument = arguments.Get("domain");
    source = absl::StrCat("the XML of domain '", argument, "'");
    const std::string failure = absl::StrCat("Failed to get ", source);
    auto name = ResolveDomain(context, argument);
    if (!name.ok()) return FailDomain(context, failure, argument, name.status());
    v1::ExportDomainRequest get;
    get.set_name(*name);
    get.set_format(v1::Document::FORMAT_LIBVIRT_XML);
    get.set_inactive(true);
    auto document = context.Call(methods::kExportDomain, std::move(get));
    if (!document.ok()) return FailDomain(context, failure, argument, document.status());
    *request.mutable_document() = *std::move(document);
  }
  return Convert(context, absl::StrCat("Failed to convert ", source), source, std::move(request));
}

}  // namespace

Command DomxmlFromNativeCommand() {
  return {.name = "domxml-from-native",
          .summary = "convert a domain's configuration of another tool to XML",
          .description =
              "The daemon converts; reeve convert does the same without it. Nothing that the text names is touched.",
          .examples = "reeve domxml-from-native xen-xl web1.cfg >web1.xml",
          .options = {NativeFormat("the format of the configuration"),
                      Argument("config", "FILE", "the configuration; - is the standard input", Completion::kFile),
                      Flag("strict", "refuse what is not known"),
                      Flag("lenient", "leave out what is not known, with a warning each")},
          .run = FromNative};
}

Command DomxmlToNativeCommand() {
  Option xml = Argument("xml", "FILE", "libvirt domain XML; - is the standard input", Completion::kFile);
  xml.required = false;
  Option domain = Value("domain", "DOMAIN", "name, UUID or id of a domain, whose definition is converted");
  domain.completion = Completion::kDomain;
  return {.name = "domxml-to-native",
          .summary = "convert a domain to the configuration of another tool",
          .description = "The daemon converts the XML, or the definition of a domain (without its secrets).",
          .examples =
              "reeve domxml-to-native xen-xl --xml web1.xml\n"
              "reeve domxml-to-native lxc-tools --domain web1 >config",
          .options = {NativeFormat("the format to write"), domain, xml},
          .run = ToNative};
}

}  // namespace reeve::cli
