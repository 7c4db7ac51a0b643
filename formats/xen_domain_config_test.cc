#include "formats/xen_domain_config.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr char kHvm[] = R"(name = "web"
uuid = "c7a5fdb2-cdaf-9455-926a-d65c16db1809"
maxmem = 579
memory = 394
vcpus = 1
pae = 1
acpi = 1
apic = 1
viridian = 0
rtc_timeoffset = 0
localtime = 0
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "restart"
parallel = "none"
serial = "none"
builder = "hvm"
boot = "c"
)";

constexpr char kPv[] = R"(name = "web"
uuid = "c7a5fdb2-cdaf-9455-926a-d65c16db1809"
maxmem = 579
memory = 394
vcpus = 1
localtime = 0
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "restart"
kernel = "/boot/vmlinuz"
)";

v1::Domain ReadXl(const std::string& text, std::vector<Warning>* warnings = nullptr) {
  auto domain = ReadXenXl(text, warnings);
  INFO(text << domain.status().message());
  REQUIRE(domain.ok());
  return *domain;
}

v1::Domain ReadXm(const std::string& text) {
  auto domain = ReadXenXm(text);
  INFO(text << domain.status().message());
  REQUIRE(domain.ok());
  return *domain;
}

// What is read is written as it was.
void CheckXl(const std::string& text) {
  const auto written = WriteXenXl(ReadXl(text));
  INFO(written.status().message());
  REQUIRE(written.ok());
  CHECK(*written == text);
}

void CheckXm(const std::string& text) {
  const auto written = WriteXenXm(ReadXm(text));
  INFO(written.status().message());
  REQUIRE(written.ok());
  CHECK(*written == text);
}

void CheckRefused(const absl::StatusOr<v1::Domain>& domain, v1::Reason reason, const std::string& message) {
  CHECK(ReasonOf(domain.status()) == reason);
  CHECK_THAT(std::string(domain.status().message()), Catch::Contains(message));
}

TEST_CASE("An xl configuration without more is a whole domain", "[xen_domain_config]") {
  const v1::Domain domain = ReadXl("name = \"web\"\n");
  CHECK(domain.name() == "hypervisors/xen/domains/web");
  CHECK(domain.uid().empty());
  CHECK(domain.spec().memory_kib() == 128 * 1024);
  CHECK(domain.spec().vcpus() == 1);
  CHECK(domain.spec().os().type() == "linux");
  CHECK(domain.spec().os().machine() == "xenpv");
  CHECK(domain.spec().devices().consoles_size() == 1);
}

// The configuration with lines at its end, where most of what only xl has stands.
std::string Hvm(const std::string& lines) {
  return absl::StrCat(kHvm, lines);
}

std::string WithDisplay(const std::string& lines) {
  return absl::StrReplaceAll(kHvm, {{"parallel = ", absl::StrCat(lines, "parallel = ")}});
}

TEST_CASE("Configurations of xl are written as they were read", "[xen_domain_config]") {
  CheckXl(kHvm);
  CheckXl(kPv);
  CheckXl(absl::StrReplaceAll(kPv, {{"kernel =", "type = \"pvh\"\nkernel ="}}));
  CheckXl(absl::StrReplaceAll(kPv, {{"vcpus = 1", "maxvcpus = 4\nvcpus = 2\ncpus = \"1-3\""}}));
  CheckXl(absl::StrReplaceAll(kPv, {{"vcpus = 1", "vcpus = 2\ncpus = [ \"1\", \"2-3\" ]"}}));
  CheckXl(absl::StrReplaceAll(kPv, {{"localtime = 0", "tsc_mode = \"always_emulate\"\nlocaltime = 1"}}));
  CheckXl(absl::StrReplaceAll(kHvm, {{"rtc_timeoffset = 0\nlocaltime = 0", "rtc_timeoffset = -3600\nlocaltime = 1"}}));
  CheckXl(absl::StrReplaceAll(kHvm, {{"boot = \"c\"", "bios = \"ovmf\"\nacpi_firmware = \"/slic\"\nboot = \"dcn\""}}));
  CheckXl(absl::StrReplaceAll(kHvm, {{"boot = \"c\"", "bios = \"ovmf\"\nbios_path_override = \"/a\"\nboot = \"c\""}}));
  CheckXl(absl::StrReplaceAll(kHvm, {{"serial = \"none\"", "serial = [ \"/dev/ttyS0\", \"none\", \"pty\" ]"}}));
  CheckXl(absl::StrReplaceAll(kHvm, {{"parallel = \"none\"", "parallel = \"tcp:localhost:9999\""}}));
  CheckXl(absl::StrReplaceAll(kHvm, {{"serial = \"none\"", "serial = \"tcp:localhost:9999\""}}));
  CheckXl(absl::StrReplaceAll(kHvm, {{"serial = \"none\"", "serial = \"udp:a:1@b:2\""}}));
  CheckXl(Hvm("nestedhvm = 0\ncpuid = \"host,tm=0\"\n"));
  CheckXl(Hvm("max_event_channels = 2047\nmax_grant_frames = 64\n"));
  CheckXl(Hvm("usbdev = [ \"hostbus=1,hostaddr=1f\" ]\nusbctrl = [ \"type=qusb,version=1,ports=6\" ]\n"));
  CheckXl(Hvm("channel = [ \"connection=pty,name=a\", \"connection=socket,path=/var/lib/xen/channels/second,name=b\" ]\n"));
  CheckXl(Hvm("usb = 1\nusbdevice = \"tablet\"\n"));
  CheckXl(Hvm("cpu_weight = 512\n"));
}

