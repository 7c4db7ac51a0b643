#include "cli/lifecycle_commands.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/console_command.h"
#include "cli/context.h"
#include "cli/domains.h"
#include "cli/follow_operation.h"
#include "cli/pass_fds.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

using DomainVerb = UnaryMethod<v1::DomainVerbRequest, v1::Domain>;

v1::ShutdownMode ModeOf(absl::string_view word) {
  if (word == "acpi") return v1::SHUTDOWN_MODE_ACPI_POWER_BUTTON;
  if (word == "agent") return v1::SHUTDOWN_MODE_GUEST_AGENT;
  if (word == "initctl") return v1::SHUTDOWN_MODE_INITCTL;
  if (word == "signal") return v1::SHUTDOWN_MODE_SIGNAL;
  if (word == "paravirt") return v1::SHUTDOWN_MODE_PARAVIRT;
  return v1::SHUTDOWN_MODE_UNSPECIFIED;
}

// A call whose answer is the domain: message on success "Domain 'web1' <done>", else "Failed to <verb> domain 'web1'".
int CallVerb(Context& context, const Arguments& arguments, const DomainVerb& method, absl::string_view verb,
             absl::string_view done) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to ", verb, " domain '", argument, "'");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::DomainVerbRequest request;
  request.set_name(*name);
  request.set_force(arguments.Has("force"));
  for (absl::string_view word : absl::StrSplit(arguments.Get("mode"), ',', absl::SkipEmpty())) {
    const v1::ShutdownMode mode = ModeOf(word);
    if (mode == v1::SHUTDOWN_MODE_UNSPECIFIED) {
      context.output().PrintError(absl::StrCat("Unknown mode ", word,
                                               " value, expecting 'acpi', 'agent', 'initctl', "
                                               "'signal', or 'paravirt'"));
      return kExitUsage;
    }
    request.add_modes(mode);
  }
  auto domain = context.Call(method, std::move(request));
  if (!domain.ok()) return FailDomain(context, failure, argument, domain.status());
  if (context.json()) return context.PrintJson(*domain);
  return context.Done(absl::StrCat("Domain '", LastPart(domain->name()), "' ", done));
}

int Start(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to start domain '", argument, "'");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::StartDomainRequest request;
  request.set_name(*name);
  request.set_paused(arguments.Has("paused"));
  request.set_validate_only(arguments.Has("check"));
  request.set_auto_destroy(arguments.Has("autodestroy"));
  if (absl::Status status = PassFds(context, arguments, request.mutable_descriptors()); !status.ok()) {
    return context.Fail(failure, WithContext("--pass-fds", status));
  }
  auto domain = context.Call(methods::kStartDomain, std::move(request));
  if (!domain.ok()) return FailDomain(context, failure, argument, domain.status());
  if (context.json() && !arguments.Has("console")) return context.PrintJson(*domain);
  if (arguments.Has("check"))
    return context.Done(absl::StrCat("Domain '", LastPart(domain->name()), "' can be started"));
  const int code = context.Done(absl::StrCat("Domain '", LastPart(domain->name()), "' started"));
  return arguments.Has("console") ? RunConsole(context, domain->name(), {}) : code;
}

int Shutdown(Context& context, const Arguments& arguments) {
  return CallVerb(context, arguments, methods::kShutdownDomain, "shutdown", "is being shutdown");
}
int Reboot(Context& context, const Arguments& arguments) {
  return CallVerb(context, arguments, methods::kRebootDomain, "reboot", "is being rebooted");
}
int Destroy(Context& context, const Arguments& arguments) {
  return CallVerb(context, arguments, methods::kDestroyDomain, "destroy", "destroyed");
}
int Suspend(Context& context, const Arguments& arguments) {
  return CallVerb(context, arguments, methods::kSuspendDomain, "suspend", "suspended");
}
int Resume(Context& context, const Arguments& arguments) {
  return CallVerb(context, arguments, methods::kResumeDomain, "resume", "resumed");
}

int Managedsave(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to save domain '", argument, "' state");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::DomainVerbRequest request;
  request.set_name(*name);
  auto operation = context.Call(methods::kSaveDomain, std::move(request));
  if (!operation.ok()) return FailDomain(context, failure, argument, operation.status());
  return FinishOperation(context, *operation, arguments.Has("detach"), failure,
                         absl::StrCat("Domain '", LastPart(*name), "' state saved"));
}

