#include "cli/cpu_commands.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/context.h"
#include "cli/documents.h"
#include "cli/text.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

// Only what the reason has not told already.
void PrintNames(Context& context, absl::string_view what, const Names& names, const std::string& reason) {
  const std::string list = absl::StrJoin(names, ", ");
  if (!absl::StrContains(reason, list)) context.output().PrintNote(absl::StrCat(what, ": ", list));
}

// What the answer is called, as virsh says it.
int PrintComparison(Context& context, const std::string& file, bool error, const v1::CpuComparison& comparison) {
  const bool compatible = comparison.result() != v1::CPU_COMPARISON_RESULT_INCOMPATIBLE;
  if (context.json()) {
    context.PrintJson(comparison);
    return compatible ? kExitOk : kExitFailed;
  }
  if (!compatible && error) {
    return context.Fail(
        absl::StrCat("Failed to compare host CPU with ", file),
        Error(v1::REASON_SPEC_INVALID, absl::StrCat("the CPU is incompatible with host CPU: ", comparison.reason())));
  }
  if (!compatible) {
    context.output().Print(absl::StrCat("CPU described in ", Escape(file), " is incompatible with host CPU\n\n"));
    // virsh leaves the user alone with it here.
    context.output().PrintNote(comparison.reason());
    PrintNames(context, "missing", comparison.missing_features(), comparison.reason());
    PrintNames(context, "forbidden", comparison.forbidden_features(), comparison.reason());
    return kExitFailed;
  }
  const bool identical = comparison.result() == v1::CPU_COMPARISON_RESULT_IDENTICAL;
  context.output().Print(identical ? absl::StrCat("CPU described in ", Escape(file), " is identical to host CPU\n\n")
                                   : absl::StrCat("Host CPU is a superset of CPU described in ", Escape(file), "\n\n"));
  return kExitOk;
}

int Compare(Context& context, const Arguments& arguments) {
  const std::string file = arguments.Get("file");
  const std::string failure = absl::StrCat("Failed to compare host CPU with ", file);
  auto text = ReadText(file);
  if (!text.ok()) return context.Fail(failure, text.status());
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  v1::CompareCpuRequest request;
  request.set_name((*connection)->Hypervisor());
  request.set_xml(*std::move(text));
  auto comparison = context.Call(methods::kCompareCpu, std::move(request));
  if (!comparison.ok()) return context.Fail(failure, comparison.status());
  return PrintComparison(context, file, arguments.Has("error"), *comparison);
}

int Baseline(Context& context, const Arguments& arguments) {
  const std::string file = arguments.Get("file");
  const std::string failure = absl::StrCat("Failed to compute the baseline CPU of ", file);
  auto text = ReadText(file);
  if (!text.ok()) return context.Fail(failure, text.status());
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  v1::BaselineCpuRequest request;
  request.set_name((*connection)->Hypervisor());
  request.add_xml(*std::move(text));
  request.set_expand_features(arguments.Has("features"));
  request.set_migratable(arguments.Has("migratable"));
  auto baseline = context.Call(methods::kBaselineCpu, std::move(request));
  if (!baseline.ok()) return context.Fail(failure, baseline.status());
  if (context.json()) return context.PrintJson(*baseline);
  context.output().Print(absl::StrCat(baseline->xml(), "\n"));
  return kExitOk;
}

}  // namespace

Command CpuCompareCommand() {
  return {
      .name = "cpu-compare",
      .summary = "tell whether the host's CPU has what a description asks for",
      .description =
          "The description is a <cpu>, the one of a <domain>, of <capabilities> or of <domainCapabilities>. Exit code "
          "1 where the host is not enough; then it is told what it lacks.",
      .examples = "reeve cpu-compare web1.xml\nreeve capabilities | ssh host2 reeve cpu-compare -",
      .options = {Argument("file", "FILE", "XML of the CPU; - is the standard input", Completion::kFile),
                  Flag("error", "a host that is not enough is an error"),
                  Flag("validate", "taken for virsh's sake: documents are always checked")},
      .run = Compare};
}

Command CpuBaselineCommand() {
  return {.name = "cpu-baseline",
          .summary = "print the CPU that several hosts have in common",
          .description =
              "For guests that shall move between them. The file has their descriptions one after another, each as "
              "reeve cpu-compare takes it.",
          .examples = "cat host1.xml host2.xml | reeve cpu-baseline - >common.xml",
          .options = {Argument("file", "FILE", "XML of the CPUs; - is the standard input", Completion::kFile),
                      Flag("features", "name the features of the model one by one"),
                      Flag("migratable", "leave out features that keep a guest on its host")},
          .run = Baseline};
}

}  // namespace reeve::cli
