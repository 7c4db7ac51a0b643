#include "cli/host_commands.h"

#include <poll.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/context.h"
#include "cli/domain_changes.h"
#include "cli/host_changes.h"
#include "cli/host_text.h"

namespace reeve::cli {
namespace {

// Between two readings, as with virsh.
constexpr int kSampleMilliseconds = 1000;

absl::StatusOr<v1::NodeStatistics> GetStatistics(Context& context) {
  return context.Call(methods::kGetNodeStatistics, v1::GetNodeStatisticsRequest());
}

// The times of the CPU that is asked for, else of all.
absl::StatusOr<v1::CpuTimes> TimesOf(const v1::NodeStatistics& statistics, std::optional<uint64_t> cpu) {
  if (!cpu) return statistics.total();
  for (const v1::CpuTimes& times : statistics.cpus()) {
    if (times.cpu() != *cpu) continue;
    if (!times.online()) return absl::FailedPreconditionError(absl::StrCat("CPU ", *cpu, " is offline"));
    return times;
  }
  return absl::NotFoundError(absl::StrCat("the host has no CPU ", *cpu));
}

int Nodecpustats(Context& context, const Arguments& arguments) {
  const std::string failure = "Unable to get node cpu stats";
  auto cpu = NumberOf(arguments, "cpu", UINT32_MAX);
  if (!cpu.ok()) return BadOption(context, "--cpu", cpu.status().message());
  auto statistics = GetStatistics(context);
  if (!statistics.ok()) return context.Fail(failure, statistics.status());
  auto times = TimesOf(*statistics, *cpu);
  if (!times.ok()) return context.Fail(failure, times.status());
  if (context.json()) return context.PrintJson(*times);
  if (!arguments.Has("percent")) {
    context.output().Print(absl::StrCat(CpuTimesText(*times), "\n"));
    return kExitOk;
  }
  pollfd interrupt = {context.interrupt_fd(), POLLIN, 0};
  (void)poll(&interrupt, 1, kSampleMilliseconds);
  if (context.Interrupted()) return kExitInterrupted;
  auto later = GetStatistics(context);
  if (!later.ok()) return context.Fail(failure, later.status());
  auto then = TimesOf(*later, *cpu);
  if (!then.ok()) return context.Fail(failure, then.status());
  context.output().Print(absl::StrCat(CpuUsageText(*times, *then), "\n"));
  return kExitOk;
}

int Nodecpumap(Context& context, const Arguments& arguments) {
  auto statistics = GetStatistics(context);
  if (!statistics.ok()) return context.Fail("Unable to get cpu map", statistics.status());
  if (context.json()) return context.PrintJson(*statistics);
  context.output().Print(absl::StrCat(CpuMapText(*statistics, arguments.Has("pretty")), "\n"));
  return kExitOk;
}

absl::StatusOr<v1::CellMemory> CellOf(const v1::NodeStatistics& statistics, uint64_t number) {
  for (const v1::CellMemory& cell : statistics.cells()) {
    if (cell.cell() == number) return cell;
  }
  return absl::NotFoundError(absl::StrCat("the host has no NUMA cell ", number));
}

int Nodememstats(Context& context, const Arguments& arguments) {
  const std::string failure = "Unable to get memory stats";
  auto number = NumberOf(arguments, "cell", UINT32_MAX);
  if (!number.ok()) return BadOption(context, "--cell", number.status().message());
  auto statistics = GetStatistics(context);
  if (!statistics.ok()) return context.Fail(failure, statistics.status());
  if (!*number) {
    if (context.json()) return context.PrintJson(statistics->memory());
    context.output().Print(absl::StrCat(NodeMemoryText(statistics->memory()), "\n"));
    return kExitOk;
  }
  auto cell = CellOf(*statistics, **number);
  if (!cell.ok()) return context.Fail(failure, cell.status());
  if (context.json()) return context.PrintJson(*cell);
  context.output().Print(absl::StrCat(CellMemoryText(*cell), "\n"));
  return kExitOk;
}

int Freecell(Context& context, const Arguments& arguments) {
  const std::string failure = "failed to get the free memory";
  if (arguments.Has("all") && arguments.Has("cellno")) return BadOption(context, "--all", "excludes --cellno");
  auto number = NumberOf(arguments, "cellno", UINT32_MAX);
  if (!number.ok()) return BadOption(context, "--cellno", number.status().message());
  auto statistics = GetStatistics(context);
  if (!statistics.ok()) return context.Fail(failure, statistics.status());
  std::string text;
  if (*number) {
    auto cell = CellOf(*statistics, **number);
    if (!cell.ok()) return context.Fail(failure, cell.status());
    if (context.json()) return context.PrintJson(*cell);
    text = absl::StrCat(cell->cell(), ": ", cell->free_kib(), " KiB\n");
  } else if (arguments.Has("all")) {
    uint64_t total = 0;
    for (const v1::CellMemory& cell : statistics->cells()) {
      absl::StrAppendFormat(&text, "%5u: %10u KiB\n", cell.cell(), cell.free_kib());
      total += cell.free_kib();
    }
    absl::StrAppendFormat(&text, "--------------------\n%5s: %10u KiB\n", "Total", total);
  } else {
    text = absl::StrCat("Total: ", statistics->memory().free_kib(), " KiB\n");
  }
  if (context.json()) return context.PrintJson(*statistics);
  context.output().Print(absl::StrCat(text, "\n"));
  return kExitOk;
}

int Freepages(Context& context, const Arguments& arguments) {
  const std::string failure = "unable to get the free pages";
  if (arguments.Has("all") == arguments.Has("cellno")) {
    return BadOption(context, "freepages", "one of --all and --cellno is needed");
  }
  auto number = NumberOf(arguments, "cellno", UINT32_MAX);
  if (!number.ok()) return BadOption(context, "--cellno", number.status().message());
  uint64_t size_kib = 0;
  if (arguments.Has("pagesize")) {
    auto size = ParseKibibytes(arguments.Get("pagesize"));
    if (!size.ok()) return BadOption(context, "--pagesize", size.status().message());
    size_kib = *size;
  }
  auto statistics = GetStatistics(context);
  if (!statistics.ok()) return context.Fail(failure, statistics.status());
  std::string text;
  if (*number) {
    auto cell = CellOf(*statistics, **number);
    if (!cell.ok()) return context.Fail(failure, cell.status());
    if (context.json()) return context.PrintJson(*cell);
    text = FreePagesText(*cell, size_kib);
    if (text.empty()) {
      return context.Fail(failure, absl::NotFoundError(absl::StrCat("the cell has no pages of ", size_kib, " KiB")));
    }
  } else {
    for (const v1::CellMemory& cell : statistics->cells()) {
      absl::StrAppend(&text, text.empty() ? "" : "\n", "Node ", cell.cell(), ":\n",
                      FreePagesText(cell, size_kib));
    }
  }
  if (context.json()) return context.PrintJson(*statistics);
  context.output().Print(absl::StrCat(text, "\n"));
  return kExitOk;
}

int Sysinfo(Context& context, const Arguments&) {
  auto information = context.Call(methods::kGetSystemInformation, v1::GetSystemInformationRequest());
  if (!information.ok()) return context.Fail("failed to get sysinfo", information.status());
  if (context.json()) return context.PrintJson(*information);
  context.output().Print(absl::StrCat(SysinfoXml(*information), "\n"));
  return kExitOk;
}

}  // namespace

CommandGroup HostCommands() {
  return {"Resources of the host",
          {{.name = "nodecpumap",
            .summary = "show which CPUs the host has",
            .options = {Flag("pretty", "as a list of numbers")},
            .run = Nodecpumap},
           {.name = "nodecpustats",
            .summary = "show where the time of the host's CPUs went",
            .description = "Nanoseconds since the boot, of all CPUs together or of one.",
            .examples = "reeve nodecpustats --percent\nreeve nodecpustats --cpu 0",
            .options = {Value("cpu", "NUMBER", "of this one"), Flag("percent", "of the coming second, in percent")},
            .run = Nodecpustats},
           {.name = "nodememstats",
            .summary = "show the host's memory",
            .options = {Value("cell", "NUMBER", "of a NUMA cell")},
            .run = Nodememstats},
           {.name = "freecell",
            .summary = "show the free memory of the host",
            .options = {Value("cellno", "NUMBER", "of a NUMA cell"), Flag("all", "of each cell, and in all")},
            .run = Freecell},
           {.name = "freepages",
            .summary = "show how many pages of each size are free",
            .examples = "reeve freepages --all\nreeve freepages --cellno 0 --pagesize 2M",
            .options = {Value("cellno", "NUMBER", "of a NUMA cell"), Flag("all", "of each cell"),
                        Value("pagesize", "SIZE", "of this size only; KiB, or with a unit: 2M")},
            .run = Freepages},
           AllocpagesCommand(),
           NodeMemoryTuneCommand(),
           NodesuspendCommand(),
           {.name = "sysinfo",
            .summary = "print the XML of the machine's maker, model and serial numbers",
            .description = "As the firmware tells them (SMBIOS).",
            .run = Sysinfo}}};
}

}  // namespace reeve::cli
