#include "formats/xen_sxpr.h"

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "formats/domain_xml.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr char kUuid[] = "12345678-9abc-def0-1234-56789abcdef0";

std::string PvText(absl::string_view more = "") {
  return absl::StrCat("(domain (domid 4)(name 'web')(memory 256)(maxmem 512)(vcpus 4)(vcpu_avail 3)(uuid '", kUuid,
                      "')(image (linux (kernel '/boot/vmlinuz')(ramdisk '/boot/initrd')(args 'ro quiet')))", more, ")");
}

// What is put in place of words of a machine that has something of all kinds.
std::string HvmText(std::initializer_list<std::pair<absl::string_view, absl::string_view>> changes = {}) {
  return absl::StrReplaceAll(
      absl::StrCat(
          "(vm (name 'win')(memory 512)(maxmem 1024)(vcpus 2)(cpus '0-1')(uuid '", kUuid,
          "')(description 'it\\'s')(on_poweroff 'destroy')(on_reboot 'restart')(on_crash 'preserve')(image (hvm "
          "(kernel "
          "'/usr/lib/xen/boot/hvmloader')(vcpus 2)(boot dcn)(fda '/img/floppy')(acpi 1)(apic 1)(pae 1)(hap 1)(viridian "
          "1)(usb 1)(usbdevice tablet)(usbdevice mouse)(parallel tcp:localhost:9999)(serial (pty none "
          "file:/tmp/log))(soundhw 'sb16,es1370')(device_model '/usr/lib/xen/bin/qemu-dm')(hpet 1)(vnc 1)(vncunused "
          "0)(vncdisplay 7)(vnclisten '0.0.0.0')(vncpasswd 'secret')(keymap 'de')(rtc_timeoffset -3600)(localtime "
          "1)))(localtime 1)(device (vbd (dev 'hda:disk')(uname 'phy:/dev/vg/win')(mode 'w!')))(device (tap (dev "
          "'hdb:disk')(uname 'tap:qcow2:/img/data')(mode 'r')))(device (vbd (dev 'hdc:cdrom')(mode 'r')))(device (vif "
          "(mac '00:16:3e:00:00:01')(rate '1024KB/s')(bridge 'xenbr0')(script 'vif-bridge')(ip '192.0.2.1')(vifname "
          "'win0')(model 'e1000')))(device (vif (mac '00:16:3e:00:00:02')(script 'vif-route')(type netfront)))(device "
          "(pci (dev (domain 0x0000)(bus 0x01)(slot 0x1b)(func 0x2))(dev (domain 0x0000)(bus 0x01)(slot 0x1c)(func "
          "0x0)))))"),
      changes);
}

TEST_CASE("a PV domain is read with what libvirt adds") {
  std::optional<int64_t> id;
  const auto domain = ParseXenSxpr(
      PvText("(device (vif (bridge 'xenbr0')))(device (vbd (dev 'xvda')(uname 'file:/img/web')))"), nullptr, &id);
  INFO(domain.status().message());
  REQUIRE(domain.ok());
  CHECK(id == 4);
  CHECK(domain->name() == "hypervisors/xen/domains/web");
  CHECK(domain->uid() == kUuid);
  const v1::DomainSpec& spec = domain->spec();
  CHECK(spec.memory_kib() == 512 * 1024);
  CHECK(spec.current_memory_kib() == 256 * 1024);
  CHECK(spec.vcpus() == 4);
  CHECK(spec.cpu_placement().current() == 2);
  CHECK(spec.os().type() == "linux");
  CHECK(spec.os().kernel() == "/boot/vmlinuz");
  CHECK(spec.os().command_line() == "ro quiet");
  CHECK(spec.clock().offset() == "utc");
  CHECK(spec.lifecycle_actions().on_reboot() == "restart");
  CHECK(spec.devices().disks(0).target_bus() == "xen");
  CHECK(spec.devices().disks(0).driver_format() == "raw");
  CHECK(spec.devices().interfaces(0).target_device() == "vif4.0");
  CHECK(spec.devices().consoles(0).target_type() == "xen");
  CHECK(spec.devices().inputs_size() == 2);
}

TEST_CASE("a definition has no names of a running domain") {
  const auto domain = ParseXenSxpr(PvText("(device (vif (bridge 'xenbr0')))"));
  REQUIRE(domain.ok());
  CHECK(domain->spec().devices().interfaces(0).target_device().empty());
}

TEST_CASE("a domain is read and written without a loss") {
  const auto domain = ParseXenSxpr(HvmText());
  INFO(domain.status().message());
  REQUIRE(domain.ok());
  const auto text = WriteXenSxpr(*domain);
  INFO(text.status().message());
  REQUIRE(text.ok());
  CHECK(*text == HvmText());
  // By way of XML too.
  const auto again = ParseDomainXml(WriteDomainXml(*domain));
  INFO(again.status().message());
  REQUIRE(again.ok());
  CHECK(WriteXenSxpr(*again).value() == HvmText());
}