TEST_CASE("Displays of xl are written as they were read", "[xen_domain_config]") {
  CheckXl(WithDisplay("sdl = 0\nvnc = 1\nvncunused = 0\nvncdisplay = 3\nvncpasswd = \"x\"\nkeymap = \"de\"\n"));
  CheckXl(WithDisplay("sdl = 1\nvnc = 0\ndisplay = \":1\"\nxauthority = \"/x\"\n"));
  CheckXl(
      Hvm("sdl = 0\nvnc = 0\nspice = 1\nspicehost = \"127.0.0.1\"\nspiceport = 590\nspicetls_port = 500\n"
          "spicedisable_ticketing = 0\nspicepasswd = \"secret\"\nspiceagent_mouse = 1\nspicevdagent = 1\n"
          "spice_clipboard_sharing = 1\n"));
  const std::string vnc = "sdl = 0\nvnc = 1\nvncunused = 1\n";
  CheckXl(absl::StrCat(WithDisplay(vnc), "vga = \"stdvga\"\nvideoram = 32\n"));
  CheckXl(absl::StrReplaceAll(kPv, {{"kernel =", "vfb = [ \"type=sdl,display=:1\" ]\nkernel ="}}));
  // What was before vfb.
  const v1::Domain domain = ReadXl(absl::StrCat(kPv, "vnc = 1\nvncdisplay = 2\nvncunused = 0\n"));
  REQUIRE(domain.spec().devices().graphics_size() == 1);
  CHECK(domain.spec().devices().graphics(0).port() == 5902);
  CHECK(domain.spec().devices().videos(0).model() == "xen");
}

TEST_CASE("Disks of xl have keywords, positions and the words of xm", "[xen_domain_config]") {
  const auto disk = [](const std::string& text) {
    return ReadXl(Hvm(absl::StrCat("disk = [ \"", text, "\" ]\n"))).spec().devices().disks(0);
  };
  v1::Disk read = disk("/dev/vg/a,raw,hda,w,backendtype=phy");
  CHECK(read.type() == "block");
  CHECK(read.driver_name() == "phy");
  CHECK(read.source() == "/dev/vg/a");
  CHECK(read.target_bus() == "ide");
  read = disk("/a,qcow2,sdb,ro");
  CHECK(read.driver_format() == "qcow2");
  CHECK(read.read_only());
  CHECK(read.address().unit() == 1);
  CHECK(disk("vdev=xvda,target=/a,with,commas").source() == "/a,with,commas");
  CHECK(disk("file:/a.img,ioemu:hda,w").source() == "/a.img");
  CHECK(disk("qcow2:/a.img,hda,w").driver_format() == "qcow2");
  read = disk("/a.iso,,hdc:cdrom,r");
  CHECK(read.device() == "cdrom");
  CHECK(read.read_only());
  CHECK(disk("/a,,hda,!").shareable());
  CHECK(disk("/a, raw, hda, rw, backend=storage").backend_domain() == "storage");
  CHECK(disk("/a=b,raw,hda,rw").source() == "/a=b");
  CheckXl(Hvm("disk = [ \"format=qed,vdev=hda,access=!,backendtype=qdisk,backend=a,discard,target=/a\" ]\n"));
  CheckXl(Hvm("disk = [ \"format=raw,vdev=hda,access=rw,backendtype=tap,target=/a\" ]\n"));
}

TEST_CASE("Images of Ceph keep their monitors", "[xen_domain_config]") {
  const std::string disk = "disk = [ \"format=raw,vdev=hda,access=rw,backendtype=qdisk,target=rbd:pool/image";
  CheckXl(Hvm(absl::StrCat(disk, "@snap:auth_supported=none:mon_host=[2001\\:db8\\:\\:1]\\\\:6321\\\\;b\" ]\n")));
  const auto read = ReadXl(Hvm(absl::StrCat(disk, ":id=me:key=QQ==:auth_supported=cephx\\\\;none\" ]\n"))).spec();
  CHECK(read.devices().disks(0).authentication().username() == "me");
  CHECK(read.devices().disks(0).network_source().name() == "pool/image");
}

