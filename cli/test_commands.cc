#include "cli/test_commands.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/context.h"
#include "cli/domains.h"

namespace reeve::cli {
namespace {

int SetWedge(Context& context, const Arguments& arguments, bool wedged) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to ", wedged ? "wedge" : "release", " domain '", argument, "'");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::SetWedgeRequest request;
  request.set_domain(*name);
  request.set_wedged(wedged);
  auto response = context.Call(methods::kSetWedge, std::move(request));
  if (!response.ok()) return FailDomain(context, failure, argument, response.status());
  if (context.json()) return context.PrintJson(*response);
  return context.Done(absl::StrCat("Domain '", argument, "' ", wedged ? "is wedged" : "is released", ", ",
                                   response->waiting(), " calls wait"));
}

int Wedge(Context& context, const Arguments& arguments) {
  return SetWedge(context, arguments, true);
}
int Release(Context& context, const Arguments& arguments) {
  return SetWedge(context, arguments, false);
}

int EndGuest(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to end domain '", argument, "'");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::EndGuestRequest request;
  request.set_domain(*name);
  v1::EndGuestRequest::How how = v1::EndGuestRequest::HOW_SHUTDOWN;
  // The words of the option are those of the enum.
  (void)v1::EndGuestRequest::How_Parse(
      absl::StrCat("HOW_", absl::AsciiStrToUpper(absl::StrReplaceAll(arguments.Get("how", "shutdown"), {{"-", "_"}}))),
      &how);
  request.set_how(how);
  auto response = context.Call(methods::kEndGuest, std::move(request));
  if (!response.ok()) return FailDomain(context, failure, argument, response.status());
  if (context.json()) return context.PrintJson(*response);
  return context.Done(absl::StrCat("Domain '", argument, "' ended by ", arguments.Get("how", "shutdown")));
}

}  // namespace

CommandGroup TestCommands() {
  const Option domain = Argument("domain", "DOMAIN", "a domain of the test driver", Completion::kDomain);
  Option how = Argument("how", "HOW", "shutdown (the default), crash, reboot or out-of-memory", Completion::kWords);
  how.required = false;
  how.words = {"shutdown", "crash", "reboot", "out-of-memory"};
  return {"Test driver",
          {
              {.name = "test wedge",
               .summary = "let calls that change a test domain hang",
               .description = "Reads are answered as always.",
               .examples = "reeve -c test:///default test wedge web1",
               .options = {domain},
               .run = Wedge},
              {.name = "test release", .summary = "let go on what hangs", .options = {domain}, .run = Release},
              {.name = "test end",
               .summary = "end a running test domain as if its guest had done it",
               .examples = "reeve -c test:///default test end web1 crash",
               .options = {domain, how},
               .run = EndGuest},
          }};
}

}  // namespace reeve::cli
