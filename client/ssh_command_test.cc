#include "client/ssh_command.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_join.h"

namespace reeve::client {
namespace {

std::string CommandOf(absl::string_view text, bool read_only = false) {
  const auto uri = ParseUri(text);
  return uri.ok() ? absl::StrJoin(TunnelCommand(*uri, read_only), " ") : std::string(uri.status().message());
}

// The script between the quotes, as the far shell gives it to sh.
std::string ScriptOf(absl::string_view text) {
  const auto uri = ParseUri(text);
  REQUIRE(uri.ok());
  return TunnelCommand(*uri, false).back();
}

TEST_CASE("words are quoted for a shell") {
  CHECK(QuoteForShell("/run/a-b_c.sock") == "/run/a-b_c.sock");
  CHECK(QuoteForShell("") == "''");
  CHECK(QuoteForShell("a b") == "'a b'");
  CHECK(QuoteForShell("$(id);`id`|\n") == "'$(id);`id`|\n'");
  CHECK(QuoteForShell("it's") == "'it'\\''s'");
}

TEST_CASE("ssh is told what the URI says") {
  CHECK(CommandOf("lxc+ssh://host/?proxy=native") ==
        "ssh -T -e none -- host sh -c 'exec reeve proxy --socket /run/reeve/reeve.sock'");
  CHECK(CommandOf("lxc+ssh://host/?proxy=native", true) ==
        "ssh -T -e none -- host sh -c 'exec reeve proxy --socket /run/reeve/reeve-ro.sock'");
  CHECK(
      CommandOf("xen+ssh://root@host:2222/system?proxy=native&no_tty=1&no_verify=1&keyfile=/k%20y&command=/opt/ssh") ==
      "/opt/ssh -p 2222 -l root -T -e none -o BatchMode=yes -o StrictHostKeyChecking=no -i /k y -- host sh -c "
      "'exec reeve proxy --socket /run/reeve/reeve.sock'");
  CHECK(CommandOf("lxc+ssh://[::1]/?proxy=native&no_tty=0") ==
        "ssh -T -e none -- ::1 sh -c 'exec reeve proxy --socket /run/reeve/reeve.sock'");
}

TEST_CASE("the far end is reached by reeve or by netcat") {
  CHECK(ScriptOf("lxc+ssh://host/").find("command -v reeve") != std::string::npos);
  CHECK(ScriptOf("lxc+ssh://host/").find("nc -U /run/reeve/reeve.sock") != std::string::npos);
  CHECK(ScriptOf("lxc+ssh://host/?netcat=/usr/bin/ncat").find("reeve proxy") == std::string::npos);
  CHECK(ScriptOf("lxc+ssh://host/?netcat=/usr/bin/ncat").find("exec /usr/bin/ncat -U ") != std::string::npos);
  CHECK(ScriptOf("lxc+ssh://host/?proxy=netcat&socket=/s").find("exec nc -q0 -U /s;") != std::string::npos);
}

TEST_CASE("nothing of a URI is a command of a shell") {
  CHECK(ScriptOf("lxc+ssh://host/?proxy=native&socket=/a%27%3Bid%3B%27b") ==
        "'exec reeve proxy --socket '\\''/a'\\''\\'\\'''\\'';id;'\\''\\'\\'''\\''b'\\'''");
  CHECK_THAT(CommandOf("lxc+ssh://-oProxyCommand=id/"), Catch::Contains("is no name of a host or user"));
  CHECK_THAT(CommandOf("lxc+ssh://%2doProxyCommand=id/"), Catch::Contains("is no name of a host or user"));
  CHECK_THAT(CommandOf("lxc+ssh://-lroot@host/"), Catch::Contains("'-lroot' is no name of a host or user"));
}

TEST_CASE("the program of transport ext gets no arguments") {
  CHECK(CommandOf("lxc+ext:///?command=/bin/tunnel") == "/bin/tunnel");
}

}  // namespace
}  // namespace reeve::client
