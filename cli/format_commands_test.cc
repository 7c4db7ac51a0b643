// convert and validate, from their words to their output.
#include <algorithm>
#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/context.h"
#include "cli/format_options.h"
#include "cli/test_folder_user.h"

namespace reeve::cli {
namespace {

using User = FolderUser;

constexpr char kNetwork[] = "<network>\n  <name>n1</name>\n</network>\n";
constexpr char kFaulty[] = "<network>\n  <name>n1</name>\n  <nonsense/>\n  <mtu size='x'/>\n</network>\n";

std::string UuidIn(const std::string& xml) {
  const size_t begin = xml.find("<uuid>");
  return begin == std::string::npos ? "" : xml.substr(begin + 6, 36);
}

TEST_CASE("a document comes out in another format, and back") {
  User user;
  const std::string xml =
      user.Write("n.xml", "<network><name>n1</name><uuid>6b3e9f0c-7b43-4c0e-9d0a-0d2b54c3f1aa</uuid></network>");
  REQUIRE(user.Run(absl::StrCat("convert --kind network --from xml --to xml ", xml)) == kExitOk);
  const std::string normal = user.out();
  CHECK_THAT(normal, Catch::StartsWith("<network>\n  <name>n1</name>\n"
                                       "  <uuid>6b3e9f0c-7b43-4c0e-9d0a-0d2b54c3f1aa</uuid>\n") &&
                         Catch::EndsWith("</network>\n"));
  CHECK(user.error().empty());
  for (const std::string format : {"json", "textproto"}) {
    INFO(format);
    REQUIRE(user.Run(absl::StrCat("convert --kind network --from xml --to ", format, " ", xml)) == kExitOk);
    const std::string model = user.Write("model", user.out());
    REQUIRE(user.Run(absl::StrCat("convert --kind network --from ", format, " --to xml ", model)) == kExitOk);
    CHECK(user.out() == normal);
  }
}

TEST_CASE("a missing UUID is made: by chance, or from kind and name") {
  User user;
  const std::string network = user.Write("n.xml", kNetwork);
  const std::string convert = absl::StrCat("convert --kind network --from xml --to xml ", network);
  REQUIRE(user.Run(convert) == kExitOk);
  const std::string first = UuidIn(user.out());
  REQUIRE(user.Run(convert) == kExitOk);
  CHECK(first.size() == 36);
  CHECK(first != UuidIn(user.out()));
  // uuid.uuid5(uuid.UUID("addf1cde-5f6c-4449-b093-2fa2274e6aa6"), "network/n1") of Python.
  REQUIRE(user.Run(convert + " --deterministic") == kExitOk);
  CHECK(UuidIn(user.out()) == "5fdab5ec-7a71-5526-a1fe-bc584de79070");
  const std::string pool =
      user.Write("p.xml", "<pool type='dir'><name>n1</name><target><path>/p</path></target></pool>");
  REQUIRE(user.Run(absl::StrCat("convert --deterministic --kind pool --from xml --to xml ", pool)) == kExitOk);
  CHECK(UuidIn(user.out()) != "5fdab5ec-7a71-5526-a1fe-bc584de79070");
}

TEST_CASE("secrets have no name, and still differ") {
  User user;
  std::string uuids[2];
  for (int i = 0; i < 2; ++i) {
    const std::string secret = user.Write("s.xml", absl::StrCat("<secret><description>", i, "</description></secret>"));
    REQUIRE(user.Run(absl::StrCat("convert --deterministic --kind secret --from xml --to xml ", secret)) == kExitOk);
    uuids[i] = UuidIn(user.out());
    CHECK(uuids[i].size() == 36);
  }
  CHECK(uuids[0] != uuids[1]);
}

TEST_CASE("a refused document gives all faults and no output") {
  User user;
  const std::string file = user.Write("bad.xml", kFaulty);
  CHECK(user.Run(absl::StrCat("convert --kind network --from xml --to json ", file)) == kExitFailed);
  CHECK(user.out().empty());
  CHECK_THAT(user.error(), Catch::Contains("error: Failed to convert " + file) && Catch::Contains("line 3 column 3") &&
                               Catch::Contains("line 4 column"));
  CHECK(user.Run(absl::StrCat("convert --kind network --from xml --to json -o json ", file)) == kExitFailed);
  CHECK(user.out().empty());
  CHECK_THAT(user.error(), Catch::StartsWith("{\"error\":"));
}

TEST_CASE("what has no effect is warned of, or refused with --strict") {
  User user;
  const std::string file = user.Write("n.xml", "<network connections='3'>\n  <name>n1</name>\n</network>\n");
  const std::string convert = absl::StrCat("convert --deterministic --kind network --from xml --to xml ", file);
  for (const char* mode : {"", " --lenient"}) {
    CHECK(user.Run(convert + mode) == kExitOk);
    CHECK_THAT(user.out(), Catch::StartsWith("<network>"));
    CHECK_THAT(user.error(), Catch::StartsWith(absl::StrCat("warning: ", file, ":1:")));
  }
  CHECK(user.Run(convert + " --strict") == kExitFailed);
  CHECK(user.out().empty());
  CHECK_THAT(user.error(), Catch::Contains("error: line 1 column"));
  CHECK(user.Run(convert + " --strict --lenient") == kExitUsage);
}

TEST_CASE("what is not known is refused, or left out with --lenient; keys of other tools the other way round") {
  User user;
  const std::string xml = user.Write("n.xml", "<network>\n <name>n1</name>\n <colour/>\n</network>\n");
  const std::string convert = absl::StrCat("convert --deterministic --kind network --from xml --to xml ", xml);
  CHECK(user.Run(convert) == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("line 3 column 2: element /network/colour is not known"));
  CHECK(user.Run(convert + " --lenient") == kExitOk);
  CHECK_THAT(user.error(), Catch::StartsWith(absl::StrCat("warning: ", xml, ":3:2: element /network/colour is not ")));
  CHECK(user.Run("validate --kind network " + xml) == kExitFailed);
  CHECK(user.Run("validate --lenient --kind network " + xml) == kExitOk);
  CHECK_THAT(user.out(), Catch::Contains(":3:2: warning: element /network/colour"));
  CHECK(user.Run("validate --lenient --strict --kind network " + xml) == kExitUsage);

  const std::string conf = user.Write("config", "lxc.uts.name = a\nlxc.rootfs.path = /a\nlxc.apparmor.profile = b\n");
  const std::string lxc = absl::StrCat("convert --from lxc-tools --to xml ", conf);
  CHECK(user.Run(lxc) == kExitOk);
  CHECK_THAT(user.error(), Catch::StartsWith(absl::StrCat("warning: ", conf, ":3:")));
  CHECK(user.Run(lxc + " --strict") == kExitFailed);
  CHECK(user.Run("validate --format lxc-tools " + conf) == kExitFailed);
}

TEST_CASE("the capabilities of a host give what a document leaves open") {
  User user;
  const std::string host = user.Write(
      "host.xml",
      "<capabilities><host><cpu><arch>x86_64</arch></cpu></host><guest><os_type>exe</os_type><arch name='x86_64'>"
      "<wordsize>64</wordsize><emulator>/opt/lxc</emulator><domain type='lxc'/></arch></guest></capabilities>");
  const std::string conf = user.Write("config", "lxc.uts.name = a\nlxc.rootfs.path = /a\n");
  REQUIRE(user.Run(absl::StrCat("convert --from lxc-tools --to xml --capabilities ", host, " ", conf)) == kExitOk);
  CHECK_THAT(user.out(), Catch::Contains("<emulator>/opt/lxc</emulator>"));
  CHECK(user.Run(absl::StrCat("convert --kind network --from xml --to xml --capabilities ", host, " ", host)) ==
        kExitUsage);
  CHECK(user.Run(absl::StrCat("convert --from lxc-tools --to xml --capabilities - -")) == kExitUsage);
  REQUIRE(user.Run(absl::StrCat("convert --kind capabilities --from xml --to json ", host)) == kExitOk);
  const std::string json = user.Write("host.json", user.out());
  REQUIRE(user.Run(absl::StrCat("convert --kind capabilities --from json --to xml ", json)) == kExitOk);
  CHECK_THAT(user.out(), Catch::Contains("<domain type='lxc'/>"));
}

TEST_CASE("a MAC address follows from the name, too") {
  User user;
  const std::string file =
      user.Write("d.xml",
                 "<domain type='lxc'><name>web1</name><memory>65536</memory><os><type>exe</type></os><devices>"
                 "<interface type='bridge'><source bridge='b'/></interface></devices></domain>");
  const std::string convert = absl::StrCat("convert --from xml --to xml ", file);
  REQUIRE(user.Run(convert + " --deterministic") == kExitOk);
  const std::string first = user.out();
  CHECK_THAT(first, Catch::Contains("<mac address='52:54:00:"));
  REQUIRE(user.Run(convert + " --deterministic") == kExitOk);
  CHECK(user.out() == first);
  REQUIRE(user.Run(convert) == kExitOk);
  CHECK(user.out() != first);
}

TEST_CASE("with JSON the document is a field") {
  User user;
  const std::string file = user.Write("n.xml", "<network connections='3'><name>n1</name></network>");
  REQUIRE(user.Run(absl::StrCat("convert --kind network --from xml --to xml -o json ", file)) == kExitOk);
  CHECK_THAT(user.out(), Catch::StartsWith("{\"kind\":\"network\",\"format\":\"xml\",\"text\":\"") &&
                             Catch::Contains("\"warnings\":[{\"line\":1,\"column\":10,\"text\":"));
  CHECK(user.error().empty());
}

TEST_CASE("a volume takes its formats from its pool") {
  User user;
  const std::string volume = user.Write(
      "v.xml", "<volume><name>v</name><capacity>7</capacity><target><format type='extended'/></target></volume>");
  const std::string pool = user.Write("p.xml",
                                      "<pool type='disk'><name>d</name><source><device path='/dev/x'/></source>"
                                      "<target><path>/dev</path></target></pool>");
  const std::string convert = absl::StrCat("convert --kind volume --from xml --to xml ", volume);
  CHECK(user.Run(convert) == kExitFailed);
  CHECK(user.Run(absl::StrCat(convert, " --pool ", pool)) == kExitOk);
  CHECK_THAT(user.out(), Catch::Contains("<format type='extended'/>"));
  CHECK(user.Run(absl::StrCat(convert, " --pool ", user.Write("broken.xml", "<pool"))) == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("read the pool of the volume: line 1 column"));
  CHECK(user.Run(absl::StrCat(convert, " --pool /nonexistent/p.xml")) == kExitFailed);
  CHECK(user.Run(absl::StrCat("convert --kind network --from xml --to xml --pool ", pool, " ", volume)) == kExitUsage);
  CHECK(user.Run("convert --kind volume --from xml --to xml --pool - -") == kExitUsage);
}

TEST_CASE("formats that a kind does not have are a wrong command line, and the others are told") {
  User user;
  CHECK(user.Run("convert --kind network --from xen-xl --to xml /nonexistent") == kExitUsage);
  CHECK(user.error() == "error: convert: kind network cannot be read from xen-xl, only from xml, json, textproto\n");
  CHECK(user.Run("convert --kind network --from xml --to lxc-tools /nonexistent") == kExitUsage);
  CHECK(user.error() == "error: convert: kind network cannot be written as lxc-tools, only as xml, json, textproto\n");
  CHECK(user.Run("validate --kind network --format xen-xl /nonexistent") == kExitUsage);
  CHECK_THAT(user.error(), Catch::Contains("only from xml, json, textproto"));
  CHECK(user.Run("convert --from yaml --to xml") == kExitUsage);
  CHECK_THAT(user.error(), Catch::Contains("'yaml' is unknown, not one of xml, json, textproto"));
  CHECK(user.Run("convert --to xml") == kExitUsage);
  CHECK_THAT(user.error(), Catch::Contains("--from is missing"));
}

TEST_CASE("hostile files are refused") {
  User user;
  const std::string large = user.Write("large.xml", std::string((1 << 20) + 1, ' '));
  CHECK(user.Run(absl::StrCat("convert --from xml --to xml ", large)) == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("it is larger than 1 MiB"));
  const std::string binary = user.Write("binary.xml", "<domain>\xff</domain>");
  CHECK(user.Run(absl::StrCat("convert --from xml --to xml ", binary)) == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("it is not UTF-8"));
  CHECK(user.Run("convert --from xml --to xml /dev/zero") == kExitFailed);
  CHECK(user.Run(absl::StrCat("validate ", large)) == kExitFailed);
  CHECK_THAT(user.out(), Catch::Contains("it is larger than 1 MiB"));
  CHECK(user.Run(absl::StrCat("validate ", user.Write("empty.xml", ""))) == kExitFailed);
}

TEST_CASE("validate tells every fault of every file") {
  User user;
  const std::string good = user.Write("good.xml", kNetwork);
  const std::string bad = user.Write("bad.xml", kFaulty);
  CHECK(user.Run(absl::StrCat("validate --kind network ", good)) == kExitOk);
  CHECK(user.out() == good + " is sound\n");
  CHECK(user.Run(absl::StrCat("validate --quiet --kind network ", good)) == kExitOk);
  CHECK(user.out().empty());
  CHECK(user.Run(absl::StrCat("validate --kind network ", bad, " /nonexistent.xml ", good)) == kExitFailed);
  CHECK_THAT(user.out(), Catch::StartsWith(bad + ":3:3: element /network/nonsense is not known\n" + bad + ":4:8: ") &&
                             Catch::Contains("\n/nonexistent.xml: cannot open /nonexistent.xml: ") &&
                             Catch::EndsWith("\n" + good + " is sound\n"));
}

TEST_CASE("validate as JSON has the faults with their places") {
  User user;
  const std::string bad = user.Write("bad.xml", kFaulty);
  const std::string good = user.Write("good.xml", "<network connections='3'><name>n1</name></network>");
  CHECK(user.Run(absl::StrCat("validate -o json --kind network ", bad, " ", good)) == kExitFailed);
  CHECK_THAT(user.out(), Catch::StartsWith(absl::StrCat("{\"files\":[{\"file\":\"", bad,
                                                        "\",\"sound\":false,\"faults\":[{\"line\":3,\"column\":3,")) &&
                             Catch::Contains("\"sound\":true,\"faults\":[],\"warnings\":[{\"line\":1,\"column\":10,") &&
                             Catch::EndsWith("]}\n"));
  CHECK(user.error().empty());
}

TEST_CASE("a model is checked as a document is, at a place where it has one") {
  User user;
  const std::string json = user.Write("n.json", R"({"name": "networks/n1", "uid": "nonsense"})");
  CHECK(user.Run(absl::StrCat("validate --kind network --format json ", json)) == kExitFailed);
  CHECK_THAT(user.out(), Catch::StartsWith(json + ": element /network/uuid "));
  const std::string broken = user.Write("broken.json", "{\"name\": }");
  CHECK(user.Run(absl::StrCat("validate --kind network --format json ", broken)) == kExitFailed);
  CHECK_THAT(user.out(), Catch::StartsWith(broken + ":1:10: ") && !Catch::Contains("\\x0a"));
  const std::string text = user.Write("n.textproto", "name: 'networks/n1'\nnonsense: 1\n");
  CHECK(user.Run(absl::StrCat("validate --kind network --format textproto ", text)) == kExitFailed);
  CHECK_THAT(user.out(), Catch::StartsWith(text + ":2:"));
}

TEST_CASE("the help tells the formats of every kind") {
  User user;
  CHECK(user.Run("help convert") == kExitOk);
  CHECK_THAT(user.out(), Catch::Contains("convert --from FORMAT --to FORMAT [--kind KIND] [--pool FILE]"));
  CHECK_THAT(FormatsByKind(), Catch::StartsWith("domain") && Catch::Contains("domcapabilities: xml, json, textproto"));
}

TEST_CASE("formats, kinds and options are completed") {
  User user;
  using List = std::vector<std::string>;
  CHECK(Complete(user.context(), {"convert", "--from", "xen-"}, true) == List{"xen-sxpr", "xen-xl", "xen-xm"});
  CHECK(Complete(user.context(), {"convert", "--kind=n"}, true) ==
        List{"--kind=network", "--kind=nodedev", "--kind=nwfilter"});
  CHECK(Complete(user.context(), {"convert", "--de"}, true) == List{"--deterministic"});
  CHECK(Complete(user.context(), {"validate", "--format", "text"}, true) == List{"textproto"});
  const std::string file = user.Write("web.xml", "");
  CHECK(Complete(user.context(), {"convert", "--pool", file.substr(0, file.size() - 2)}, true) == List{file});
  CHECK(Complete(user.context(), {"validate", file.substr(0, file.size() - 2)}, true) == List{file});
}

}  // namespace
}  // namespace reeve::cli
