#include "client/client_config.h"

#include <algorithm>
#include <toml++/toml.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/uri.h"
#include "util/files.h"

namespace reeve::client {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

bool IsAliasName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
}

absl::Status Fault(const std::string& file_name, const toml::source_region& place, absl::string_view cause) {
  return absl::InvalidArgumentError(
      absl::StrCat(file_name, ":", place.begin.line, ":", place.begin.column, ": ", cause));
}

absl::StatusOr<std::string> TextOf(const std::string& file_name, absl::string_view key, const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  return Fault(file_name, node.source(), absl::StrCat(key, " is not a text in quotation marks"));
}

}  // namespace

absl::StatusOr<ClientConfig> ClientConfig::Parse(absl::string_view text, const std::string& file_name) {
  const toml::parse_result parsed = toml::parse(std::string_view(text.data(), text.size()));
  if (!parsed) return Fault(file_name, parsed.error().source(), std::string(parsed.error().description()));
  ClientConfig config;
  const toml::node* default_node = nullptr;
  for (const auto& [key, node] : parsed.table()) {
    const std::string name(key.str());
    if (name == "default_uri") {
      auto uri = TextOf(file_name, name, node);
      if (!uri.ok()) return uri.status();
      config.default_uri_ = *std::move(uri);
      default_node = &node;
    } else if (name == "aliases" && node.is_table()) {
      for (const auto& [alias_key, value] : *node.as_table()) {
        const std::string alias(alias_key.str());
        if (!IsAliasName(alias)) {
          return Fault(file_name, alias_key.source(), "an alias has letters, digits, '-', '_' and '.' only");
        }
        auto uri = TextOf(file_name, alias, value);
        if (!uri.ok()) return uri.status();
        if (const auto valid = ParseUri(*uri); !valid.ok()) {
          return Fault(file_name, value.source(), valid.status().message());
        }
        config.aliases_[alias] = *std::move(uri);
      }
    } else {
      return Fault(file_name, key.source(), absl::StrCat("unknown key ", name, "; there are default_uri and [aliases]"));
    }
  }
  if (default_node != nullptr && config.aliases_.count(config.default_uri_) == 0) {
    if (const auto valid = ParseUri(config.default_uri_); !valid.ok()) {
      return Fault(file_name, default_node->source(), absl::StrCat("no alias, and ", valid.status().message()));
    }
  }
  return config;
}

absl::StatusOr<ClientConfig> ClientConfig::Read(const std::vector<std::string>& paths) {
  ClientConfig all;
  for (const std::string& path : paths) {
    auto text = util::ReadFile(path, kMaxBytes);
    if (absl::IsNotFound(text.status())) continue;
    if (!text.ok()) return text.status();
    auto config = Parse(*text, path);
    if (!config.ok()) return config.status();
    all.aliases_.merge(config->aliases_);
    // An alias of its own file: the one of an earlier file of that name may be another.
    if (all.default_uri_.empty()) all.default_uri_ = config->default_uri_;
  }
  return all;
}

std::string ClientConfig::Resolve(absl::string_view uri_or_alias) const {
  const auto found = aliases_.find(std::string(uri_or_alias));
  return found == aliases_.end() ? std::string(uri_or_alias) : found->second;
}

std::vector<std::string> ClientConfigPaths(const char* environment, const char* config_home, const char* home) {
  if (environment != nullptr && environment[0] != '\0') return {environment};
  std::vector<std::string> paths;
  if (config_home != nullptr && config_home[0] == '/') {
    paths.push_back(absl::StrCat(config_home, "/reeve/client.toml"));
  } else if (home != nullptr && home[0] == '/') {
    paths.push_back(absl::StrCat(home, "/.config/reeve/client.toml"));
  }
  paths.push_back("/etc/reeve/client.toml");
  return paths;
}

}  // namespace reeve::client
