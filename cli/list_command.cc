#include "cli/list_command.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/domains.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/units.h"

namespace reeve::cli {
namespace {

constexpr v1::DomainState kActiveStates[] = {v1::DOMAIN_STATE_RUNNING, v1::DOMAIN_STATE_BLOCKED,
                                             v1::DOMAIN_STATE_PAUSED,  v1::DOMAIN_STATE_SHUTDOWN,
                                             v1::DOMAIN_STATE_CRASHED, v1::DOMAIN_STATE_PMSUSPENDED};

// What the state options ask for; empty: all. The daemon leaves the others out.
std::vector<v1::DomainState> WantedStates(const Arguments& arguments) {
  std::vector<v1::DomainState> states;
  const auto add = [&](const char* option, std::initializer_list<v1::DomainState> more) {
    if (arguments.Has(option)) states.insert(states.end(), more);
  };
  add("state-running", {v1::DOMAIN_STATE_RUNNING});
  add("state-paused", {v1::DOMAIN_STATE_PAUSED});
  add("state-shutoff", {v1::DOMAIN_STATE_SHUTOFF});
  add("state-other", {v1::DOMAIN_STATE_BLOCKED, v1::DOMAIN_STATE_SHUTDOWN, v1::DOMAIN_STATE_CRASHED,
                      v1::DOMAIN_STATE_PMSUSPENDED, v1::DOMAIN_STATE_UNSPECIFIED});
  if (!states.empty() || arguments.Has("all")) return states;
  if (arguments.Has("inactive")) return {v1::DOMAIN_STATE_SHUTOFF};
  return {std::begin(kActiveStates), std::end(kActiveStates)};
}

// Pairs of options that exclude each other's domains; both or none mean all.
bool Matches(const Arguments& arguments, const char* with, const char* without, bool has) {
  if (arguments.Has(with) == arguments.Has(without)) return true;
  return has == arguments.Has(with);
}

bool IsWanted(const Arguments& arguments, const v1::Domain& domain) {
  return Matches(arguments, "persistent", "transient", domain.status().persistent()) &&
         Matches(arguments, "autostart", "no-autostart", domain.autostart()) &&
         Matches(arguments, "with-managed-save", "without-managed-save", domain.status().managed_save());
}

std::string IdText(const v1::Domain& domain) {
  return domain.status().id() == 0 ? "-" : absl::StrCat(domain.status().id());
}

// --name, --uuid, --id: a line a domain; with more than one of them their values with a blank between, as virsh does.
std::string PlainLines(const Arguments& arguments, const v1::ListDomainsResponse& list) {
  std::string text;
  for (const v1::Domain& domain : list.domains()) {
    std::string line;
    const auto add = [&line](const std::string& part) { absl::StrAppend(&line, line.empty() ? "" : " ", part); };
    if (arguments.Has("id")) add(IdText(domain));
    if (arguments.Has("uuid")) add(domain.uid());
    if (arguments.Has("name")) add(Escape(LastPart(domain.name())));
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::string ListTable(const Arguments& arguments, const v1::ListDomainsResponse& list, bool color, bool headings) {
  const bool title = arguments.Has("title");
  const bool labels = arguments.Has("labels");
  const bool stats = arguments.Has("stats");
  std::vector<std::string> columns = {"Id", "Name", "State"};
  if (title) columns.push_back("Title");
  if (labels) columns.push_back("Labels");
  if (stats) columns.insert(columns.end(), {"CPU time", "Memory", "Tasks"});
  Table table(columns);
  for (const v1::Domain& domain : list.domains()) {
    const v1::DomainState state = domain.status().state();
    // virsh tells here that a saved image waits.
    const bool saved = arguments.Has("managed-save") && domain.status().managed_save();
    std::vector<Table::Cell> cells = {
        IdText(domain), LastPart(domain.name()), {saved ? "saved" : StateWords(state), StateStyle(state)}};
    if (title) cells.emplace_back(domain.spec().title());
    if (labels) cells.emplace_back(LabelsText(domain));
    if (stats && domain.has_statistics()) {
      const v1::DomainStatistics& statistics = domain.statistics();
      cells.emplace_back(absl::StrFormat("%.1fs", statistics.cpu_time_ns() / 1e9));
      cells.emplace_back(BytesWords(statistics.memory_bytes()));
      cells.emplace_back(absl::StrCat(statistics.tasks()));
    } else if (stats) {
      cells.insert(cells.end(), 3, Table::Cell("-"));
    }
    table.AddRow(std::move(cells));
  }
  return table.Format(color, headings);
}

int List(Context& context, const Arguments& arguments) {
  v1::ListDomainsRequest request;
  request.set_view(arguments.Has("stats") ? v1::DOMAIN_VIEW_STATS : v1::DOMAIN_VIEW_BASIC);
  for (const v1::DomainState state : WantedStates(arguments)) request.add_states(state);
  for (const std::string& label : arguments.All("label")) request.add_labels(label);
  auto list = ListAll(context, std::move(request));
  if (!list.ok()) return context.Fail("Failed to list domains", list.status());
  auto* domains = list->mutable_domains();
  domains->erase(std::remove_if(domains->begin(), domains->end(),
                                [&](const v1::Domain& domain) { return !IsWanted(arguments, domain); }),
                 domains->end());
  SortForList(&*list);
  if (context.json()) return context.PrintJson(*list);
  const bool plain = arguments.Has("name") || arguments.Has("uuid") || arguments.Has("id");
  if (plain) {
    context.output().Print(PlainLines(arguments, *list));
  } else {
    context.output().Print(ListTable(arguments, *list, context.output().color(), !context.options().quiet));
  }
  if (!context.options().quiet) context.output().Print("\n");
  return kExitOk;
}

}  // namespace

absl::StatusOr<v1::ListDomainsResponse> ListAll(Context& context, v1::DomainView view,
                                                const std::vector<v1::DomainState>& states) {
  v1::ListDomainsRequest request;
  request.set_view(view);
  for (const v1::DomainState state : states) request.add_states(state);
  return ListAll(context, std::move(request));
}

absl::StatusOr<v1::ListDomainsResponse> ListAll(Context& context, v1::ListDomainsRequest request) {
  auto connection = context.Connect();
  if (!connection.ok()) return connection.status();
  request.set_parent((*connection)->Hypervisor());
  v1::ListDomainsResponse all;
  do {
    auto page = context.Call(methods::kListDomains, request);
    if (!page.ok()) return page.status();
    request.set_page_token(page->next_page_token());
    all.set_revision(page->revision());
    if (all.domains().empty()) {
      all.mutable_domains()->Swap(page->mutable_domains());
    } else {
      for (v1::Domain& domain : *page->mutable_domains()) all.add_domains()->Swap(&domain);
    }
  } while (!request.page_token().empty());
  return all;
}

void SortForList(v1::ListDomainsResponse* list) {
  std::stable_sort(list->mutable_domains()->pointer_begin(), list->mutable_domains()->pointer_end(),
                   [](const v1::Domain* a, const v1::Domain* b) {
                     const int64_t a_id = a->status().id();
                     const int64_t b_id = b->status().id();
                     if ((a_id == 0) != (b_id == 0)) return b_id == 0;
                     return a_id != b_id ? a_id < b_id : a->name() < b->name();
                   });
}

Command ListCommand() {
  Option label = Value("label", "KEY[=VALUE]", "domains with this label only; with each, where several are given");
  label.repeated = true;
  return {.name = "list",
          .summary = "list domains",
          .description =
              "Running domains, unless an option says otherwise. State, title and statistics of all come in one call.",
          .examples =
              "reeve list --all\nreeve list --all --title\nreeve list --name --state-paused\nreeve list --all --label "
              "team=web\nreeve -o json list --stats",
          .options =
              {
                  Flag("all", "running and shut off domains"),
                  Flag("inactive", "shut off domains only"),
                  Flag("transient", "transient domains only"),
                  Flag("persistent", "persistent domains only"),
                  Flag("state-running", "running domains only"),
                  Flag("state-paused", "paused domains only"),
                  Flag("state-shutoff", "shut off domains only"),
                  Flag("state-other", "domains in other states only"),
                  Flag("autostart", "domains with autostart only"),
                  Flag("no-autostart", "domains without autostart only"),
                  Flag("with-managed-save", "domains with a saved image only"),
                  Flag("without-managed-save", "domains without a saved image only"),
                  Flag("uuid", "print UUIDs only"),
                  Flag("name", "print names only"),
                  Flag("id", "print ids only"),
                  Flag("table", "print the table (the default)"),
                  Flag("managed-save", "show a saved image in the column State"),
                  Flag("title", "also print titles"),
                  label,
                  Flag("labels", "also print labels"),
                  Flag("stats", "also print CPU time, memory and number of tasks"),
              },
          .run = List};
}

}  // namespace reeve::cli
