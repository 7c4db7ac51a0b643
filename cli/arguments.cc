#include "cli/arguments.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <list>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace reeve::cli {
namespace {

const Option kOutput{.kind = Option::Kind::kValue,
                     .name = "output",
                     .letter = 'o',
                     .value = "FORMAT",
                     .help = "table or json",
                     .completion = Completion::kWords,
                     .words = {"table", "json"}};

const Option kQuiet{.name = "quiet", .letter = 'q', .help = "print results only"};

// An option and where CLI11 puts its values.
struct Sink {
  const Option* option;
  CLI::Option* parsed = nullptr;
  bool flag = false;
  std::vector<std::string> values = {};
};

// "-a,--all"; an argument is also an option of its name, as with virsh: "domain,--domain".
std::string Names(const Option& option) {
  std::string names;
  if (option.letter != '\0') absl::StrAppend(&names, "-", std::string(1, option.letter), ",");
  if (option.kind == Option::Kind::kArgument) absl::StrAppend(&names, option.name, ",");
  return absl::StrCat(names, "--", option.name);
}

void AddTo(CLI::App* app, Sink* sink) {
  const Option& option = *sink->option;
  if (option.kind == Option::Kind::kFlag) {
    sink->parsed = app->add_flag(Names(option), sink->flag);
    return;
  }
  sink->parsed = app->add_option(Names(option), sink->values);
  sink->parsed->required(option.required);
  if (!option.repeated) {
    sink->parsed->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::Throw);
  } else if (option.kind == Option::Kind::kValue) {
    sink->parsed->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args(false);
  }
}

// CLI11 takes the words last to first.
absl::Status Parse(CLI::App* app, const std::list<Sink>& sinks, const std::vector<std::string>& words) {
  try {
    app->parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ExtrasError&) {
    const std::vector<std::string> extra = app->remaining();
    return absl::InvalidArgumentError(absl::StrCat("unexpected argument '", extra.empty() ? "" : extra.front(), "'"));
  } catch (const CLI::RequiredError& error) {
    for (const Sink& sink : sinks) {
      const bool missing = sink.option->required && sink.parsed->count() == 0;
      if (!missing) continue;
      const bool named = sink.option->kind == Option::Kind::kValue;
      const std::string name = named ? absl::StrCat("--", sink.option->name) : sink.option->value;
      return absl::InvalidArgumentError(absl::StrCat(name, " is missing"));
    }
    return absl::InvalidArgumentError(error.what());
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return absl::OkStatus();
}

absl::StatusOr<Arguments> ParseOptions(CLI::App* app, const std::vector<const Option*>& options,
                                       const std::vector<std::string>& words) {
  app->set_help_flag();
  std::list<Sink> sinks;
  for (const Option* option : options) {
    sinks.push_back({option});
    AddTo(app, &sinks.back());
  }
  if (absl::Status status = Parse(app, sinks, words); !status.ok()) return status;
  Arguments arguments;
  for (Sink& sink : sinks) {
    if (sink.parsed->count() == 0) continue;
    const Option& option = *sink.option;
    if (!option.repeated && sink.values.size() > 1) {
      return absl::InvalidArgumentError(absl::StrCat("--", option.name, " is given more than once"));
    }
    if (!option.words.empty() && option.completion == Completion::kWords) {
      for (const std::string& value : sink.values) {
        if (std::find(option.words.begin(), option.words.end(), value) == option.words.end()) {
          return absl::InvalidArgumentError(absl::StrCat("--", option.name, ": '", value, "' is unknown, not one of ",
                                                         absl::StrJoin(option.words, ", ")));
        }
      }
    }
    arguments.Add(option.name, std::move(sink.values));
  }
  return arguments;
}

}  // namespace

std::string Arguments::Get(absl::string_view name, absl::string_view fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() || found->second.empty() ? std::string(fallback) : found->second.front();
}

std::vector<std::string> Arguments::All(absl::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

const std::vector<Option>& GlobalOptionList() {
  static const auto* options = new std::vector<Option>{
      {.kind = Option::Kind::kValue,
       .name = "connect",
       .letter = 'c',
       .value = "URI",
       .help = "what to connect to, e.g. lxc:///, or its alias in client.toml",
       .completion = Completion::kUri},
      {.name = "readonly", .letter = 'r', .help = "connect read-only"},
      kOutput,
      kQuiet,
      {.kind = Option::Kind::kValue, .name = "timeout", .value = "SECONDS", .help = "give a call up after so long"},
      {.name = "no-color", .help = "no colour, also on a terminal"},
      {.name = "version", .letter = 'v', .help = "print the version of this program"},
      {.name = "help", .letter = 'h', .help = "print this help"},
  };
  return *options;
}

absl::StatusOr<Arguments> ParseArguments(const Command& command, const std::vector<std::string>& words) {
  // Help is given whatever else stands there, but for words that are another program's.
  const auto own = std::find(words.begin(), words.end(), "--");
  if (std::find(words.begin(), own, "--help") != own) {
    Arguments arguments;
    arguments.Add("help", {});
    return arguments;
  }
  CLI::App app;
  std::vector<const Option*> options;
  for (const Option& option : command.options) options.push_back(&option);
  options.push_back(&kOutput);
  options.push_back(&kQuiet);
  return ParseOptions(&app, options, words);
}

absl::StatusOr<GlobalOptions> ParseGlobalOptions(const std::vector<std::string>& words,
                                                 std::vector<std::string>* rest) {
  CLI::App app;
  app.prefix_command();
  std::vector<const Option*> options;
  for (const Option& option : GlobalOptionList()) options.push_back(&option);
  auto arguments = ParseOptions(&app, options, words);
  if (!arguments.ok()) return arguments.status();
  *rest = app.remaining();
  if (!rest->empty() && rest->front() == "--") rest->erase(rest->begin());
  if (!rest->empty() && rest->front().size() > 1 && rest->front()[0] == '-') {
    return absl::InvalidArgumentError(absl::StrCat("unknown option ", rest->front()));
  }
  GlobalOptions result;
  result.uri = arguments->Get("connect");
  result.read_only = arguments->Has("readonly");
  result.output = arguments->Get("output", "table");
  result.quiet = arguments->Has("quiet");
  result.no_color = arguments->Has("no-color");
  result.help = arguments->Has("help");
  result.version = arguments->Has("version");
  if (arguments->Has("timeout")) {
    auto timeout = ParseSeconds(arguments->Get("timeout"));
    if (!timeout.ok()) return absl::InvalidArgumentError(absl::StrCat("--timeout: ", timeout.status().message()));
    result.timeout = *timeout;
  }
  return result;
}

absl::StatusOr<absl::Duration> ParseSeconds(absl::string_view text) {
  double seconds = 0;
  constexpr double kYear = 365.0 * 24 * 3600;
  if (!absl::SimpleAtod(text, &seconds) || !(seconds >= 0.001 && seconds <= kYear)) {
    return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not a number of seconds from 0.001 to a year"));
  }
  return absl::Seconds(seconds);
}

}  // namespace reeve::cli
