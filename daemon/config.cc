#include "daemon/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "daemon/config_keys.h"
#include "daemon/config_policy.h"
#include "util/files.h"

namespace reeve {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr size_t kMaxListItems = 1000;

// Collects the problems of one text, so that they can be put in its order.
class Reader {
 public:
  Reader(std::string file_name, ParsedConfig* result) : file_name_(std::move(file_name)), result_(*result) {}

  void Read(const toml::table& root) {
    for (auto&& [name, node] : root) {
      const std::string table_name(name.str());
      const bool known = std::any_of(ConfigKeys().begin(), ConfigKeys().end(),
                                     [&](const ConfigKey& key) { return key.table == table_name; });
      if (!known) {
        Problem(name.source(), table_name, node.is_table() ? "unknown table" : "unknown key");
      } else if (!node.is_table()) {
        Problem(node.source(), table_name, "must be a table");
      } else {
        ReadTable(table_name, *node.as_table());
        if (table_name != "auth") continue;
        for (const ConfigProblem& problem : ReadPolicy(*node.as_table(), &result_.config.auth.policy)) {
          Problem(problem.place, problem.key, problem.text);
        }
      }
    }
  }

  void Problem(const toml::source_region& place, const std::string& key, const std::string& text) {
    problems_.emplace(std::pair(place.begin.line, place.begin.column),
                      absl::StrCat(file_name_, ":", place.begin.line, ":", place.begin.column, ": ",
                                   util::EscapeControlCharacters(absl::StrCat(key, key.empty() ? "" : ": ", text))));
  }

  void Finish() {
    for (auto& [place, text] : problems_) result_.problems.push_back(std::move(text));
  }

 private:
  void ReadTable(const std::string& table_name, const toml::table& table) {
    for (auto&& [name, node] : table) {
      const std::string key_name(name.str());
      const auto key = std::find_if(ConfigKeys().begin(), ConfigKeys().end(), [&](const ConfigKey& each) {
        return each.table == table_name && each.name == key_name;
      });
      const std::string full_name = table_name + "." + key_name;
      if (key == ConfigKeys().end()) {
        Problem(name.source(), full_name, "unknown key");
        continue;
      }
      const std::string problem =
          std::visit([&, &node = node](const auto& field) { return Take(field, node); }, key->field);
      if (!problem.empty()) Problem(node.source(), full_name, problem);
      result_.given.insert(full_name);
    }
  }

  std::string Take(const IntegerKey& key, const toml::node& node) {
    const auto* value = node.as_integer();
    if (value == nullptr) return "must be a whole number";
    if (value->get() < key.minimum || value->get() > key.maximum) {
      return absl::StrCat("must be from ", key.minimum, " to ", key.maximum);
    }
    key.field(result_.config) = value->get();
    return "";
  }

  std::string Take(const BooleanKey& key, const toml::node& node) {
    const auto* value = node.as_boolean();
    if (value == nullptr) return "must be true or false";
    key.field(result_.config) = value->get();
    return "";
  }

  std::string Take(const TextKey& key, const toml::node& node) {
    const auto* value = node.as_string();
    if (value == nullptr) return "must be a text in quotes";
    std::string problem = key.check(value->get());
    if (problem.empty()) key.field(result_.config) = value->get();
    return problem;
  }

  std::string Take(const ListKey& key, const toml::node& node) {
    const auto* array = node.as_array();
    if (array == nullptr) return "must be a list of texts in quotes: [\"...\"]";
    if (array->size() > kMaxListItems) return absl::StrCat("must have at most ", kMaxListItems, " items");
    std::vector<std::string> values;
    for (const toml::node& item : *array) {
      const auto* value = item.as_string();
      if (value == nullptr) return absl::StrCat("item ", values.size() + 1, " must be a text in quotes");
      std::string problem = key.check(value->get());
      if (!problem.empty()) return absl::StrCat("item ", values.size() + 1, ": ", problem);
      values.push_back(value->get());
    }
    key.field(result_.config) = std::move(values);
    return "";
  }