TEST_CASE("a PV domain is read and written without a loss") {
  const std::string text = absl::StrCat(
      "(vm (name 'web')(memory 256)(maxmem 256)(vcpus 2)(cpus ((0 1)(2)))(uuid '", kUuid,
      "')(bootloader '/usr/bin/pygrub')(bootloader_args '-q')(on_poweroff 'destroy')(on_reboot 'restart')(on_crash "
      "'destroy')(image (linux (args 'ro')(localtime 0)))(localtime 0)(device (tap2 (dev "
      "'xvda')(uname 'tap2:aio:/img/web')(mode 'w')))(device (vkbd))(device (vfb (type sdl)(display ':1')(xauthority "
      "'/root/.Xauthority'))))");
  const auto domain = ParseXenSxpr(text);
  INFO(domain.status().message());
  REQUIRE(domain.ok());
  CHECK(WriteXenSxpr(*domain).value() == text);
}

TEST_CASE("the root device goes to the command line, as xend puts it") {
  const auto domain = ParseXenSxpr("(vm (name x)(memory 64)(image (linux (kernel /k)(root /dev/xvda1)(args 'ro'))))");
  REQUIRE(domain.ok());
  CHECK(domain->spec().os().command_line() == "root=/dev/xvda1 ro");
}

void CheckRefused(const std::string& text, absl::string_view message, v1::Reason reason = v1::REASON_SPEC_INVALID) {
  const absl::Status status = ParseXenSxpr(text).status();
  INFO(text << "\n" << status.message());
  CHECK(ReasonOf(status) == reason);
  CHECK(absl::StrContains(status.message(), message));
  REQUIRE_FALSE(FieldViolationsOf(status).empty());
  CHECK(absl::StartsWith(FieldViolationsOf(status)[0].first, "line "));
}

TEST_CASE("a bad domain is refused at its place") {
  CheckRefused("(domain (memory 1)(name x)\n (vcpus none))", "line 2 column 2: (vcpus) is 'none', not a whole number");
  CheckRefused("(domain (memory 1)(vcpus 0)(name x))", "(vcpus) is 0, 1 to 4096 is allowed");
  CheckRefused("(domain (memory 1))", "has no name");
  CheckRefused("(domain (name x))", "has neither memory nor maxmem");
  CheckRefused("(domain (name x)(name y)(memory 1))", "line 1 column 17: (name) is there twice");
  CheckRefused("(domain (name (x))(memory 1))", "(name) has not one value");
  CheckRefused("(domain (name 'a/b')(memory 1))", "(name) is wrong");
  CheckRefused("(domain (name x)(memory 1)(uuid 1))", "(uuid) is wrong");
  CheckRefused("(domain (name x)(memory 1)(domid 0))", "is that of the control domain");
  CheckRefused("(domain (name x)(memory 1)(on_crash explode))", "on_crash");
  CheckRefused("(domain (name x)(memory 1)(image (linux (args quiet))))", "has no kernel");
  CheckRefused("(guest (name x))", "is neither (domain) nor (vm)", v1::REASON_DOCUMENT_UNKNOWN);
  CheckRefused("(domain (name x)(memory 1)(colour red))", "(colour) is not known inside (domain)",
               v1::REASON_DOCUMENT_UNKNOWN);
  CheckRefused("(domain (name x)(memory 1) stray)", "'stray' is not known", v1::REASON_DOCUMENT_UNKNOWN);
  CheckRefused("(domain (name x)(memory 1)(image (plan9)))", "has not one of", v1::REASON_DOCUMENT_UNKNOWN);
}

TEST_CASE("a bad device is refused at its place") {
  CheckRefused(PvText("(device (vbd (uname file:/a)))"), "(vbd) has no dev");
  CheckRefused(PvText("(device (vbd (dev xvda)))"), "(vbd) has no uname");
  CheckRefused(PvText("(device (vbd (dev xvda)(uname /a)))"), "which names no driver");
  CheckRefused(PvText("(device (vbd (dev xvda)(uname drbd:/a)))"), "has the driver 'drbd'");
  CheckRefused(PvText("(device (tap (dev xvda)(uname tap:/a)))"), "which names no format");
  CheckRefused(PvText("(device (tap (dev xvda)(uname tap:tapdisk:/a)))"), "has the format 'tapdisk'");
  CheckRefused(PvText("(device (vbd (dev xvda)(uname file:/a)(mode x)))"), "(mode) is 'x'");
  CheckRefused(PvText("(device (vif (mac 1)))"), "not a hardware address");
  CheckRefused(PvText("(device (vif (bridge b)(ip 999)))"), "addresses");
  CheckRefused(PvText("(device (vif (bridge b)(rate fast)))"), "not a rate");
  CheckRefused(PvText("(device (pci (dev (domain 0)(bus 0)(slot 0))))"), "(dev) has no func");
  CheckRefused(PvText("(device (pci (dev (domain 0)(bus 0)(slot 32)(func 0))))"), "(slot) is 32");
  CheckRefused(PvText("(device (vfb (type spice)))"), "not vnc or sdl");
  CheckRefused(PvText("(device (vusb))"), "(vusb) is not known", v1::REASON_DOCUMENT_UNKNOWN);
  CheckRefused(HvmText({{"(boot dcn)", "(boot x)"}}), "(boot) is 'x'");
  CheckRefused(HvmText({{"file:/tmp/log", "printer"}}), "(serial) is 'printer'");
  CheckRefused(HvmText({{"usbdevice mouse", "usbdevice host:1:2"}}), "(usbdevice) is 'host:1:2'");
  CheckRefused(HvmText({{"sb16", "drums"}}), "(soundhw) has 'drums'");
}

