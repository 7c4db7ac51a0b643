// Command lines.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cli/command.h"

namespace reeve::cli {

// What was given to a command.
class Arguments {
 public:
  bool Has(absl::string_view name) const { return values_.find(name) != values_.end(); }
  // The first value, or `fallback`.
  std::string Get(absl::string_view name, absl::string_view fallback = "") const;
  std::vector<std::string> All(absl::string_view name) const;

  void Add(const std::string& name, std::vector<std::string> values) { values_[name] = std::move(values); }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

// Options that stand before the command.
struct GlobalOptions {
  std::string uri;
  bool read_only = false;
  std::string output = "table";  // or "json"
  bool quiet = false;
  bool no_color = false;
  bool help = false;
  bool version = false;
  absl::Duration timeout = absl::InfiniteDuration();
};

// The same described, for help and completion.
const std::vector<Option>& GlobalOptionList();

// Parses the words behind a command's name. Every command also takes --help (has "help"), --output and --quiet.
// INVALID_ARGUMENT says what is wrong.
absl::StatusOr<Arguments> ParseArguments(const Command& command, const std::vector<std::string>& words);

// Parses the options before the command and leaves the command's words in *rest.
absl::StatusOr<GlobalOptions> ParseGlobalOptions(const std::vector<std::string>& words, std::vector<std::string>* rest);

// A time given in seconds, e.g. "5" or "0.5", from 1 ms to a year.
absl::StatusOr<absl::Duration> ParseSeconds(absl::string_view text);

}  // namespace reeve::cli
