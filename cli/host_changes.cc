#include "cli/host_changes.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/domain_changes.h"
#include "cli/host_text.h"

namespace reeve::cli {
namespace {

int Allocpages(Context& context, const Arguments& arguments) {
  v1::AllocateHugePagesRequest request;
  auto size = ParseKibibytes(arguments.Get("pagesize"));
  if (!size.ok()) return BadOption(context, "PAGESIZE", size.status().message());
  request.set_size_kib(*size);
  auto count = NumberOf(arguments, "pagecount", UINT64_MAX);
  if (!count.ok()) return BadOption(context, "PAGECOUNT", count.status().message());
  request.set_count((*count).value_or(0));
  auto cell = NumberOf(arguments, "cellno", UINT32_MAX);
  if (!cell.ok()) return BadOption(context, "--cellno", cell.status().message());
  if (*cell) request.set_cell(static_cast<uint32_t>(**cell));
  request.set_add(arguments.Has("add"));
  auto pages = context.Call(methods::kAllocateHugePages, std::move(request));
  if (!pages.ok()) return context.Fail("failed to allocate pages", pages.status());
  if (context.json()) return context.PrintJson(*pages);
  context.output().Print(
      absl::StrCat(pages->size_kib(), "KiB: ", pages->total(), " pages, ", pages->free(), " of them free\n\n"));
  return kExitOk;
}

// A number that is 0 or 1, whatever it is called.
absl::StatusOr<bool> Switch(absl::string_view text) {
  if (text == "1" || text == "on" || text == "yes") return true;
  if (text == "0" || text == "off" || text == "no") return false;
  return absl::InvalidArgumentError("must be 0 or 1");
}

absl::Status ReadParameters(const Arguments& arguments, v1::SetNodeMemoryParametersRequest* request) {
  auto pages = NumberOf(arguments, "shm-pages-to-scan", UINT64_MAX);
  if (!pages.ok()) return absl::InvalidArgumentError(absl::StrCat("--shm-pages-to-scan ", pages.status().message()));
  if (*pages) request->set_pages_to_scan(**pages);
  auto sleep = NumberOf(arguments, "shm-sleep-millisecs", UINT64_MAX);
  if (!sleep.ok()) return absl::InvalidArgumentError(absl::StrCat("--shm-sleep-millisecs ", sleep.status().message()));
  if (*sleep) request->set_sleep_milliseconds(**sleep);
  if (arguments.Has("shm-merge-across-nodes")) {
    auto merge = Switch(arguments.Get("shm-merge-across-nodes"));
    if (!merge.ok())
      return absl::InvalidArgumentError(absl::StrCat("--shm-merge-across-nodes ", merge.status().message()));
    request->set_merge_across_nodes(*merge);
  }
  if (arguments.Has("shm-run")) {
    auto run = Switch(arguments.Get("shm-run"));
    if (!run.ok()) return absl::InvalidArgumentError(absl::StrCat("--shm-run ", run.status().message()));
    request->set_running(*run);
  }
  return absl::OkStatus();
}

int NodeMemoryTune(Context& context, const Arguments& arguments) {
  v1::SetNodeMemoryParametersRequest request;
  if (absl::Status status = ReadParameters(arguments, &request); !status.ok()) {
    return BadOption(context, "node-memory-tune", status.message());
  }
  const bool change = request.ByteSizeLong() > 0;
  auto parameters = change ? context.Call(methods::kSetNodeMemoryParameters, std::move(request))
                           : context.Call(methods::kGetNodeMemoryParameters, v1::GetNodeMemoryParametersRequest());
  if (!parameters.ok()) {
    return context.Fail(change ? "Unable to change memory parameters" : "Unable to get memory parameters",
                        parameters.status());
  }
  if (context.json()) return context.PrintJson(*parameters);
  if (!change) context.output().Print(absl::StrCat(MemoryParametersText(*parameters), "\n"));
  return kExitOk;
}

int Nodesuspend(Context& context, const Arguments& arguments) {
  const std::string target = arguments.Get("target");
  v1::SuspendNodeRequest request;
  if (target == "mem") request.set_target(v1::SUSPEND_TARGET_MEMORY);
  if (target == "disk") request.set_target(v1::SUSPEND_TARGET_DISK);
  if (target == "hybrid") request.set_target(v1::SUSPEND_TARGET_HYBRID);
  if (request.target() == v1::SUSPEND_TARGET_UNSPECIFIED) {
    return BadOption(context, "TARGET", "must be mem, disk or hybrid");
  }
  auto duration = NumberOf(arguments, "duration", UINT64_MAX);
  if (!duration.ok()) return BadOption(context, "DURATION", duration.status().message());
  request.set_duration_seconds((*duration).value_or(0));
  auto response = context.Call(methods::kSuspendNode, std::move(request));
  if (!response.ok()) return context.Fail("The host was not suspended", response.status());
  return context.json() ? context.PrintJson(*response) : kExitOk;
}

}  // namespace

absl::StatusOr<std::optional<uint64_t>> NumberOf(const Arguments& arguments, const char* option, uint64_t most) {
  if (!arguments.Has(option)) return std::nullopt;
  const std::string text = arguments.Get(option);
  uint64_t number = 0;
  if (!absl::SimpleAtoi(text, &number)) return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not a number"));
  if (number > most) return absl::InvalidArgumentError(absl::StrCat("must be at most ", most));
  return number;
}

Command AllocpagesCommand() {
  return {.name = "allocpages",
          .summary = "set how many huge pages there are",
          .description = "Prints how many there are afterwards: the kernel may find room for fewer.",
          .examples = "reeve allocpages 2M 64\nreeve allocpages 2048 16 --cellno 1 --add",
          .options = {Argument("pagesize", "PAGESIZE", "KiB, or with a unit: 2M", Completion::kNone),
                      Argument("pagecount", "PAGECOUNT", "how many", Completion::kNone),
                      Value("cellno", "NUMBER", "NUMA cell; default: the first"),
                      Flag("add", "so many more; default: so many in all")},
          .run = Allocpages};
}

Command NodeMemoryTuneCommand() {
  return {.name = "node-memory-tune",
          .summary = "show or change how the host shares equal pages",
          .description = "The kernel's KSM (samepage merging). Without options it is shown.",
          .options = {Value("shm-pages-to-scan", "NUMBER", "pages that are looked at before a pause"),
                      Value("shm-sleep-millisecs", "NUMBER", "length of a pause"),
                      Value("shm-merge-across-nodes", "0|1", "share pages of different NUMA cells"),
                      Value("shm-run", "0|1", "stop or run it")},
          .run = NodeMemoryTune};
}

Command NodesuspendCommand() {
  Option target = Argument("target", "TARGET", "mem, disk or hybrid (both)", Completion::kWords);
  target.words = {"mem", "disk", "hybrid"};
  return {.name = "nodesuspend",
          .summary = "put the host to sleep for a while",
          .description = "By way of systemd-logind; the machine's clock wakes it up. Returns before the host sleeps.",
          .examples = "reeve nodesuspend mem 3600",
          .options = {target, Argument("duration", "DURATION", "seconds, at least 60", Completion::kNone)},
          .run = Nodesuspend};
}

}  // namespace reeve::cli
