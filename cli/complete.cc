#include "cli/complete.h"

#include <glob.h>

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/domains.h"
#include "cli/list_command.h"
#include "cli/registry.h"
#include "cli/split.h"
#include "cli/text.h"

namespace reeve::cli {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(2);

WordList DomainNames(Context& context, Completion kind) {
  std::vector<v1::DomainState> states;
  if (kind == Completion::kInactiveDomain) states = {v1::DOMAIN_STATE_SHUTOFF};
  if (kind == Completion::kActiveDomain) {
    states = {v1::DOMAIN_STATE_RUNNING,  v1::DOMAIN_STATE_BLOCKED, v1::DOMAIN_STATE_PAUSED,
              v1::DOMAIN_STATE_SHUTDOWN, v1::DOMAIN_STATE_CRASHED, v1::DOMAIN_STATE_PMSUSPENDED};
  }
  WordList names;
  auto list = ListAll(context, v1::DOMAIN_VIEW_BASIC, states);
  if (!list.ok()) return names;
  for (const v1::Domain& domain : list->domains()) {
    std::string name = LastPart(domain.name());
    if (Escape(name) == name) names.push_back(std::move(name));  // a hostile name is not typed for the user
  }
  return names;
}

WordList OperationNames(Context& context) {
  WordList names;
  auto list = context.Call(methods::kListOperations, v1::ListOperationsRequest());
  if (!list.ok()) return names;
  for (const v1::Operation& operation : list->operations()) names.push_back(LastPart(operation.name()));
  return names;
}

WordList ClientNumbers(Context& context) {
  WordList numbers;
  auto list = context.Call(methods::kListClients, v1::ListClientsRequest());
  if (!list.ok()) return numbers;
  for (const v1::Client& client : list->clients()) numbers.push_back(absl::StrCat(client.session().connection()));
  return numbers;
}

WordList Files(const std::string& begin) {
  // What stands there already is text, not a pattern.
  std::string pattern;
  for (char c : begin) {
    if (absl::string_view("*?[\\").find(c) != absl::string_view::npos) pattern += '\\';
    pattern += c;
  }
  glob_t found{};
  WordList files;
  if (::glob((pattern + "*").c_str(), GLOB_MARK, nullptr, &found) == 0) {
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return files;
}

// The first words of all commands, or the second words of those that begin with `first`.
WordList CommandWords(const Context& context, const std::string& first) {
  std::set<std::string> words;
  for (const CommandGroup& group : context.commands()) {
    for (const Command& command : group.commands) {
      const absl::string_view name = command.name;
      const size_t blank = name.find(' ');
      if (first.empty()) words.insert(std::string(name.substr(0, blank)));
      if (!first.empty() && blank != absl::string_view::npos && name.substr(0, blank) == first) {
        words.insert(std::string(name.substr(blank + 1)));
      }
    }
  }
  return WordList(words.begin(), words.end());
}

// The aliases of the user's configuration, and the drivers on this host.
WordList UriNames(Context& context) {
  WordList names = {"lxc:///", "test:///default", "xen:///"};
  const auto config = context.Config();
  if (!config.ok()) return names;
  for (const auto& [alias, uri] : (*config)->aliases()) names.push_back(alias);
  return names;
}

WordList ValuesOf(Context& context, const Option& option, const std::string& begin) {
  switch (option.completion) {
    case Completion::kWords:
      return WordList(option.words.begin(), option.words.end());
    case Completion::kDomain:
    case Completion::kActiveDomain:
    case Completion::kInactiveDomain:
      return DomainNames(context, option.completion);
    case Completion::kOperation:
      return OperationNames(context);
    case Completion::kClient:
      return ClientNumbers(context);
    case Completion::kFile:
      return Files(begin);
    case Completion::kCommand:
      return CommandWords(context, "");
    case Completion::kUri:
      return UriNames(context);
    case Completion::kNone:
      break;
  }
  return {};
}

WordList OptionNames(const std::vector<Option>& options) {
  WordList names;
  for (const Option& option : options) {
    if (option.kind != Option::Kind::kArgument) names.push_back(absl::StrCat("--", option.name));
  }
  return names;
}

// The option that `word` names, if it takes a value.
const Option* ValueOption(const std::vector<Option>& options, const std::string& word) {
  for (const Option& option : options) {
    if (option.kind == Option::Kind::kFlag) continue;
    const bool by_letter = option.letter != '\0' && word == absl::StrCat("-", std::string(1, option.letter));
    if (by_letter || word == absl::StrCat("--", option.name)) return &option;
  }
  return nullptr;
}

// Takes the options before the command off `words`. Gives the candidates if the cursor stands in them.
bool CompleteGlobal(Context& context, WordList* words, WordList* candidates) {
  size_t i = 0;
  while (i + 1 < words->size() && absl::StartsWith((*words)[i], "-")) {
    const Option* option = ValueOption(GlobalOptionList(), (*words)[i]);
    if (option != nullptr && i + 2 == words->size()) {
      *candidates = ValuesOf(context, *option, words->back());
      return true;
    }
    if (option != nullptr && absl::string_view(option->name) == "connect") context.options().uri = (*words)[i + 1];
    if ((*words)[i] == "-r" || (*words)[i] == "--readonly") context.options().read_only = true;
    i += option == nullptr ? 1 : 2;
  }
  words->erase(words->begin(), words->begin() + static_cast<std::ptrdiff_t>(i));
  if (words->size() != 1 || !absl::StartsWith(words->front(), "-")) return false;
  *candidates = OptionNames(GlobalOptionList());
  return true;
}

WordList CompleteArguments(Context& context, const Command& command, const WordList& words) {
  const std::string& begin = words.back();
  if (words.size() > 1) {
    if (const Option* option = ValueOption(command.options, words[words.size() - 2])) {
      return ValuesOf(context, *option, begin);
    }
  }
  if (const size_t equals = begin.find('='); absl::StartsWith(begin, "--") && equals != std::string::npos) {
    WordList values;
    if (const Option* option = ValueOption(command.options, begin.substr(0, equals))) {
      for (const std::string& value : ValuesOf(context, *option, begin.substr(equals + 1))) {
        values.push_back(absl::StrCat(begin.substr(0, equals + 1), value));
      }
    }
    return values;
  }
  if (absl::StartsWith(begin, "-")) {
    WordList names = OptionNames(command.options);
    names.push_back("--help");
    return names;
  }
  // Which argument is it? Those before the cursor that are neither options nor their values are counted.
  size_t position = 0;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (ValueOption(command.options, words[i]) != nullptr) {
      ++i;
    } else if (!absl::StartsWith(words[i], "-")) {
      ++position;
    }
  }
  for (const Option& option : command.options) {
    if (option.kind != Option::Kind::kArgument) continue;
    if (position == 0 || option.repeated) return ValuesOf(context, option, begin);
    --position;
  }
  return {};
}

WordList AllCandidates(Context& context, WordList words, bool global_options) {
  WordList candidates;
  if (global_options && CompleteGlobal(context, &words, &candidates)) return candidates;
  if (words.size() <= 1) return CommandWords(context, "");
  size_t name_words = 0;
  const WordList before(words.begin(), words.end() - 1);
  if (const Command* command = FindCommand(context.commands(), before, &name_words)) {
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(name_words));
    return CompleteArguments(context, *command, words);
  }
  return words.size() == 2 ? CommandWords(context, words[0]) : WordList();
}

}  // namespace

std::vector<std::string> Complete(Context& context, std::vector<std::string> words, bool global_options) {
  if (words.empty()) words.push_back("");
  const std::string begin = words.back();
  const absl::Duration timeout = context.options().timeout;
  context.options().timeout = std::min(timeout, kPatience);
  WordList candidates = AllCandidates(context, std::move(words), global_options);
  context.options().timeout = timeout;
  candidates.erase(std::remove_if(candidates.begin(), candidates.end(),
                                  [&begin](const std::string& word) { return !absl::StartsWith(word, begin); }),
                   candidates.end());
  std::sort(candidates.begin(), candidates.end());
  return candidates;
}

}  // namespace reeve::cli
