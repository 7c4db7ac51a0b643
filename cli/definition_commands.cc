#include "cli/definition_commands.h"

#include "absl/strings/str_cat.h"
#include "cli/console_command.h"
#include "cli/context.h"
#include "cli/documents.h"
#include "cli/domain_changes.h"
#include "cli/domains.h"
#include "cli/edit_command.h"
#include "cli/format_options.h"
#include "cli/label_command.h"
#include "cli/metadata_commands.h"
#include "cli/pass_fds.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

// One file of define.
int DefineOne(Context& context, const std::string& file, const Arguments& arguments) {
  const bool check = arguments.Has("check");
  const std::string failure = absl::StrCat("Failed to define domain from ", file);
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  auto document = ReadDomainDocument(file, arguments);
  if (!document.ok()) return context.Fail(failure, document.status());
  PrintWarnings(context, file, *document);
  v1::UpdateDomainRequest request;
  request.set_parent((*connection)->Hypervisor());
  *request.mutable_document() = document->document;
  request.set_allow_missing(true);
  request.set_validate_only(check);
  auto domain = context.Call(methods::kUpdateDomain, std::move(request));
  if (!domain.ok()) return context.Fail(failure, domain.status());
  if (context.json()) return context.PrintJson(*domain);
  return context.Done(absl::StrCat("Domain '", LastPart(domain->name()), "' ", check ? "is valid in " : "defined from ",
                                   SourceWords(file, *document)));
}

int Define(Context& context, const Arguments& arguments) {
  int result = kExitOk;
  for (const std::string& file : arguments.All("file")) {
    const int code = DefineOne(context, file, arguments);
    if (result == kExitOk) result = code;
    if (code == kExitCannotConnect || code == kExitInterrupted) break;
  }
  return result;
}

int Create(Context& context, const Arguments& arguments) {
  const std::string file = arguments.Get("file");
  const std::string failure = absl::StrCat("Failed to create domain from ", file);
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  auto document = ReadDomainDocument(file, arguments);
  if (!document.ok()) return context.Fail(failure, document.status());
  PrintWarnings(context, file, *document);
  v1::CreateDomainRequest request;
  request.set_parent((*connection)->Hypervisor());
  *request.mutable_document() = document->document;
  request.set_transient(true);
  request.set_paused(arguments.Has("paused"));
  request.set_auto_destroy(arguments.Has("autodestroy"));
  if (absl::Status status = PassFds(context, arguments, request.mutable_descriptors()); !status.ok()) {
    return context.Fail(failure, WithContext("--pass-fds", status));
  }
  auto domain = context.Call(methods::kCreateDomain, std::move(request));
  if (!domain.ok()) return context.Fail(failure, domain.status());
  if (context.json() && !arguments.Has("console")) return context.PrintJson(*domain);
  const int code =
      context.Done(absl::StrCat("Domain '", LastPart(domain->name()), "' created from ", SourceWords(file, *document)));
  return arguments.Has("console") ? RunConsole(context, domain->name(), {}) : code;
}

int Undefine(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to undefine domain '", argument, "'");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::DeleteDomainRequest request;
  request.set_name(*name);
  auto response = context.Call(methods::kDeleteDomain, std::move(request));
  if (!response.ok()) return FailDomain(context, failure, argument, response.status());
  if (context.json()) return context.PrintJson(*response);
  return context.Done(absl::StrCat("Domain '", LastPart(*name), "' has been undefined"));
}

int Dumpxml(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const auto format = formats::FormatFromName(arguments.Get("format", NameOf(formats::Format::kXml)));
  if (!format) {
    context.output().PrintError(absl::StrCat("dumpxml: there is no format ", arguments.Get("format")));
    return kExitUsage;
  }
  const std::string what = arguments.Has("format") ? arguments.Get("format") : "XML";
  const std::string failure = absl::StrCat("Failed to get the ", what, " of domain '", argument, "'");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::ExportDomainRequest request;
  request.set_name(*name);
  request.set_format(ToProto(*format));
  request.set_inactive(arguments.Has("inactive"));
  const bool with_secrets = arguments.Has("security-info");
  auto document =
      context.Call(with_secrets ? methods::kExportDomainWithSecrets : methods::kExportDomain, std::move(request));
  if (!document.ok()) return FailDomain(context, failure, argument, document.status());
  if (context.json()) return context.PrintJson(*document);
  context.output().Print(document->text());
  if (document->text().empty() || document->text().back() != '\n') context.output().Print("\n");
  return kExitOk;
}