TEST_CASE("what has no effect is told of") {
  std::vector<Warning> warnings;
  REQUIRE(ParseXenSxpr(PvText("(cpu_weight 256)(features )\n(device (vkbd (backend 0))))"), &warnings).ok());
  REQUIRE(warnings.size() == 3);
  CHECK_FALSE(warnings[0].unknown);
  CHECK(absl::StartsWith(warnings[0].message, "(cpu_weight) has no effect"));
  CHECK(warnings[1].line == 2);
  CHECK(absl::StartsWith(warnings[1].message, "(vkbd) has no effect"));
  CHECK(warnings[2].message == "a parenthesis behind the expression is ignored");
}

TEST_CASE("a setting that is not known is left out where that is told") {
  std::vector<Warning> warnings;
  REQUIRE(ParseXenSxpr("(domain (name x)(memory 64)(colour red)(bootloader /b))", &warnings).ok());
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].unknown);
  CHECK(warnings[0].message == "(colour) is not known inside (domain) and is ignored");
  CHECK_FALSE(ParseXenSxpr("(domain (name x)(memory 64)(device (vusb)))", &warnings).ok());
}

TEST_CASE("what has no form is refused by its path") {
  const auto refusal = [](auto change) {
    auto domain = ParseXenSxpr(HvmText());
    REQUIRE(domain.ok());
    change(domain->mutable_spec());
    const absl::Status status = WriteXenSxpr(*domain).status();
    CHECK(ReasonOf(status) == v1::REASON_SPEC_UNSUPPORTED);
    const auto violations = FieldViolationsOf(status);
    return violations.empty() ? std::string() : violations[0].first;
  };
  CHECK(refusal([](v1::DomainSpec* spec) { spec->set_title("t"); }) == "spec.title");
  CHECK(refusal([](v1::DomainSpec* spec) { spec->mutable_os()->set_type("xenpvh"); }) == "spec.os.kernel");
  CHECK(refusal([](v1::DomainSpec* spec) { spec->mutable_clock()->set_offset("timezone"); }) == "spec.clock.offset");
  CHECK(refusal([](v1::DomainSpec* spec) { spec->mutable_memory_tuning()->set_hard_limit_kib(4096); }) ==
        "spec.memory_tuning.hard_limit_kib");
  CHECK(refusal([](v1::DomainSpec* spec) { spec->mutable_devices()->mutable_disks(0)->set_serial("1"); }) ==
        "spec.devices.disks[0].serial");
  CHECK(refusal([](v1::DomainSpec* spec) { spec->mutable_devices()->mutable_disks(0)->set_type("network"); }) ==
        "spec.devices.disks[0].type");
  CHECK(refusal([](v1::DomainSpec* spec) { spec->mutable_devices()->mutable_interfaces(0)->set_mtu(9000); }) ==
        "spec.devices.interfaces[0].mtu");
  CHECK(refusal([](v1::DomainSpec* spec) {
          spec->mutable_devices()->mutable_host_devices(0)->mutable_pci()->set_managed(true);
        }) == "spec.devices.host_devices[0].pci.managed");
  CHECK(refusal([](v1::DomainSpec* spec) { spec->mutable_devices()->mutable_graphics(0)->set_type("spice"); }) ==
        "spec.devices.graphics[0].type");
  CHECK(refusal([](v1::DomainSpec* spec) {
          spec->mutable_devices()->mutable_serials(0)->mutable_source()->set_log_file("/tmp/log");
        }) == "spec.devices.serials[0]");
  CHECK(refusal([](v1::DomainSpec* spec) { spec->mutable_devices()->add_channels()->set_target_type("xen"); }) ==
        "spec.devices.channels[0]");
}

TEST_CASE("defaults that are said are no loss") {
  auto domain = ParseXenSxpr(HvmText());
  REQUIRE(domain.ok());
  v1::DomainSpec* spec = domain->mutable_spec();
  spec->mutable_os()->set_machine("xenfv");
  spec->mutable_os()->set_architecture("x86_64");
  spec->mutable_cpu_placement()->set_mode("static");
  spec->mutable_devices()->add_controllers()->set_type("xenbus");
  spec->mutable_devices()->mutable_interfaces(0)->set_link_up(true);
  spec->set_memory_kib(spec->memory_kib() - 1);
  CHECK(WriteXenSxpr(*domain).value() == HvmText());
}

}  // namespace
}  // namespace reeve::formats
