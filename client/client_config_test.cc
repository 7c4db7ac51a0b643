#include "client/client_config.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace reeve::client {
namespace {

std::string FaultOf(absl::string_view text) {
  const auto config = ClientConfig::Parse(text, "client.toml");
  return config.ok() ? "" : std::string(config.status().message());
}

TEST_CASE("aliases and the default stand for URIs") {
  const auto config = ClientConfig::Parse(
      "default_uri = \"web1\"\n[aliases]\nweb1 = \"lxc+tls://web1.example.org/\"\n'db-2.old' = 'xen+ssh://root@db2/'\n",
      "client.toml");
  REQUIRE(config.ok());
  CHECK(config->default_uri() == "lxc+tls://web1.example.org/");
  CHECK(config->Resolve("db-2.old") == "xen+ssh://root@db2/");
  CHECK(config->Resolve("lxc:///") == "lxc:///");
  CHECK(config->aliases().size() == 2);
  CHECK(ClientConfig::Parse("", "client.toml")->default_uri().empty());
}

TEST_CASE("what is wrong is told with its place") {
  CHECK(FaultOf("default_uri = 3") == "client.toml:1:15: default_uri is not a text in quotation marks");
  CHECK(FaultOf("\n[aliases]\n\"a/b\" = \"lxc:///\"").find("client.toml:3:1: an alias has letters") == 0);
  CHECK(FaultOf("[aliases]\na = \"lxc+tcp://host/\"").find("client.toml:2:5: URI 'lxc+tcp://host/': transport 'tcp'") == 0);
  CHECK(FaultOf("default_uri = \"web1\"").find("client.toml:1:15: no alias, and URI 'web1'") == 0);
  CHECK(FaultOf("uri = 'lxc:///'").find("client.toml:1:1: unknown key uri") == 0);
  CHECK(FaultOf("aliases = 1").find("client.toml:1:1: unknown key aliases") == 0);
  CHECK(FaultOf("a = [").find("client.toml:1:") == 0);
}

TEST_CASE("the user's file counts before the host's") {
  CHECK(ClientConfigPaths("/x", "/c", "/h") == std::vector<std::string>{"/x"});
  CHECK(ClientConfigPaths(nullptr, "/c", "/h") ==
        std::vector<std::string>{"/c/reeve/client.toml", "/etc/reeve/client.toml"});
  CHECK(ClientConfigPaths("", nullptr, "/h") ==
        std::vector<std::string>{"/h/.config/reeve/client.toml", "/etc/reeve/client.toml"});

  std::string folder = "/tmp/reeve-client-config-XXXXXX";
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  std::ofstream(folder + "/user.toml") << "[aliases]\na = 'lxc:///'\n";
  std::ofstream(folder + "/host.toml") << "default_uri = 'b'\n[aliases]\na = 'xen:///'\nb = 'test:///default'\n";
  const auto config =
      ClientConfig::Read({folder + "/none.toml", folder + "/user.toml", folder + "/host.toml"});
  REQUIRE(config.ok());
  CHECK(config->Resolve("a") == "lxc:///");
  CHECK(config->default_uri() == "test:///default");
  std::ofstream(folder + "/user.toml") << "x";
  CHECK_FALSE(ClientConfig::Read({folder + "/user.toml"}).ok());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace reeve::client
