#include <catch2/catch.hpp>
#include <string>

#include "formats/xen_character_text.h"
#include "formats/xen_rate_text.h"
#include "formats/xen_sound_text.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

XenCharacter Parsed(absl::string_view text) {
  auto character = ParseXenCharacterText(text);
  INFO(text << ": " << character.status().message());
  REQUIRE(character.ok());
  REQUIRE(character->has_value());
  return **character;
}

TEST_CASE("a port is read and written with all kinds of ends") {
  for (const char* text :
       {"null", "vc", "pty", "stdio", "/dev/ttyS0", "file:/tmp/serial.log", "pipe:/tmp/serial.pipe", "unix:/tmp/port",
        "unix:/tmp/port,server,nowait", "tcp:localhost:9999", "tcp::9999,server,nowait", "tcp:[::1]:9999",
        "telnet:localhost:9999,server,nowait", "udp:localhost:9998@localhost:9999", "udp::9998@:9999", "udp:h:1"}) {
    const XenCharacter character = Parsed(text);
    const auto written = WriteXenCharacterText(character.type, character.source);
    REQUIRE(written.ok());
    CHECK(*written == text);
  }
}

TEST_CASE("the parts of a port go where they belong") {
  const XenCharacter telnet = Parsed("telnet:example.org:23,server");
  CHECK(telnet.type == "tcp");
  CHECK(telnet.source.protocol() == "telnet");
  CHECK(telnet.source.mode() == "bind");
  CHECK(telnet.source.host() == "example.org");
  CHECK(telnet.source.service() == "23");
  CHECK(Parsed("tcp:[fe80::1]:23").source.host() == "fe80::1");
  const XenCharacter udp = Parsed("udp:a:1@b:2");
  CHECK(udp.source.host() == "a");
  CHECK(udp.source.service() == "1");
  CHECK(udp.source.bind_host() == "b");
  CHECK(udp.source.bind_service() == "2");
  CHECK(WriteXenCharacterText("", {}).value() == "pty");
}

TEST_CASE("no port is nothing") {
  for (const char* text : {"", "none"}) {
    const auto character = ParseXenCharacterText(text);
    REQUIRE(character.ok());
    CHECK_FALSE(character->has_value());
  }
}

TEST_CASE("what is no port is refused") {
  for (const char* text : {"nul", "file:", "file", "tcp:", "tcp:host", "tcp:host:", "tcp:[::1", "tcp:[::1]9",
                           "tcp:a:b:c", "tcp:host:1,nodelay", "tcp:host:1,", "udp:host", "udp:host:1@host",
                           "unix:", "unix:,server", "telnets:a:1", "mon:stdio", "vc:80Cx24C"}) {
    INFO(text);
    CHECK(ReasonOf(ParseXenCharacterText(text).status()) == v1::REASON_SPEC_INVALID);
  }
}

TEST_CASE("what has no words is refused") {
  const auto refused = [](absl::string_view type, auto change) {
    v1::CharacterSource source;
    source.set_path("/tmp/port");
    source.set_host("host");
    source.set_service("1");
    change(&source);
    return ReasonOf(WriteXenCharacterText(type, source).status()) == v1::REASON_SPEC_UNSUPPORTED;
  };
  CHECK(refused("file", [](v1::CharacterSource* source) { source->set_append(true); }));
  CHECK(refused("file", [](v1::CharacterSource* source) { source->set_log_file("/tmp/log"); }));
  CHECK(refused("tcp", [](v1::CharacterSource* source) { source->set_tls(true); }));
  CHECK(refused("tcp", [](v1::CharacterSource* source) { source->set_protocol("tls"); }));
  CHECK(refused("tcp", [](v1::CharacterSource* source) { source->mutable_reconnect()->set_enabled(true); }));
  CHECK(refused("tcp", [](v1::CharacterSource* source) { source->set_service("1,server"); }));
  CHECK(refused("unix", [](v1::CharacterSource* source) { source->set_path("/tmp/a,b"); }));
  CHECK(refused("udp", [](v1::CharacterSource* source) { source->set_bind_host("a@b"); }));
  CHECK(refused("dev", [](v1::CharacterSource* source) { source->set_path("null"); }));
  CHECK(refused("spicevmc", [](v1::CharacterSource*) {}));
}

TEST_CASE("a rate is read in all its units") {
  const auto rate = [](absl::string_view text) {
    return ParseXenRateText(text).value_or(XenRate{}).kilobytes_per_second;
  };
  CHECK(rate("10MB/s") == 10240);
  CHECK(rate("2GB/s") == 2097152);
  CHECK(rate("8000Kb/s") == 1000);
  CHECK(rate("2048B/s") == 2);
  CHECK(rate("10KB/s@50ms") == 10);
  CHECK(ParseXenRateText("10KB/s")->exact);
  CHECK_FALSE(ParseXenRateText("10KB/s@50ms")->exact);
  CHECK_FALSE(ParseXenRateText("1025B/s")->exact);
  CHECK(WriteXenRateText(10240) == "10240KB/s");
  for (const char* text : {"", "MB/s", "10", "10MB", "10TB/s", "1B/s", "0KB/s", "10KB/s@", "10KB/s@ms", "10KB/s@5h",
                           "99999999999999999999KB/s", "1099511627777KB/s", "1099511627776GB/s", "-1KB/s"}) {
    INFO(text);
    CHECK_FALSE(ParseXenRateText(text).has_value());
  }
}

TEST_CASE("sound cards are read and written") {
  v1::Devices devices;
  REQUIRE(ParseXenSoundText("sb16,ac97", &devices).ok());
  CHECK(WriteXenSoundText(devices).value() == "sb16,ac97");
  devices.clear_sounds();
  REQUIRE(ParseXenSoundText("all", &devices).ok());
  CHECK(WriteXenSoundText(devices).value() == "sb16,es1370");
  devices.clear_sounds();
  REQUIRE(ParseXenSoundText("", &devices).ok());
  CHECK(devices.sounds().empty());
  CHECK(ReasonOf(ParseXenSoundText("sb16,", &devices)) == v1::REASON_SPEC_INVALID);
  CHECK(ReasonOf(ParseXenSoundText("drums", &devices)) == v1::REASON_SPEC_INVALID);
  devices.mutable_sounds(0)->add_codecs("micro");
  CHECK(ReasonOf(WriteXenSoundText(devices).status()) == v1::REASON_SPEC_UNSUPPORTED);
}

}  // namespace
}  // namespace reeve::formats
