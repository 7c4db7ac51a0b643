#include "cli/domain_commands.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "cli/context.h"
#include "cli/display_commands.h"
#include "cli/domain_changes.h"
#include "cli/domains.h"
#include "cli/list_command.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/units.h"

namespace reeve::cli {
namespace {

constexpr size_t kInfoWidth = 16;

// "exit code 3", "signal 9", with the time.
std::string ExitWords(const v1::ExitStatus& exit) {
  std::string words = exit.has_signal() ? absl::StrCat("signal ", exit.signal()) : absl::StrCat("code ", exit.code());
  if (exit.has_time()) absl::StrAppend(&words, " at ", TimeWords(exit.time()));
  return words;
}

std::string InfoText(const v1::Domain& domain, const v1::Domain& with_statistics, bool color) {
  const v1::DomainStatus& status = domain.status();
  const v1::DomainSpec& spec = domain.spec();
  const bool active = IsActive(status.state());
  KeyValues info(kInfoWidth);
  info.Add("Id", status.id() == 0 ? "-" : absl::StrCat(status.id()));
  info.Add("Name", LastPart(domain.name()));
  info.Add("UUID", domain.uid());
  if (!spec.title().empty()) info.Add("Title", spec.title());
  info.Add("OS Type", spec.os().type().empty() ? "-" : spec.os().type());
  info.Add("State", StateWords(status.state()), StateStyle(status.state()));
  if (!status.message().empty()) info.Add("State message", status.message());
  info.Add("CPU(s)", absl::StrCat(spec.vcpus() == 0 ? 1 : spec.vcpus()));
  if (with_statistics.has_statistics()) {
    info.Add("CPU time", absl::StrFormat("%.1fs", with_statistics.statistics().cpu_time_ns() / 1e9));
  }
  info.Add("Max memory", spec.memory_kib() == 0 ? "no limit" : absl::StrCat(spec.memory_kib(), " KiB"));
  info.Add("Used memory", absl::StrCat(with_statistics.statistics().memory_bytes() / 1024, " KiB"));
  info.Add("Persistent", status.persistent() ? "yes" : "no");
  info.Add("Autostart", domain.autostart() ? "enable" : "disable");
  if (!domain.labels().empty()) info.Add("Labels", LabelsText(domain));
  info.Add("Managed save", status.managed_save() ? "yes" : "no");
  if (active && status.has_start_time()) info.Add("Started", TimeWords(status.start_time()));
  if (status.supervisor_pid() != 0) info.Add("Supervisor", absl::StrCat("pid ", status.supervisor_pid()));
  for (const std::string& warning : status.warnings()) info.Add("Warning", warning);
  if (status.updated()) info.Add("Changed", "yes, from the next start on");
  if (!active && status.has_last_exit()) info.Add("Last exit", ExitWords(status.last_exit()));
  return info.Format(color);
}

int Dominfo(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  auto domain = GetDomain(context, argument, v1::DOMAIN_VIEW_FULL);
  if (!domain.ok()) return FailDomain(context, "Failed to get domain info", argument, domain.status());
  // What it uses is a second call, by the resource name: the domain may have another id by now.
  auto statistics = GetDomain(context, domain->name(), v1::DOMAIN_VIEW_STATS);
  if (!statistics.ok()) return FailDomain(context, "Failed to get domain statistics", argument, statistics.status());
  if (context.json()) {
    if (statistics->has_statistics()) *domain->mutable_statistics() = statistics->statistics();
    return context.PrintJson(*domain);
  }
  context.output().Print(absl::StrCat(InfoText(*domain, *statistics, context.output().color()), "\n"));
  return kExitOk;
}

int Domstate(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  auto domain = GetDomain(context, argument, v1::DOMAIN_VIEW_BASIC);
  if (!domain.ok()) return FailDomain(context, "Failed to get domain state", argument, domain.status());
  if (context.json()) return context.PrintJson(*domain);
  std::string text =
      Styled(StateWords(domain->status().state()), StateStyle(domain->status().state()), context.output().color());
  if (arguments.Has("reason")) absl::StrAppend(&text, " (", ReasonWords(domain->status().reason()), ")");
  context.output().Print(absl::StrCat(text, "\n\n"));
  return kExitOk;
}

// domid, domname and domuuid print one property.
template <typename Property>
int PrintProperty(Context& context, const Arguments& arguments, Property property) {
  const std::string argument = arguments.Get("domain");
  auto domain = GetDomain(context, argument, v1::DOMAIN_VIEW_BASIC);
  if (!domain.ok()) return FailDomain(context, "Failed to get domain", argument, domain.status());
  if (context.json()) return context.PrintJson(*domain);
  context.output().Print(absl::StrCat(Escape(property(*domain)), "\n\n"));
  return kExitOk;
}

int Domid(Context& context, const Arguments& arguments) {
  return PrintProperty(context, arguments, [](const v1::Domain& domain) {
    return domain.status().id() == 0 ? std::string("-") : absl::StrCat(domain.status().id());
  });
}
int Domname(Context& context, const Arguments& arguments) {
  return PrintProperty(context, arguments, [](const v1::Domain& domain) { return LastPart(domain.name()); });
}
int Domuuid(Context& context, const Arguments& arguments) {
  return PrintProperty(context, arguments, [](const v1::Domain& domain) { return domain.uid(); });
}

}  // namespace

CommandGroup DomainCommands() {
  return {"Domains",
          {
              ListCommand(),
              {.name = "dominfo",
               .summary = "show a domain",
               .examples = "reeve dominfo web1",
               .options = {DomainArgument(Completion::kDomain)},
               .run = Dominfo},
              {.name = "domstate",
               .summary = "show the state of a domain",
               .examples = "reeve domstate web1 --reason",
               .options = {DomainArgument(Completion::kDomain), Flag("reason", "also why it is in this state")},
               .run = Domstate},
              {.name = "domid",
               .summary = "show the id of a running domain",
               .options = {DomainArgument(Completion::kDomain)},
               .run = Domid},
              {.name = "domname",
               .summary = "show the name of a domain",
               .examples = "reeve domname 6b3e9f0c-7b43-4c0e-9d0a-0d2b54c3f1aa",
               .options = {DomainArgument(Completion::kDomain)},
               .run = Domname},
              {.name = "domuuid",
               .summary = "show the UUID of a domain",
               .options = {DomainArgument(Completion::kDomain)},
               .run = Domuuid},
              DomdisplayCommand(),
              VncdisplayCommand(),
          }};
}

}  // namespace reeve::cli