TEST_CASE("Interfaces of both are written as they were read", "[xen_domain_config]") {
  const auto with = [](const char* base, const std::string& text) {
    const absl::string_view next = absl::string_view(base) == kHvm ? "parallel = " : "kernel = ";
    return absl::StrReplaceAll(base, {{next, absl::StrCat("vif = [ \"", text, "\" ]\n", next)}});
  };
  const std::string mac = "mac=00:16:3e:66:92:9c";
  CheckXl(with(kHvm, mac + ",bridge=ovsbr0.10,script=vif-openvswitch,model=e1000"));
  CheckXl(with(kHvm, mac + ",bridge=ovsbr0:10:20,script=vif-openvswitch"));
  CheckXl(with(kHvm, mac + ",bridge=b,ip=10.0.0.1 2000::1,script=vif-bridge,type=vif,vifname=a,rate=10KB/s"));
  CheckXl(with(kPv, mac + ",script=vif-route,ip=10.0.0.1,model=e1000,backend=net,mtu=9000"));
  CheckXl(with(kPv, mac));
  const auto mebibytes = ReadXl(with(kPv, mac + ",bridge=b,rate=10MB/s"));
  CHECK(mebibytes.spec().devices().interfaces(0).bandwidth().outbound().average_kilobytes_per_second() == 10240);
}

TEST_CASE("Configurations of xm are written as they were read", "[xen_domain_config]") {
  const std::string hvm = absl::StrReplaceAll(kHvm, {{"boot = \"c\"", "kernel = \"/loader\"\nboot = \"c\""}});
  CheckXm(hvm);
  CheckXm(absl::StrCat(kPv, "ramdisk = \"/initrd\"\nextra = \"root=/dev/xvda1\"\n"));
  CheckXm(absl::StrCat(hvm, "disk = [ \"tap2:qcow2:/a,hda,w\", \"file:/b,hdb,!\", \",hdc:cdrom,r\" ]\n"));
  CheckXm(absl::StrCat(hvm, "usb = 1\nusbdevice = \"mouse\"\n"));
  CHECK(ReadXm(absl::StrCat(kPv, "root = \"/dev/sda\"\nextra = \"ro\"\n")).spec().os().command_line() ==
        "root=/dev/sda ro");
  CHECK(ReadXm(absl::StrCat(hvm, "device_model = \"/qemu-dm\"\n")).spec().devices().emulator() == "/qemu-dm");
  CheckRefused(ReadXenXm(kHvm), v1::REASON_SPEC_INVALID, "no kernel");
}

