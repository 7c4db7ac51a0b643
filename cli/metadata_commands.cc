#include "cli/metadata_commands.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/domain_changes.h"
#include "cli/text.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

absl::StatusOr<v1::DomainMetadata> GetMetadata(Context& context, const Arguments& arguments, v1::MetadataKind kind) {
  auto name = ResolveDomain(context, arguments.Get("domain"));
  if (!name.ok()) return name.status();
  v1::GetDomainMetadataRequest request;
  request.set_name(*name);
  request.set_kind(kind);
  request.set_uri(arguments.Get("uri"));
  request.set_config(arguments.Has("config"));
  return context.Call(methods::kGetDomainMetadata, std::move(request));
}

int Desc(Context& context, const Arguments& arguments) {
  const bool title = arguments.Has("title");
  const std::string what = title ? "title" : "description";
  const v1::MetadataKind kind = title ? v1::METADATA_KIND_TITLE : v1::METADATA_KIND_DESCRIPTION;
  if (arguments.Has("text")) {
    v1::SetDomainMetadataRequest request;
    request.set_kind(kind);
    request.set_text(absl::StrJoin(arguments.All("text"), " "));
    return ChangeDomain(context, arguments, methods::kSetDomainMetadata, std::move(request),
                        absl::StrCat("Failed to set new domain ", what),
                        absl::StrCat("Domain ", what, " updated successfully"));
  }
  auto metadata = GetMetadata(context, arguments, kind);
  if (ReasonOf(metadata.status()) == v1::REASON_METADATA_NOT_FOUND) {
    return context.Done(absl::StrCat("No ", what, " for domain: ", arguments.Get("domain")));
  }
  if (!metadata.ok()) {
    return FailDomain(context, absl::StrCat("Failed to get domain ", what), arguments.Get("domain"), metadata.status());
  }
  if (context.json()) return context.PrintJson(*metadata);
  context.output().Print(absl::StrCat(Escape(metadata->text()), "\n"));
  return kExitOk;
}

int Metadata(Context& context, const Arguments& arguments) {
  const bool remove = arguments.Has("remove");
  if (arguments.Has("set") || remove) {
    if (arguments.Has("set") && remove) return BadOption(context, "--remove", "excludes --set");
    if (!remove && !arguments.Has("key")) return BadOption(context, "--key", "is needed to set metadata");
    v1::SetDomainMetadataRequest request;
    request.set_kind(v1::METADATA_KIND_ELEMENT);
    request.set_uri(arguments.Get("uri"));
    request.set_key(arguments.Get("key"));
    if (!remove) request.set_text(arguments.Get("set"));
    return ChangeDomain(context, arguments, methods::kSetDomainMetadata, std::move(request),
                        "Failed to set new domain metadata", remove ? "Metadata removed" : "Metadata modified");
  }
  auto metadata = GetMetadata(context, arguments, v1::METADATA_KIND_ELEMENT);
  if (!metadata.ok()) {
    return FailDomain(context, "Failed to get domain metadata", arguments.Get("domain"), metadata.status());
  }
  if (context.json()) return context.PrintJson(*metadata);
  context.output().Print(absl::StrCat(metadata->text(), "\n\n"));
  return kExitOk;
}

}  // namespace

Command DescCommand() {
  Option text = Argument("text", "TEXT", "the new one; shows the present one without it", Completion::kNone);
  text.required = false;
  text.repeated = true;
  return {.name = "desc",
          .summary = "show or set description or title",
          .examples = "reeve desc web1\nreeve desc web1 --title 'Shop, blue' --config",
          .options = WithAffect({DomainArgument(Completion::kDomain), text, Flag("title", "the title")}),
          .run = Desc};
}

Command MetadataCommand() {
  return {.name = "metadata",
          .summary = "show or set an element of metadata",
          .examples = "reeve metadata web1 urn:app\nreeve metadata web1 urn:app --key app --set '<owner>me</owner>'",
          .options = WithAffect({DomainArgument(Completion::kDomain),
                                 Argument("uri", "URI", "namespace of the element", Completion::kNone),
                                 Value("key", "PREFIX", "prefix of the namespace"), Value("set", "XML", "the element"),
                                 Flag("remove", "remove it")}),
          .run = Metadata};
}

}  // namespace reeve::cli
