#include "cli/vcpu_commands.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/domain_changes.h"
#include "cli/table.h"

namespace reeve::cli {
namespace {

absl::StatusOr<v1::ListVcpusResponse> ListVcpus(Context& context, const Arguments& arguments) {
  auto name = ResolveDomain(context, arguments.Get("domain"));
  if (!name.ok()) return name.status();
  v1::ListVcpusRequest request;
  request.set_name(*name);
  request.set_config(arguments.Has("config"));
  return context.Call(methods::kListVcpus, std::move(request));
}

int FailList(Context& context, const Arguments& arguments, const absl::Status& status) {
  return FailDomain(context, "Failed to get the virtual CPUs", arguments.Get("domain"), status);
}

std::string Affinity(const v1::VcpuStatus& vcpu) {
  return vcpu.cpuset().empty() ? "all" : vcpu.cpuset();
}

int Setvcpus(Context& context, const Arguments& arguments) {
  v1::SetVcpusRequest request;
  uint32_t count = 0;
  if (!absl::SimpleAtoi(arguments.Get("count"), &count) || count == 0) {
    return BadOption(context, "COUNT", "must be a number of at least 1");
  }
  request.set_vcpus(count);
  request.set_maximum(arguments.Has("maximum"));
  return ChangeDomain(context, arguments, methods::kSetVcpus, std::move(request),
                      absl::StrCat("Failed to set the virtual CPUs of domain '", arguments.Get("domain"), "'"), "");
}

int Vcpupin(Context& context, const Arguments& arguments) {
  uint32_t id = 0;
  if (arguments.Has("vcpu") && !absl::SimpleAtoi(arguments.Get("vcpu"), &id)) {
    return BadOption(context, "VCPU", "must be a number");
  }
  if (arguments.Has("cpus")) {
    if (!arguments.Has("vcpu")) return BadOption(context, "VCPU", "is missing");
    v1::SetVcpuPinRequest request;
    request.set_vcpu(id);
    const std::string cpus = arguments.Get("cpus");
    request.set_cpuset(cpus == "all" ? "" : cpus);
    return ChangeDomain(context, arguments, methods::kSetVcpuPin, std::move(request),
                        absl::StrCat("Failed to pin a virtual CPU of domain '", arguments.Get("domain"), "'"), "");
  }
  auto list = ListVcpus(context, arguments);
  if (!list.ok()) return FailList(context, arguments, list.status());
  if (context.json()) return context.PrintJson(*list);
  Table table({"VCPU", "CPU Affinity"});
  for (const v1::VcpuStatus& vcpu : list->vcpus()) {
    if (!arguments.Has("vcpu") || vcpu.id() == id) table.AddRow({absl::StrCat(vcpu.id()), Affinity(vcpu)});
  }
  context.output().Print(absl::StrCat(table.Format(context.output().color(), !context.options().quiet), "\n"));
  return kExitOk;
}

int Vcpuinfo(Context& context, const Arguments& arguments) {
  auto list = ListVcpus(context, arguments);
  if (!list.ok()) return FailList(context, arguments, list.status());
  if (context.json()) return context.PrintJson(*list);
  std::string text;
  for (const v1::VcpuStatus& vcpu : list->vcpus()) {
    KeyValues info(16);
    info.Add("VCPU", absl::StrCat(vcpu.id()));
    info.Add("CPU", vcpu.has_host_cpu() ? absl::StrCat(vcpu.host_cpu()) : "N/A");
    info.Add("State", !vcpu.online() ? "offline" : vcpu.running() ? "running" : "blocked");
    info.Add("CPU time", absl::StrFormat("%.1fs", static_cast<double>(vcpu.cpu_time_ns()) / 1e9));
    info.Add("CPU Affinity", Affinity(vcpu));
    absl::StrAppend(&text, info.Format(context.output().color()), "\n");
  }
  context.output().Print(text);
  return kExitOk;
}

int Vcpucount(Context& context, const Arguments& arguments) {
  auto list = ListVcpus(context, arguments);
  if (!list.ok()) return FailList(context, arguments, list.status());
  if (context.json()) return context.PrintJson(*list);
  const auto online = std::count_if(list->vcpus().begin(), list->vcpus().end(),
                                    [](const v1::VcpuStatus& vcpu) { return vcpu.online(); });
  KeyValues info(13);
  info.Add("maximum", absl::StrCat(list->vcpus_size()));
  info.Add("current", absl::StrCat(online));
  context.output().Print(absl::StrCat(info.Format(context.output().color()), "\n"));
  return kExitOk;
}

}  // namespace

std::vector<Command> VcpuCommands() {
  const Option domain = DomainArgument(Completion::kDomain);
  const Option config = Flag("config", "of the definition");
  Option vcpu = Argument("vcpu", "VCPU", "id of the virtual CPU, from 0", Completion::kNone);
  vcpu.required = false;
  Option cpus =
      Argument("cpus", "CPUS", "CPUs of the host, \"0-3,^2\"; all: where the domain may run", Completion::kNone);
  cpus.required = false;
  return {
      {.name = "setvcpus",
       .summary = "set the number of virtual CPUs",
       .examples = "reeve setvcpus web1 2 --live\nreeve setvcpus web1 4 --maximum --config",
       .options = WithAffect({domain, Argument("count", "COUNT", "how many, from 1", Completion::kNone),
                              Flag("maximum", "the most that there can be, of the definition only")}),
       .run = Setvcpus},
      {.name = "vcpucount",
       .summary = "show the number of virtual CPUs",
       .options = {domain, config},
       .run = Vcpucount},
      {.name = "vcpuinfo", .summary = "show every virtual CPU", .options = {domain, config}, .run = Vcpuinfo},
      {.name = "vcpupin",
       .summary = "show or set where virtual CPUs run",
       .examples = "reeve vcpupin web1\nreeve vcpupin web1 0 2-3 --live --config",
       .options = WithAffect({domain, vcpu, cpus}),
       .run = Vcpupin},
  };
}

}  // namespace reeve::cli