TEST_CASE("What is wrong in a configuration is refused with its place", "[xen_domain_config]") {
  const auto refused = [](const std::string& lines, v1::Reason reason, const std::string& message) {
    CheckRefused(ReadXenXl(absl::StrCat("name = \"web\"\ntype = \"hvm\"\n", lines)), reason, message);
  };
  CheckRefused(ReadXenXl("memory = 5\n"), v1::REASON_SPEC_INVALID, "has no setting name");
  CheckRefused(ReadXenXl("name = \"a/b\"\n"), v1::REASON_SPEC_INVALID, "line 1 column 9");
  CheckRefused(ReadXenXl("name = \"a\"\ntype = \"vax\"\n"), v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 9");
  CheckRefused(ReadXenXl(std::string("name = \"a\0b\"\n", 13)), v1::REASON_DOCUMENT_MALFORMED, "line 1 column 10");
  refused("memory = 99999999999999999999\n", v1::REASON_DOCUMENT_MALFORMED, "line 3 column 10");
  refused("memory = 9999999999999999\n", v1::REASON_SPEC_INVALID, "not between");
  refused("memory = -1\n", v1::REASON_SPEC_INVALID, "not between");
  refused("vcpus = 2\nmaxvcpus = 1\n", v1::REASON_SPEC_INVALID, "is less than vcpus");
  refused("uuid = \"x\"\n", v1::REASON_SPEC_INVALID, "line 3 column 9");
  refused("cpus = \"a\"\n", v1::REASON_SPEC_INVALID, "not a set of numbers");
  refused("boot = \"x\"\n", v1::REASON_SPEC_INVALID, "not letters");
  refused("on_crash = \"dance\"\n", v1::REASON_DOCUMENT_UNKNOWN, "line 3 column 13");
  refused("disk = [ \"/a,raw\" ]\n", v1::REASON_SPEC_INVALID, "without a name");
  refused("disk = [ \"/a,raw,hda,rw,nonsense=1\" ]\n", v1::REASON_DOCUMENT_UNKNOWN, "line 3 column 25");
  refused("disk = [ \"/a,raw,hda,script=x\" ]\n", v1::REASON_SPEC_UNSUPPORTED, "script");
  refused("disk = \"/a\"\n", v1::REASON_SPEC_INVALID, "is not a list");
  refused("vif = [ \"mac=nonsense\" ]\n", v1::REASON_SPEC_INVALID, "line 3 column 14");
  refused("vif = [ \"bridge=b.99999\" ]\n", v1::REASON_SPEC_INVALID, "not between");
  refused("vif = [ \"rate=fast\" ]\n", v1::REASON_SPEC_INVALID, "rate");
  refused("pci = [ \"01:1a\" ]\n", v1::REASON_SPEC_INVALID, "0000:01:1a.1");
  refused("pci = [ \"01:ff.0\" ]\n", v1::REASON_SPEC_INVALID, "not between");
  refused("serial = \"nonsense:1\"\n", v1::REASON_SPEC_INVALID, "line 3 column 11");
  refused("cpuid = [ \"0:eax=x\" ]\n", v1::REASON_SPEC_UNSUPPORTED, "registers");
  refused("cpuid = \"0:eax=x\"\n", v1::REASON_SPEC_UNSUPPORTED, "host");
  refused("spice = 1\n", v1::REASON_SPEC_INVALID, "spicepasswd");
  refused("channel = [ \"connection=fax,name=a\" ]\n", v1::REASON_DOCUMENT_UNKNOWN, "neither");
  refused("vnuma = [ [ \"pnode=0\", \"size=5\" ] ]\n", v1::REASON_SPEC_INVALID, "without all of");
  refused("vnuma = [ [ \"pnode=0\", \"size=5\", \"vcpus=0\", \"vdistances=10,20\" ] ]\n", v1::REASON_SPEC_INVALID,
          "2 distances for 1 nodes");
}

TEST_CASE("What has no effect is warned of with its place", "[xen_domain_config]") {
  std::vector<Warning> warnings;
  ReadXl("name = \"web\"\nnonsense = 1\nvif = [ \"bridge=b,devid=3\" ]\nname = \"db\"\n", &warnings);
  REQUIRE(warnings.size() == 3);
  CHECK(warnings[0].line == 1);
  CHECK(warnings[1].line == 2);
  CHECK_THAT(warnings[1].message, Catch::Contains("nonsense"));
  CHECK(warnings[2].line == 3);
  CHECK_THAT(warnings[2].message, Catch::Contains("devid"));
}

TEST_CASE("What a configuration has no form for is refused by its field", "[xen_domain_config]") {
  const auto refused = [](const v1::Domain& domain, const std::string& field) {
    for (const auto& written : {WriteXenXl(domain), WriteXenXm(domain)}) {
      CHECK(ReasonOf(written.status()) == v1::REASON_SPEC_UNSUPPORTED);
      CHECK_THAT(std::string(written.status().message()), Catch::Contains(field));
    }
  };
  v1::Domain domain = ReadXl(kPv);
  domain.mutable_spec()->set_title("a title");
  refused(domain, "spec.title");
  domain = ReadXl(kPv);
  domain.mutable_spec()->mutable_devices()->add_watchdogs()->set_model("i6300esb");
  refused(domain, "spec.devices.watchdogs[0]");
  domain = ReadXl(kPv);
  domain.mutable_spec()->mutable_os()->set_bootloader("a\"b'c\nd\"\"\"");
  CHECK_FALSE(WriteXenXl(domain).ok());
  domain = ReadXl(kPv);
  v1::Interface* interface = domain.mutable_spec()->mutable_devices()->add_interfaces();
  interface->set_type(v1::Interface::TYPE_NETWORK);
  interface->set_source("default");
  refused(domain, "spec.devices.interfaces[0].type");
  // A comma would begin another option.
  interface->set_type(v1::Interface::TYPE_BRIDGE);
  interface->set_source("br0");
  interface->set_model("a,vifname=b");
  refused(domain, "spec.devices.interfaces[0]");
  domain = ReadXl(kPv);
  domain.set_name("hypervisors/lxc/domains/web");
  refused(domain, "'lxc'");
}

TEST_CASE("A specification that says less than libvirt's documents is written all the same", "[xen_domain_config]") {
  v1::Domain domain;
  domain.set_name("hypervisors/xen/domains/web");
  domain.mutable_spec()->set_memory_kib(1024 * 1024 + 1);
  domain.mutable_spec()->mutable_os()->set_type("hvm");
  const auto written = WriteXenXl(domain);
  INFO(written.status().message());
  REQUIRE(written.ok());
  CHECK_THAT(*written, Catch::Contains("maxmem = 1025\n"));
  CHECK_THAT(*written, Catch::Contains("boot = \"c\"\n"));
}

}  // namespace
}  // namespace reeve::formats