int Domrename(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to rename domain '", argument, "'");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::RenameDomainRequest request;
  request.set_name(*name);
  request.set_new_name(arguments.Get("new-name"));
  auto domain = context.Call(methods::kRenameDomain, std::move(request));
  if (!domain.ok()) return FailDomain(context, failure, argument, domain.status());
  if (context.json()) return context.PrintJson(*domain);
  return context.Done(
      absl::StrCat("Domain '", LastPart(*name), "' has been renamed to '", LastPart(domain->name()), "'"));
}

int Autostart(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const bool disable = arguments.Has("disable");
  const std::string failure =
      absl::StrCat("Failed to ", disable ? "unmark" : "mark", " domain '", argument, "' as autostarted");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::SetDomainAutostartRequest request;
  request.set_name(*name);
  request.set_autostart(!disable);
  auto domain = context.Call(methods::kSetDomainAutostart, std::move(request));
  if (!domain.ok()) return FailDomain(context, failure, argument, domain.status());
  if (context.json()) return context.PrintJson(*domain);
  return context.Done(
      absl::StrCat("Domain '", LastPart(domain->name()), "' ", disable ? "unmarked" : "marked", " as autostarted"));
}

}  // namespace

CommandGroup DefinitionCommands() {
  Option files = Argument("file", "FILE", "a domain in any format; - is the standard input", Completion::kFile);
  Option file = files;
  files.repeated = true;
  std::vector<Option> define = DomainDocumentOptions();
  define.insert(define.begin(), {files, Flag("check", "check only, define nothing")});
  define.push_back(Flag("validate", "taken for virsh's sake: documents are always checked"));
  std::vector<Option> create = DomainDocumentOptions();
  create.insert(create.begin(),
                {file, Flag("console", "attach to the console afterwards"), Flag("paused", "start it suspended")});
  create.push_back(Flag("autodestroy", "end it with this program, e.g. with --console or in the shell"));
  create.push_back(PassFdsOption());
  create.push_back(Flag("validate", "taken for virsh's sake: documents are always checked"));
  return {
      "Definitions",
      {
          {.name = "define",
           .summary = "define domains, or change their definition",
           .description =
               "A domain of the same name and UUID is changed. A running guest keeps what it was started with. "
               "Without --format the text tells the format; xl and xm share one, which the end of the name (.xl, .xm) "
               "tells, or nothing does.",
           .examples = "reeve define web1.xml\nreeve define containers/*.xml\nreeve define --check web1.xml\n"
                       "reeve define --format lxc-tools --lenient /var/lib/lxc/web1/config",
           .options = define,
           .run = Define},
          {.name = "create",
           .summary = "start a transient domain",
           .description = "It is not stored, and gone when it ends.",
           .examples = "reeve create web1.xml --console",
           .options = create,
           .run = Create},
          {.name = "undefine",
           .summary = "undefine a domain",
           .description = "A running one goes on as a transient domain.",
           .options = {DomainArgument(Completion::kDomain)},
           .run = Undefine},
          {.name = "domrename",
           .summary = "give a domain that does not run another name",
           .description = "It keeps its UUID, its definition and its saved state.",
           .examples = "reeve domrename web1 web-old",
           .options = {DomainArgument(Completion::kDomain),
                       Argument("new-name", "NEW-NAME", "its name from now on", Completion::kNone)},
           .run = Domrename},
          {.name = "dumpxml",
           .summary = "print a domain as XML or in another format",
           .description = "What a format cannot express is refused by name.",
           .examples = "reeve dumpxml web1\nreeve dumpxml web1 --inactive >web1.xml\nreeve dumpxml web1 --format json",
           .options = {DomainArgument(Completion::kDomain),
                       FormatOption("format", "the format to write; without it xml"),
                       Flag("inactive", "the stored definition, not that with which it runs"),
                       Flag("security-info", "with passwords; needs a read-write connection")},
           .run = Dumpxml},
          EditCommand(),
          DescCommand(),
          MetadataCommand(),
          LabelCommand(),
          {.name = "autostart",
           .summary = "start a domain with the daemon, or no longer",
           .examples = "reeve autostart web1\nreeve autostart web1 --disable",
           .options = {DomainArgument(Completion::kDomain), Flag("disable", "no longer")},
           .run = Autostart},
      }};
}

}  // namespace reeve::cli
