#include "daemon/config.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/config_keys.h"

namespace reeve {
namespace {

std::vector<std::string> Problems(const std::string& text) {
  return ParseConfig(text, "reeved.toml").problems;
}

std::string ShippedFile() {
  std::ifstream file("packaging/reeved.toml");
  REQUIRE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_CASE("an empty text gives the defaults") {
  const ParsedConfig parsed = ParseConfig("", "reeved.toml");
  CHECK(parsed.problems.empty());
  CHECK(parsed.config == Config{});
  CHECK(parsed.given.empty());
}

TEST_CASE("keys of every kind are read") {
  const ParsedConfig parsed = ParseConfig(
      "[limits]\nclients = 7\nmessage_bytes = 1_000_000\n[listen]\ngroup = \"\"\nread_only_socket = ''\n[lxc]\nenabled "
      "= "
      "false\n",
      "reeved.toml");
  CHECK(parsed.problems.empty());
  CHECK(parsed.config.limits.clients == 7);
  CHECK(parsed.config.limits.message_bytes == 1'000'000);
  CHECK(parsed.config.listen.group.empty());
  CHECK(parsed.config.listen.read_only_socket.empty());
  CHECK_FALSE(parsed.config.lxc.enabled);
  CHECK(parsed.given.contains("limits.clients"));
  CHECK(parsed.given.size() == 5);
}

TEST_CASE("every problem is told with its place, in the order of the text") {
  CHECK(Problems("[limits]\n"
                 "clients = 0\n"
                 "  clints = 5\n"
                 "calls_per_client = \"many\"\n"
                 "\n"
                 "[lxc]\n"
                 "enabled = 1\n"
                 "supervisor = 'reeve-supervisor'\n"
                 "[qemu]\n"
                 "enabled = true\n"
                 "[log]\n"
                 "level = \"loud\"\n") ==
        std::vector<std::string>{
            "reeved.toml:2:11: limits.clients: must be from 1 to 100000",
            "reeved.toml:3:3: limits.clints: unknown key",
            "reeved.toml:4:20: limits.calls_per_client: must be a whole number",
            "reeved.toml:7:11: lxc.enabled: must be true or false",
            "reeved.toml:8:14: lxc.supervisor: must be an absolute path without \"..\" and control characters",
            "reeved.toml:9:2: qemu: unknown table",
            "reeved.toml:12:9: log.level: must be one of trace, debug, info, warn, error, off",
        });
}

TEST_CASE("values that are almost right are refused") {
  for (const char* line : {"listen.mode = \"660\"",
                           "listen.mode = \"0888\"",
                           "listen.mode = \"1777\"",
                           "listen.mode = 0o660",
                           "listen.socket = \"\"",
                           "listen.socket = \"/\"",
                           "listen.socket = \"run/x\"",
                           "listen.socket = \"/run/../etc/x\"",
                           "listen.socket = \"/run/a\\nb\"",
                           "listen.group = \"a b\"",
                           "listen.group = \"root\\n\"",
                           "limits.clients = 1.0",
                           "limits.clients = -1",
                           "limits.clients = 9223372036854775807",
                           "limits.message_bytes = 67108865",
                           "log.target = \"syslog\"",
                           "test.enabled = \"true\"",
                           "journal.max_age_days = [7]",
                           "journal = 7",
                           "log.level = {}",
                           "[[log]]",
                           "tls.listen = \"[::]:16520\"",
                           "tls.listen = [16520]",
                           "tls.listen = [\"localhost:16520\"]",
                           "tls.listen = [\"::1:16520\"]",
                           "tls.listen = [\"127.0.0.1\"]",
                           "tls.listen = [\"127.0.0.1:65536\"]",
                           "tls.minimum_version = \"1.1\"",
                           "tls.client_certificate = \"no\"",
                           "tls.allowed_subjects = [\"\"]",
                           "tls.allowed_subjects = [[\"CN=a\"]]",
                           "x = 1"}) {
    CAPTURE(line);
    CHECK(Problems(line).size() == 1);
  }
}

TEST_CASE("text that is not TOML is refused with its place") {
  const std::vector<std::string> problems = Problems("[limits]\nclients = = 5\n");
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0], Catch::StartsWith("reeved.toml:2:"));
  CHECK(Problems("[limits]\nclients = 1\nclients = 2\n").size() == 1);
  CHECK(Problems("clients = 9223372036854775808").size() == 1);
  CHECK(Problems("x = \"\xFF\"").size() == 1);
  CHECK(Problems("x = " + std::string(100'000, '[')).size() == 1);
  CHECK(Problems(std::string((1 << 20) + 1, '#')).size() == 1);
}

TEST_CASE("a problem cannot forge lines of a log") {
  for (const std::string& problem : Problems("\"a\\nb\\u001b\" = 1\n[limits]\n\"c\\nd\" = 1\n[\"e\\nf\"]\n")) {
    CAPTURE(problem);
    CHECK(problem.find('\n') == std::string::npos);
    CHECK(problem.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("a file that is not there gives the defaults, one that cannot be read a problem") {
  CHECK(ReadConfig("/nonexistent/reeved.toml").problems.empty());
  CHECK(ReadConfig("/nonexistent/reeved.toml").config == Config{});
  CHECK(ReadConfig("/proc/self").problems.size() == 1);
}

TEST_CASE("the shipped file gives the defaults, and names every key with its default and range") {
  const std::string shipped = ShippedFile();
  CHECK(ParseConfig(shipped, "reeved.toml").problems.empty());
  CHECK(ParseConfig(shipped, "reeved.toml").config == Config{});
  CHECK(ParseConfig(shipped, "reeved.toml").given.empty());

  // With every key put in force.
  const std::string in_force = std::regex_replace(shipped, std::regex("\n#([a-z_]+ = )"), "\n$1");
  const ParsedConfig parsed = ParseConfig(in_force, "reeved.toml");
  CHECK(parsed.problems == std::vector<std::string>{});
  CHECK(parsed.config == Config{});
  CHECK(parsed.given.size() == ConfigKeys().size());

  // The comment before each.
  std::string comment;
  std::string table;
  std::vector<std::string> order;
  const std::vector<std::string> lines = absl::StrSplit(shipped, '\n');
  for (const std::string& line : lines) {
    std::smatch match;
    if (std::regex_match(line, match, std::regex("\\[([a-z]+)\\]"))) {
      table = match[1];
    } else if (std::regex_match(line, match, std::regex("#([a-z_]+) = .*"))) {
      order.push_back(absl::StrCat(table, ".", match[1].str()));
      CAPTURE(order.back());
      const auto key = std::find_if(ConfigKeys().begin(), ConfigKeys().end(),
                                    [&](const ConfigKey& each) { return each.full_name() == order.back(); });
      REQUIRE(key != ConfigKeys().end());
      CHECK_THAT(comment, Catch::Contains("Default: "));
      CHECK((comment.find("Reload.") != std::string::npos) == key->live);
      if (const auto* integer = std::get_if<IntegerKey>(&key->field)) {
        CHECK_THAT(comment, Catch::Contains(absl::StrCat(integer->minimum, " to ", integer->maximum)));
        Config defaults;
        CHECK_THAT(comment, Catch::Contains(absl::StrCat("Default: ", integer->field(defaults))));
      }
    } else {
      comment = line.empty() ? "" : absl::StrCat(comment, " ", line.substr(1));
    }
  }
  std::vector<std::string> expected;
  for (const ConfigKey& key : ConfigKeys()) expected.push_back(key.full_name());
  CHECK(order == expected);
}

TEST_CASE("the printed configuration is read again to the same") {
  Config config;
  config.limits.clients = 12;
  config.listen.socket = "/run/a \"quoted\" \\ path";
  config.test.enabled = false;
  config.tls.listen = {"[::]:16520", "192.0.2.1:1"};
  config.tls.allowed_subjects = {};
  config.tls.allowed_names = {"DNS:*.example.com", "URI:\\"};
  const ParsedConfig parsed = ParseConfig(ConfigText(config), "printed");
  CHECK(parsed.problems.empty());
  CHECK(parsed.config == config);
  CHECK(parsed.given.size() == ConfigKeys().size());
}

constexpr char kPolicy[] = R"(
[[auth.role]]
name = "deployer"
permissions = ["domain.*", "event.watch"]

[[auth.binding]]
unix_group = "deploy"
role = "deployer"
hypervisor = "lxc"
name = "web \"1\" \\*"

[[auth.binding]]
certificate = "CN=*,O=Example"
role = "viewer"
)";

TEST_CASE("roles and bindings are tables") {
  const ParsedConfig parsed = ParseConfig(kPolicy, "reeved.toml");
  CHECK(parsed.problems == std::vector<std::string>{});
  const auth::PolicySpec& policy = parsed.config.auth.policy;
  REQUIRE(policy.roles.size() == 1);
  CHECK(policy.roles[0].permissions == std::vector<std::string>{"domain.*", "event.watch"});
  REQUIRE(policy.bindings.size() == 2);
  CHECK(policy.bindings[0].unix_group == "deploy");
  CHECK(policy.bindings[0].restriction.hypervisor == "lxc");
  CHECK(policy.bindings[0].restriction.name == "web \"1\" \\*");
  CHECK(policy.bindings[1].certificate == "CN=*,O=Example");
  CHECK(ParseConfig(ConfigText(parsed.config), "printed").config == parsed.config);
  CHECK(ChangedKeys(Config(), parsed.config) == std::vector<std::string>{"auth.role", "auth.binding"});
  CHECK(IsLive("auth.binding"));
}

TEST_CASE("mistakes in roles and bindings are told with their place") {
  const std::pair<const char*, const char*> mistakes[] = {
      {"[auth]\nrole = 5\n", "reeved.toml:2:8: auth.role: must be tables"},
      {"[auth]\nbinding = [5]\n", "reeved.toml:2:12: auth.binding: must be a table"},
      {"[[auth.role]]\nname = \"viewer\"\npermissions = [\"domain.*\"]\n", "there is a built-in role viewer"},
      {"[[auth.role]]\nname = \"a\"\npermissions = [\"domian.*\"]\n", "there is no permission domian.*"},
      {"[[auth.role]]\nname = \"a\"\npermissions = [5]\n", "reeved.toml:3:16: auth.role: permissions must be texts"},
      {"[[auth.role]]\nname = \"a\"\npermissions = \"x\"\n", "must be a list"},
      {"[[auth.role]]\nname = 5\n", "name must be a text"},
      {"[[auth.role]]\nname = \"a\"\ncolour = \"x\"\n", "unknown key colour"},
      {"[[auth.binding]]\nunix_user = \"a\"\nrole = \"boss\"\n", "auth.binding: there is no role boss"},
      {"[[auth.binding]]\nrole = \"viewer\"\n", "exactly one of"},
      {"[[auth.binding]]\nunix_user = \"\"\nrole = \"viewer\"\n", "not empty"},
  };
  for (const auto& [text, problem] : mistakes) {
    CAPTURE(text);
    const std::vector<std::string> problems = Problems(text);
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems[0], Catch::Contains(problem));
  }
}

TEST_CASE("changes are told by key, and whether they are live") {
  Config before, after;
  CHECK(ChangedKeys(before, after).empty());
  after.log.level = "debug";
  after.listen.mode = "0600";
  CHECK(ChangedKeys(before, after) == std::vector<std::string>{"listen.mode", "log.level"});
  CHECK(IsLive("log.level"));
  CHECK_FALSE(IsLive("listen.mode"));
  CHECK_FALSE(IsLive("no.such"));
  const Config reloaded = WithLiveKeys(before, after);
  CHECK(reloaded.log.level == "debug");
  CHECK(reloaded.listen.mode == "0660");
}

TEST_CASE("modes and levels") {
  CHECK(ModeOf("0660") == 0660);
  CHECK(ModeOf("0000") == 0);
  CHECK(LevelOf("debug") == util::LogLevel::kDebug);
}

}  // namespace
}  // namespace reeve
