#include "cli/image_commands.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "cli/context.h"
#include "cli/documents.h"
#include "cli/domain_changes.h"
#include "cli/domains.h"
#include "cli/follow_operation.h"

namespace reeve::cli {
namespace {

// The daemon takes absolute paths only; a relative one is meant from here, as virsh means it.
std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

int Save(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string file = arguments.Get("file");
  const std::string failure = absl::StrCat("Failed to save domain '", argument, "' to ", file);
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::SaveDomainToFileRequest request;
  request.set_name(*name);
  request.set_path(AbsolutePath(file));
  request.set_paused(arguments.Has("paused"));
  request.set_running(arguments.Has("running"));
  auto operation = context.Call(methods::kSaveDomainToFile, std::move(request));
  if (!operation.ok()) return FailDomain(context, failure, argument, operation.status());
  return FinishOperation(context, *operation, arguments.Has("detach"), failure,
                         absl::StrCat("Domain '", LastPart(*name), "' saved to ", file));
}

int Restore(Context& context, const Arguments& arguments) {
  const std::string file = arguments.Get("file");
  const std::string failure = absl::StrCat("Failed to restore domain from ", file);
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  v1::RestoreDomainRequest request;
  request.set_parent((*connection)->Hypervisor());
  request.set_path(AbsolutePath(file));
  request.set_paused(arguments.Has("paused"));
  request.set_running(arguments.Has("running"));
  if (arguments.Has("xml")) {
    auto document = ReadDomainDocument(arguments.Get("xml"), arguments);
    if (!document.ok()) return context.Fail(failure, document.status());
    PrintWarnings(context, arguments.Get("xml"), *document);
    *request.mutable_document() = document->document;
  }
  auto operation = context.Call(methods::kRestoreDomain, std::move(request));
  if (!operation.ok()) return context.Fail(failure, operation.status());
  return FinishOperation(context, *operation, arguments.Has("detach"), failure,
                         absl::StrCat("Domain '", LastPart(operation->target()), "' restored from ", file));
}

int DumpImage(Context& context, const Arguments& arguments) {
  const std::string file = arguments.Get("file");
  const std::string failure = absl::StrCat("Failed to read the saved domain ", file);
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  v1::GetSavedImageRequest request;
  request.set_parent((*connection)->Hypervisor());
  request.set_path(AbsolutePath(file));
  if (!context.json()) request.set_format(v1::Document::FORMAT_LIBVIRT_XML);
  auto image = context.Call(methods::kGetSavedImage, std::move(request));
  if (!image.ok()) return context.Fail(failure, image.status());
  if (context.json()) return context.PrintJson(*image);
  context.output().Print(image->document().text());
  return kExitOk;
}

int Dump(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string file = arguments.Get("file");
  const std::string failure = absl::StrCat("Failed to dump domain '", argument, "' to ", file);
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::DumpDomainRequest request;
  request.set_name(*name);
  request.set_path(AbsolutePath(file));
  request.set_live(arguments.Has("live"));
  request.set_crash(arguments.Has("crash"));
  auto operation = context.Call(methods::kDumpDomain, std::move(request));
  if (!operation.ok()) return FailDomain(context, failure, argument, operation.status());
  return FinishOperation(context, *operation, arguments.Has("detach"), failure,
                         absl::StrCat("Domain '", LastPart(*name), "' dumped to ", file));
}

int RemoveManagedSave(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to remove the managed save of domain '", argument, "'");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::DomainVerbRequest request;
  request.set_name(*name);
  auto domain = context.Call(methods::kRemoveManagedSave, std::move(request));
  if (!domain.ok()) return FailDomain(context, failure, argument, domain.status());
  if (context.json()) return context.PrintJson(*domain);
  return context.Done(absl::StrCat("Removed managedsave image for domain '", LastPart(*name), "'"));
}

Option FileArgument(const char* help) {
  return Argument("file", "FILE", help, Completion::kFile);
}

}  // namespace

CommandGroup ImageCommands() {
  const Option active = DomainArgument(Completion::kActiveDomain);
  const Option detach = Flag("detach", "don't wait, print the operation's name");
  std::vector<Option> restore = {FileArgument("file of save, on the daemon's host"),
                                 Value("xml", "FILE", "document to restore with, e.g. with other disks"),
                                 Flag("paused", "restore it suspended"), Flag("running", "restore it running"), detach};
  for (Option& option : DomainDocumentOptions()) restore.push_back(std::move(option));
  return {
      "Saved domains",
      {
          {.name = "save",
           .summary = "save a domain to a file and end it",
           .description =
               "The file is made on the daemon's host, with mode 0600, when it is whole; the definition stays. "
               "Ctrl-C cancels; the domain then runs on.",
           .examples = "reeve save web1 /srv/web1.save\nreeve save web1 /srv/web1.save --paused",
           .options = {active, FileArgument("file to make, on the daemon's host"),
                       Flag("paused", "restored, it is suspended"), Flag("running", "restored, it runs"), detach},
           .run = Save},
          {.name = "restore",
           .summary = "start the domain of a saved file",
           .description = "The file stays: don't restore from it twice, its disks have moved on. Files that libvirt's "
                          "Xen driver saved are read too.",
           .examples = "reeve restore /srv/web1.save\nreeve restore /srv/web1.save --xml web1-moved.xml --paused",
           .options = restore,
           .run = Restore},
          {.name = "save-image-dumpxml",
           .summary = "print the domain of a saved file as XML",
           .examples = "reeve save-image-dumpxml /srv/web1.save",
           .options = {FileArgument("file of save, on the daemon's host")},
           .run = DumpImage},
          {.name = "dump",
           .summary = "write a core of a domain to a file",
           .description = "The domain is suspended meanwhile. The file is made on the daemon's host, with mode 0600.",
           .examples = "reeve dump web1 /srv/web1.core\nreeve dump web1 /srv/web1.core --crash",
           .options = {active, FileArgument("file to make, on the daemon's host"),
                       Flag("live", "let it run on meanwhile"), Flag("crash", "end it afterwards"), detach},
           .run = Dump},
          {.name = "managedsave-remove",
           .summary = "drop what managedsave has saved",
           .options = {DomainArgument(Completion::kInactiveDomain)},
           .run = RemoveManagedSave},
      }};
}

}  // namespace reeve::cli
