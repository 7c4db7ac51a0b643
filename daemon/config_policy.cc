#include "daemon/config_policy.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace reeve {
namespace {

constexpr size_t kMaxEntries = 1000;
constexpr size_t kMaxPermissions = 1000;

// The texts that a table of this kind may have.
using TextFields = std::vector<std::pair<const char*, std::string*>>;

class PolicyReader {
 public:
  explicit PolicyReader(std::vector<ConfigProblem>* problems) : problems_(*problems) {}

  // Calls `read` for each table of an array of tables.
  template <typename Read>
  void ForEach(const toml::table& auth, const char* name, const Read& read) {
    key_ = absl::StrCat("auth.", name);
    const toml::node* node = auth.get(name);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) return Problem(*node, absl::StrCat("must be tables: [[", key_, "]]"));
    if (array->size() > kMaxEntries) return Problem(*node, absl::StrCat("there are more than ", kMaxEntries));
    for (const toml::node& each : *array) {
      if (each.is_table()) {
        read(*each.as_table());
      } else {
        Problem(each, absl::StrCat("must be a table: [[", key_, "]]"));
      }
    }
  }

  void ReadTexts(const toml::table& table, const TextFields& fields, std::string_view list = "") {
    for (auto&& [name, node] : table) {
      if (!list.empty() && name.str() == list) continue;
      const auto field = std::find_if(fields.begin(), fields.end(),
                                      [&, &name = name](const auto& each) { return name.str() == each.first; });
      if (field == fields.end()) {
        Problem(node, absl::StrCat("unknown key ", std::string(name.str())));
      } else if (const auto* text = node.as_string(); text == nullptr || !Sound(text->get())) {
        Problem(node,
                absl::StrCat(field->first, " must be a text in quotes, not empty and without control characters"));
      } else {
        *field->second = text->get();
      }
    }
  }

  void ReadPermissions(const toml::table& table, std::vector<std::string>* permissions) {
    const toml::node* node = table.get("permissions");
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr || array->size() > kMaxPermissions) {
      return Problem(*node, "permissions must be a list of at most 1000 texts");
    }
    for (const toml::node& each : *array) {
      const auto* text = each.as_string();
      if (text == nullptr || !Sound(text->get())) {
        Problem(each, "permissions must be texts in quotes");
      } else {
        permissions->push_back(text->get());
      }
    }
  }

  void Problem(const toml::node& node, std::string text) {
    problems_.push_back({node.source(), key_, std::move(text)});
  }
  size_t count() const { return problems_.size(); }

 private:
  static bool Sound(const std::string& text) {
    return !text.empty() &&
           std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  }

  std::vector<ConfigProblem>& problems_;
  std::string key_;
};

TextFields FieldsOf(auth::BindingSpec* binding) {
  return {{"unix_user", &binding->unix_user},
          {"unix_group", &binding->unix_group},
          {"certificate", &binding->certificate},
          {"certificate_name", &binding->certificate_name},
          {"sasl_user", &binding->sasl_user},
          {"role", &binding->role},
          {"hypervisor", &binding->restriction.hypervisor},
          {"name", &binding->restriction.name},
          {"object", &binding->restriction.object},
          {"label", &binding->restriction.label}};
}

}  // namespace

std::string TomlText(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

std::vector<ConfigProblem> ReadPolicy(const toml::table& auth, auth::PolicySpec* policy) {
  std::vector<ConfigProblem> problems;
  PolicyReader reader(&problems);
  std::set<std::string> names;
  reader.ForEach(auth, "role", [&](const toml::table& table) {
    auth::RoleSpec role;
    const size_t before = reader.count();
    reader.ReadTexts(table, {{"name", &role.name}}, "permissions");
    reader.ReadPermissions(table, &role.permissions);
    if (reader.count() == before) {
      if (std::string problem = auth::Policy::CheckRole(role); !problem.empty()) reader.Problem(table, problem);
      if (!names.insert(role.name).second) reader.Problem(table, absl::StrCat("role ", role.name, " is there twice"));
    }
    policy->roles.push_back(std::move(role));
  });
  reader.ForEach(auth, "binding", [&](const toml::table& table) {
    auth::BindingSpec binding;
    const size_t before = reader.count();
    reader.ReadTexts(table, FieldsOf(&binding));
    if (reader.count() == before) {
      if (std::string problem = auth::Policy::CheckBinding(binding, policy->roles); !problem.empty()) {
        reader.Problem(table, problem);
      }
    }
    policy->bindings.push_back(std::move(binding));
  });
  return problems;
}

std::string RolesText(const std::vector<auth::RoleSpec>& roles) {
  return absl::StrCat("[",
                      absl::StrJoin(roles, ", ",
                                    [](std::string* out, const auth::RoleSpec& role) {
                                      absl::StrAppend(out, "{name = ", TomlText(role.name), ", permissions = [",
                                                      absl::StrJoin(role.permissions, ", ",
                                                                    [](std::string* to, const std::string& one) {
                                                                      absl::StrAppend(to, TomlText(one));
                                                                    }),
                                                      "]}");
                                    }),
                      "]");
}

std::string BindingsText(const std::vector<auth::BindingSpec>& bindings) {
  std::vector<std::string> texts;
  for (auth::BindingSpec binding : bindings) {
    std::vector<std::string> fields;
    for (const auto& [name, value] : FieldsOf(&binding)) {
      if (!value->empty()) fields.push_back(absl::StrCat(name, " = ", TomlText(*value)));
    }
    texts.push_back(absl::StrCat("{", absl::StrJoin(fields, ", "), "}"));
  }
  return absl::StrCat("[", absl::StrJoin(texts, ", "), "]");
}

}  // namespace reeve
