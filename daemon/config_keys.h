// Every key of the configuration file: where it is kept and what it may be.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "daemon/config.h"

namespace reeve {

// A whole number within bounds.
struct IntegerKey {
  int64_t& (*field)(Config&);
  int64_t minimum;
  int64_t maximum;
};

struct BooleanKey {
  bool& (*field)(Config&);
};

// A text that a function accepts by returning "" or refuses by saying what it must be.
struct TextKey {
  std::string& (*field)(Config&);
  std::string (*check)(const std::string& value);
};

// A list of at most 1000 texts, each checked like a TextKey.
struct ListKey {
  std::vector<std::string>& (*field)(Config&);
  std::string (*check)(const std::string& value);
};

// Tables, which config_policy.h reads and writes.
struct RolesKey {
  std::vector<auth::RoleSpec>& (*field)(Config&);
};
struct BindingsKey {
  std::vector<auth::BindingSpec>& (*field)(Config&);
};

struct ConfigKey {
  std::string table;
  std::string name;
  std::variant<IntegerKey, BooleanKey, TextKey, ListKey, RolesKey, BindingsKey> field;
  bool live = false;  // a change takes effect with a reload

  std::string full_name() const { return table + "." + name; }
};

// In the order of packaging/reeved.toml. Never destroyed.
const std::vector<ConfigKey>& ConfigKeys();

}  // namespace reeve
