#include "cli/label_command.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "cli/domain_changes.h"
#include "cli/text.h"

namespace reeve::cli {
namespace {

int Show(Context& context, const Arguments& arguments) {
  auto domain = GetDomain(context, arguments.Get("domain"), v1::DOMAIN_VIEW_BASIC);
  if (!domain.ok()) return FailDomain(context, "Failed to get labels", arguments.Get("domain"), domain.status());
  if (context.json()) return context.PrintJson(*domain);
  const std::map<std::string, std::string> ordered(domain->labels().begin(), domain->labels().end());
  for (const auto& [key, value] : ordered) context.output().Print(absl::StrCat(key, "=", Escape(value), "\n"));
  return kExitOk;
}

int Label(Context& context, const Arguments& arguments) {
  const bool replace = arguments.Has("replace");
  if (!arguments.Has("label") && !replace) return Show(context, arguments);
  const std::string failure = "Failed to set labels";
  auto name = ResolveDomain(context, arguments.Get("domain"));
  if (!name.ok()) return FailDomain(context, failure, arguments.Get("domain"), name.status());
  v1::SetDomainLabelsRequest request;
  request.set_name(*name);
  request.set_replace(replace);
  for (const std::string& label : arguments.All("label")) {
    const size_t equals = label.find('=');
    if (equals != std::string::npos) {
      (*request.mutable_labels())[label.substr(0, equals)] = label.substr(equals + 1);
    } else if (!label.empty() && label.back() == '-') {
      request.add_remove(label.substr(0, label.size() - 1));
    } else {
      return BadOption(context, label, "is neither KEY=VALUE nor KEY-");
    }
  }
  auto domain = context.Call(methods::kSetDomainLabels, std::move(request));
  if (!domain.ok()) return FailDomain(context, failure, arguments.Get("domain"), domain.status());
  if (context.json()) return context.PrintJson(*domain);
  return context.Done(absl::StrCat("Labels of domain '", LastPart(domain->name()), "' set"));
}

}  // namespace

Command LabelCommand() {
  Option labels =
      Argument("label", "KEY=VALUE|KEY-", "set a label, or remove it; shows the labels without any", Completion::kNone);
  labels.required = false;
  labels.repeated = true;
  return {.name = "label",
          .summary = "show or set the labels of a domain",
          .description = "Roles may be bound to labels, so it takes a permission for every domain to set one.",
          .examples = "reeve label web1\nreeve label web1 team=web stage-\nreeve list --all --label team=web",
          .options = {DomainArgument(Completion::kDomain), labels, Flag("replace", "remove all that are not given")},
          .run = Label};
}

}  // namespace reeve::cli
