#include "client/uri.h"

#include <catch2/catch.hpp>

namespace reeve::client {
namespace {

Uri Parsed(absl::string_view text) {
  auto uri = ParseUri(text);
  INFO(uri.status());
  REQUIRE(uri.ok());
  return *uri;
}

std::string Refusal(absl::string_view text) {
  auto uri = ParseUri(text);
  REQUIRE_FALSE(uri.ok());
  CHECK(uri.status().code() == absl::StatusCode::kInvalidArgument);
  return std::string(uri.status().message());
}

TEST_CASE("a driver without transport and host is reached over the Unix socket") {
  for (const char* text :
       {"lxc://", "lxc:///", "lxc:///system", "LXC:///", "xen:///", "xen:///system", "test:///default"}) {
    CHECK(Parsed(text).transport == Transport::kUnix);
  }
  CHECK(Parsed("LXC:///system").driver == "lxc");
  CHECK(Parsed("lxc:///system").path == "/system");
}

TEST_CASE("a host without transport means tls") {
  const Uri uri = Parsed("lxc://alice@host.example:16520/system");
  CHECK(uri.transport == Transport::kTls);
  CHECK(uri.user == "alice");
  CHECK(uri.host == "host.example");
  CHECK(uri.port == 16520);
  CHECK(Parsed("lxc://[2001:db8::1]:7/").host == "2001:db8::1");
  CHECK(Parsed("lxc://[::1]/").port == 0);
}

TEST_CASE("the transport after '+' is case-insensitive") {
  CHECK(Parsed("lxc+UNIX:///").transport == Transport::kUnix);
  CHECK(Parsed("lxc+Tls://h/").transport == Transport::kTls);
  CHECK(Parsed("lxc+ssh://h/").transport == Transport::kSsh);
  CHECK(Parsed("lxc+libssh://h/").transport == Transport::kLibssh);
  CHECK(Parsed("lxc+libssh2://h/").transport == Transport::kLibssh2);
  CHECK(Parsed("lxc+ext:///?command=/bin/x").transport == Transport::kExt);
  CHECK(Refusal("lxc+udp://h/") ==
        "URI 'lxc+udp://h/': unknown transport 'udp', known are unix, tls, ssh, libssh, libssh2, ext");
  CHECK_THAT(Refusal("lxc+tcp://h/"), Catch::Contains("never sends in clear text"));
  CHECK_THAT(Refusal("lxc+:///"), Catch::Contains("unknown transport ''"));
}

TEST_CASE("unix takes neither host nor user") {
  CHECK_THAT(Refusal("lxc+unix://host/"), Catch::Contains("takes no host"));
  CHECK_THAT(Refusal("lxc+unix://root@/"), Catch::Contains("takes no user"));
}

TEST_CASE("the socket parameter replaces the default sockets") {
  CHECK(SocketPath(Parsed("lxc:///"), false) == "/run/reeve/reeve.sock");
  CHECK(SocketPath(Parsed("lxc:///"), true) == "/run/reeve/reeve-ro.sock");
  CHECK(SocketPath(Parsed("lxc+unix:///?socket=/tmp/a%20b%3Fc.sock"), false) == "/tmp/a b?c.sock");
  CHECK(SocketPath(Parsed("lxc:///?socket=/tmp/x"), true) == "/tmp/x");
  CHECK_THAT(Refusal("lxc:///?socket=x"), Catch::Contains("not an absolute path"));
  CHECK_THAT(Refusal("lxc:///?socket="), Catch::Contains("not an absolute path"));
}

TEST_CASE("parameters are known, belong to the transport, and come once") {
  CHECK_THAT(Refusal("lxc:///?colour=red"), Catch::Contains("unknown parameter 'colour'"));
  CHECK_THAT(Refusal("lxc:///?pkipath=/x"), Catch::Contains("'pkipath' does not belong to transport unix"));
  CHECK_THAT(Refusal("lxc://h/?socket=/x"), Catch::Contains("'socket' does not belong to transport tls"));
  CHECK_THAT(Refusal("lxc:///?socket=/a&socket=/b"), Catch::Contains("given twice"));
  CHECK_THAT(Refusal("lxc:///?mode=legacy"), Catch::Contains("one daemon"));
  CHECK_THAT(Refusal("lxc://h/?no_verify=yes"), Catch::Contains("not a number"));
  CHECK(Parsed("lxc://h/?no_verify=1").Parameter("no_verify") == "1");
  const Uri uri = Parsed("lxc+tls://h/?&pkipath=/p;no_sanity=0&");
  CHECK(uri.Parameter("pkipath") == "/p");
  CHECK(uri.Parameter("no_sanity") == "0");
  CHECK(uri.parameters.size() == 2);
}

TEST_CASE("values that a parameter cannot have are refused") {
  CHECK_THAT(Refusal("lxc+ssh://h/?proxy=telnet"), Catch::Contains("'telnet', not one of auto, native, netcat"));
  CHECK_THAT(Refusal("lxc://h/?minimum_version=1.1"), Catch::Contains("'1.1', not one of 1.2, 1.3"));
  CHECK_THAT(Refusal("lxc://h/?tls_priority=NORMAL"), Catch::Contains("text for GnuTLS"));
  CHECK_THAT(Refusal("lxc+ext:///"), Catch::Contains("needs the parameter 'command'"));
}

TEST_CASE("a remote transport without a host means this one") {
  CHECK(Parsed("lxc+ssh:///").host == "localhost");
  CHECK(Parsed("lxc+tls:///system").host == "localhost");
  CHECK(Parsed("lxc+ext:///?command=/bin/x").host.empty());
}

// https://libvirt.org/uri.html, with its drivers replaced; {URI, transport, user, host, port, path}.
TEST_CASE("the forms of libvirt's URIs are understood as libvirt does") {
  struct Form {
    const char* text;
    Transport transport;
    const char* user;
    const char* host;
    int port;
    const char* path;
  };
  const Form forms[] = {
      {"xen:///system", Transport::kUnix, "", "", 0, "/system"},
      {"xen://example.com/", Transport::kTls, "", "example.com", 0, "/"},
      {"xen+tls://example.com/", Transport::kTls, "", "example.com", 0, "/"},
      {"xen+tls://example.com:1234/system", Transport::kTls, "", "example.com", 1234, "/system"},
      {"xen+tls://example.com/?no_verify=1", Transport::kTls, "", "example.com", 0, "/"},
      {"lxc+tls://10.0.0.1/?pkipath=/tmp/pki/client", Transport::kTls, "", "10.0.0.1", 0, "/"},
      {"lxc+tls://[fe80::1%25eth0]/", Transport::kTls, "", "fe80::1%eth0", 0, "/"},
      {"xen+ssh://example.com/", Transport::kSsh, "", "example.com", 0, "/"},
      {"xen+ssh://root@example.com/", Transport::kSsh, "root", "example.com", 0, "/"},
      {"xen+ssh://root@example.com:2200/?keyfile=/k&no_tty=1", Transport::kSsh, "root", "example.com", 2200, "/"},
      {"lxc+ssh://example.com/?netcat=/opt/nc/bin/nc", Transport::kSsh, "", "example.com", 0, "/"},
      {"lxc+ssh://user%40domain@example.com/", Transport::kSsh, "user@domain", "example.com", 0, "/"},
      {"lxc+libssh2://user@example.com/?known_hosts=/home/user/.ssh/known_hosts", Transport::kLibssh2, "user",
       "example.com", 0, "/"},
      {"lxc+libssh://user@example.com/?known_hosts_verify=ignore&sshauth=agent", Transport::kLibssh, "user",
       "example.com", 0, "/"},
      {"lxc+unix:///system?socket=/opt/libvirt/run/libvirt/libvirt-sock", Transport::kUnix, "", "", 0, "/system"},
      {"lxc+ext:///?command=/opt/tunnel", Transport::kExt, "", "", 0, "/"},
      {"test:///default", Transport::kUnix, "", "", 0, "/default"},
      {"test+unix:///default", Transport::kUnix, "", "", 0, "/default"},
      {"test://example.com/default", Transport::kTls, "", "example.com", 0, "/default"},
  };
  for (const Form& form : forms) {
    INFO(form.text);
    const Uri uri = Parsed(form.text);
    CHECK(uri.transport == form.transport);
    CHECK(uri.user == form.user);
    CHECK(uri.host == form.host);
    CHECK(uri.port == form.port);
    CHECK(uri.path == form.path);
  }
}

TEST_CASE("a URI tells whether its connection is encrypted, and secure") {
  struct Row {
    const char* text;
    bool encrypted;
    bool secure;
  };
  for (const Row& row : std::initializer_list<Row>{{"lxc:///", false, true},
                                                   {"lxc://h/", true, true},
                                                   {"lxc://h/?no_verify=1", true, false},
                                                   {"lxc://h/?no_verify=0", true, true},
                                                   {"lxc+ssh://h/", true, true},
                                                   {"lxc+ssh://h/?no_verify=1", true, false},
                                                   {"lxc+ext:///?command=/bin/x", false, false}}) {
    INFO(row.text);
    CHECK(Parsed(row.text).Encrypted() == row.encrypted);
    CHECK(Parsed(row.text).Secure() == row.secure);
  }
}

TEST_CASE("the name parameter is what the far end opens") {
  const Uri uri = Parsed("lxc+unix:///?socket=/s&name=test:///default");
  CHECK(uri.driver == "test");
  CHECK(uri.path == "/default");
  CHECK(SocketPath(uri, false) == "/s");
  CHECK_THAT(Refusal("lxc:///?name=nonsense"), Catch::Contains("parameter 'name'"));
  CHECK_THAT(Refusal("lxc:///?name=lxc://h/"), Catch::Contains("only driver and path"));
}

TEST_CASE("a driver's path is checked") {
  CHECK_THAT(Refusal("lxc:///session"), Catch::Contains("path '/session' is unknown, try lxc:///system"));
  CHECK_THAT(Refusal("test:///"), Catch::Contains("try test:///default"));
  CHECK_THAT(Refusal("xen:///etc/passwd"), Catch::Contains("is unknown"));
  CHECK(Parsed("qemu:///session").driver == "qemu");  // left to the daemon
}

TEST_CASE("malformed text is refused with its cause") {
  CHECK_THAT(Refusal(""), Catch::Contains("no '://'"));
  CHECK_THAT(Refusal("lxc:/system"), Catch::Contains("no '://'"));
  CHECK_THAT(Refusal(":///"), Catch::Contains("not a driver's name"));
  CHECK_THAT(Refusal("1xc:///"), Catch::Contains("not a driver's name"));
  CHECK_THAT(Refusal("l c:///"), Catch::Contains("not a driver's name"));
  CHECK_THAT(Refusal("lxc:///?socket=/a%2"), Catch::Contains("not a percent-encoded byte"));
  CHECK_THAT(Refusal("lxc:///?socket=/a%zz"), Catch::Contains("not a percent-encoded byte"));
  CHECK_THAT(Refusal("lxc:///?socket=/a%00b"), Catch::Contains("control character"));
  CHECK_THAT(Refusal("lxc://h%0a/"), Catch::Contains("control character"));
  CHECK_THAT(Refusal("lxc:///#x"), Catch::Contains("fragment"));
  CHECK_THAT(Refusal("lxc://@h/"), Catch::Contains("user before '@' is empty"));
  CHECK_THAT(Refusal("lxc://a:b@h/"), Catch::Contains("password"));
  CHECK_THAT(Refusal("lxc://h:/"), Catch::Contains("port ''"));
  CHECK_THAT(Refusal("lxc://h:0/"), Catch::Contains("port '0'"));
  CHECK_THAT(Refusal("lxc://h:65536/"), Catch::Contains("port '65536'"));
  CHECK_THAT(Refusal("lxc://h:+7/"), Catch::Contains("port '+7'"));
  CHECK_THAT(Refusal("lxc://:7/"), Catch::Contains("without a host"));
  CHECK_THAT(Refusal("lxc://[::1/"), Catch::Contains("no closing"));
  CHECK_THAT(Refusal("lxc://[]/"), Catch::Contains("is empty"));
  CHECK_THAT(Refusal("lxc://[::1]x/"), Catch::Contains("after the address"));
  CHECK_THAT(Refusal("lxc:///?x=" + std::string(5000, 'a')), Catch::Contains("bytes long"));
}

TEST_CASE("the default URI is the option's, the environment's, then lxc") {
  CHECK(DefaultUri("test:///default", "xen:///", "xen:///system") == "test:///default");
  CHECK(DefaultUri("", "xen:///", "test:///default") == "xen:///");
  CHECK(DefaultUri("", "", "") == "lxc:///");
  CHECK(DefaultUri("", nullptr, "") == "lxc:///");
  CHECK(DefaultUri("", nullptr, "xen:///") == "xen:///");
}

}  // namespace
}  // namespace reeve::client