int Sleep(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string target = arguments.Has("target") ? arguments.Get("target") : "mem";
  v1::SleepDomainRequest request;
  if (target == "mem") request.set_target(v1::SLEEP_TARGET_MEMORY);
  if (target == "disk") request.set_target(v1::SLEEP_TARGET_DISK);
  if (target == "hybrid") request.set_target(v1::SLEEP_TARGET_HYBRID);
  if (request.target() == v1::SLEEP_TARGET_UNSPECIFIED) {
    context.output().PrintError("Invalid target: it must be 'mem', 'disk' or 'hybrid'");
    return kExitUsage;
  }
  const std::string failure = absl::StrCat("Domain '", argument, "' could not be suspended");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  request.set_name(*name);
  auto domain = context.Call(methods::kSleepDomain, std::move(request));
  if (!domain.ok()) return FailDomain(context, failure, argument, domain.status());
  if (context.json()) return context.PrintJson(*domain);
  return context.Done(absl::StrCat("Domain '", LastPart(*name), "' successfully suspended"));
}

int Wake(Context& context, const Arguments& arguments) {
  return CallVerb(context, arguments, methods::kWakeDomain, "wake up", "successfully woken up");
}

Option DomainOf(Completion completion) {
  return Argument("domain", "DOMAIN", "name, UUID or id of the domain", completion);
}

}  // namespace

CommandGroup LifecycleCommands() {
  const Option mode = Value("mode", "MODE,...", "how: initctl, signal, acpi, agent or paravirt; the first that works");
  return {
      "Life cycle",
      {
          {.name = "start",
           .summary = "start a domain",
           .description = "Returns when the guest's first program runs; a failure names the step, and all is undone.",
           .examples = "reeve start web1\nreeve start web1 --console\nreeve start web1 --check",
           .options = {DomainOf(Completion::kInactiveDomain), Flag("console", "attach to the console afterwards"),
                       Flag("paused", "start it suspended"), Flag("check", "check only, start nothing"),
                       Flag("autodestroy", "end it with this program, e.g. with --console or in the shell"),
                       PassFdsOption()},
           .run = Start},
          {.name = "shutdown",
           .summary = "ask a domain to end",
           .description = "Returns when the guest has been asked; an event tells when it has ended.",
           .examples = "reeve shutdown web1\nreeve shutdown web1 --mode signal",
           .options = {DomainOf(Completion::kActiveDomain), mode},
           .run = Shutdown},
          {.name = "reboot",
           .summary = "ask a domain to restart",
           .options = {DomainOf(Completion::kActiveDomain), mode},
           .run = Reboot},
          {.name = "destroy",
           .summary = "end a domain at once",
           .description = "As pulling the plug: the guest is not asked. The definition stays.",
           .options = {DomainOf(Completion::kActiveDomain)},
           .run = Destroy},
          {.name = "suspend",
           .summary = "freeze a domain",
           .options = {DomainOf(Completion::kActiveDomain)},
           .run = Suspend},
          {.name = "resume",
           .summary = "let a frozen domain go on",
           .description = "For a guest that stands still since its migration broke the destination is asked first.",
           .options = {DomainOf(Completion::kActiveDomain),
                       Flag("force", "don't ask the destination: it is certain that it does not have the guest")},
           .run = Resume},
          {.name = "managedsave",
           .summary = "save the memory of a domain and end it",
           .description = "The next start goes on from there. Ctrl-C cancels; the domain then runs on.",
           .examples = "reeve managedsave web1\nreeve managedsave web1 --detach",
           .options = {DomainOf(Completion::kActiveDomain), Flag("detach", "don't wait, print the operation's name")},
           .run = Managedsave},
          {.name = "dompmsuspend",
           .summary = "put a domain to sleep by its own power management",
           .options = {DomainOf(Completion::kActiveDomain),
                       Value("target", "TARGET", "where its state is kept: mem (the default), disk or hybrid")},
           .run = Sleep},
          {.name = "dompmwakeup",
           .summary = "wake up a domain that sleeps",
           .options = {DomainOf(Completion::kActiveDomain)},
           .run = Wake},
      }};
}

}  // namespace reeve::cli