  // What they have is read by ReadPolicy, all of it together.
  std::string Take(const RolesKey&, const toml::node&) { return ""; }
  std::string Take(const BindingsKey&, const toml::node&) { return ""; }

  const std::string file_name_;
  ParsedConfig& result_;
  std::multimap<std::pair<toml::source_index, toml::source_index>, std::string> problems_;
};

// The checks let no control characters through.
std::string ValueText(const ConfigKey& key, Config config) {
  if (const auto* integer = std::get_if<IntegerKey>(&key.field)) return absl::StrCat(integer->field(config));
  if (const auto* boolean = std::get_if<BooleanKey>(&key.field)) return boolean->field(config) ? "true" : "false";
  if (const auto* roles = std::get_if<RolesKey>(&key.field)) return RolesText(roles->field(config));
  if (const auto* bindings = std::get_if<BindingsKey>(&key.field)) return BindingsText(bindings->field(config));
  if (const auto* list = std::get_if<ListKey>(&key.field)) {
    return absl::StrCat(
        "[",
        absl::StrJoin(list->field(config), ", ",
                      [](std::string* out, const std::string& item) { absl::StrAppend(out, TomlText(item)); }),
        "]");
  }
  return TomlText(std::get<TextKey>(key.field).field(config));
}

}  // namespace

mode_t ModeOf(const std::string& octal) {
  mode_t mode = 0;
  for (const char digit : octal) mode = mode * 8 + static_cast<mode_t>(digit - '0');
  return mode;
}

util::LogLevel LevelOf(const std::string& name) {
  return util::ParseLogLevel(name).value_or(util::LogLevel::kInfo);
}

ParsedConfig ParseConfig(absl::string_view text, const std::string& file_name) {
  ParsedConfig result;
  if (text.size() > kMaxFileBytes) {
    result.problems.push_back(absl::StrCat(file_name, ": larger than ", kMaxFileBytes, " bytes"));
    return result;
  }
  Reader reader(file_name, &result);
  const toml::parse_result parsed = toml::parse(std::string_view(text.data(), text.size()));
  if (parsed) {
    reader.Read(parsed.table());
  } else {
    const std::string_view description = parsed.error().description();
    reader.Problem(parsed.error().source(), "", std::string(description));
  }
  reader.Finish();
  return result;
}

ParsedConfig ReadConfig(const std::string& path) {
  const absl::StatusOr<std::string> text = util::ReadFile(path, kMaxFileBytes);
  if (text.ok()) return ParseConfig(*text, path);
  ParsedConfig result;
  if (!absl::IsNotFound(text.status())) result.problems.emplace_back(text.status().message());
  return result;
}

std::string ConfigText(const Config& config) {
  std::string text;
  std::string table;
  for (const ConfigKey& key : ConfigKeys()) {
    if (key.table != table) absl::StrAppend(&text, text.empty() ? "" : "\n", "[", table = key.table, "]\n");
    absl::StrAppend(&text, key.name, " = ", ValueText(key, config), "\n");
  }
  return text;
}

std::vector<std::string> ChangedKeys(const Config& before, const Config& after) {
  std::vector<std::string> changed;
  for (const ConfigKey& key : ConfigKeys()) {
    if (ValueText(key, before) != ValueText(key, after)) changed.push_back(key.full_name());
  }
  return changed;
}

bool IsLive(absl::string_view key) {
  return std::any_of(ConfigKeys().begin(), ConfigKeys().end(),
                     [&](const ConfigKey& each) { return each.live && each.full_name() == key; });
}

Config WithLiveKeys(Config running, Config wanted) {
  for (const ConfigKey& key : ConfigKeys()) {
    if (key.live) std::visit([&](const auto& field) { field.field(running) = field.field(wanted); }, key.field);
  }
  return running;
}

}  // namespace reeve
