// What domain XML is understood, both ways. Refusals are in domain_xml_refusal_test.cc.
#include "formats/domain_xml.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace reeve::formats {
namespace {

constexpr char kUuid[] = "0a1b2c3d-0000-4000-8000-00000000abcd";

// A document with `top` after memory and vcpu (in libvirt's order between resource and clock), and `devices`.
std::string Document(absl::string_view middle, absl::string_view devices, absl::string_view end = "") {
  return absl::StrCat(
      "<domain type='lxc'>\n  <name>one</name>\n  <uuid>", kUuid,
      "</uuid>\n  <memory unit='KiB'>65536</memory>\n  <currentMemory unit='KiB'>65536</currentMemory>\n",
      "  <vcpu placement='static'>1</vcpu>\n", "  <os>\n    <type arch='x86_64'>exe</type>\n",
      "    <init>/sbin/init</init>\n  </os>\n", middle,
      "  <clock offset='utc'/>\n  <on_poweroff>destroy</on_poweroff>\n",
      "  <on_reboot>restart</on_reboot>\n  <on_crash>destroy</on_crash>\n  <devices>\n", devices, "  </devices>\n", end,
      "</domain>\n");
}

v1::Domain Parse(absl::string_view text) {
  const auto domain = ParseDomainXml(text);
  INFO(text);
  INFO(domain.status().message());
  REQUIRE(domain.ok());
  return *domain;
}

void CheckIdentity(const std::string& text) {
  CHECK(WriteDomainXml(Parse(text)) == text);
}

TEST_CASE("a document gives name, uid and specification") {
  const v1::Domain domain = Parse(Document("", R"(    <emulator>/usr/libexec/libvirt_lxc</emulator>
    <filesystem type='mount' accessmode='passthrough'>
      <source dir='/srv/one'/>
      <target dir='/'/>
    </filesystem>
    <console type='pty'>
      <target type='lxc' port='0'/>
    </console>
)"));
  CHECK(domain.name() == "hypervisors/lxc/domains/one");
  CHECK(domain.uid() == kUuid);
  CHECK_FALSE(domain.has_status());
  const v1::DomainSpec& spec = domain.spec();
  CHECK(spec.memory_kib() == 65536);
  CHECK(spec.current_memory_kib() == 65536);
  CHECK(spec.vcpus() == 1);
  CHECK(spec.os().type() == "exe");
  CHECK(spec.os().architecture() == "x86_64");
  CHECK(spec.os().init() == "/sbin/init");
  CHECK(spec.clock().offset() == "utc");
  CHECK(spec.lifecycle_actions().on_reboot() == "restart");
  CHECK(spec.devices().emulator() == "/usr/libexec/libvirt_lxc");
  REQUIRE(spec.devices().filesystems_size() == 1);
  CHECK(spec.devices().filesystems(0).type() == v1::Filesystem::TYPE_MOUNT);
  CHECK(spec.devices().filesystems(0).source() == "/srv/one");
  CHECK(spec.devices().filesystems(0).target() == "/");
  REQUIRE(spec.devices().consoles_size() == 1);
  CHECK(spec.devices().consoles(0).target_type() == "lxc");
}

TEST_CASE("the least document is filled in as libvirt does") {
  const v1::Domain domain = Parse("<domain type='test'><name>a</name><memory>2048</memory></domain>");
  CHECK(domain.uid().empty());
  CHECK(WriteDomainXml(domain) == R"(<domain type='test'>
  <name>a</name>
  <memory unit='KiB'>2048</memory>
  <currentMemory unit='KiB'>2048</currentMemory>
  <vcpu placement='static'>1</vcpu>
  <os>
    <type>hvm</type>
  </os>
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
  </devices>
</domain>
)");
}

TEST_CASE("what libvirt writes for LXC comes back unchanged") {
  SECTION("texts") {
    CheckIdentity(
        absl::StrReplaceAll(Document("", ""), {{"  <memory",
                                                "  <title>T &amp; &lt;x&gt;</title>\n  <description>it&apos;s\ntwo "
                                                "lines</description>\n  <memory"}}));
  }
  SECTION("metadata is kept verbatim") {
    CheckIdentity(absl::StrReplaceAll(
        Document("", ""), {{"  <memory unit='KiB'>",
                            "  <metadata>\n    <app1:foo xmlns:app1=\"http://app1.org/app1/\">\n"
                            "      <app1:bar a=\"&quot;&#9;1\">x <![CDATA[<y>]]> <!-- c --></app1:bar>\n"
                            "    </app1:foo>\n    <bare xmlns=\"urn:b\"/>\n  </metadata>\n  <memory unit='KiB'>"}}));
  }
  SECTION("tuning") {
    CheckIdentity(absl::StrReplaceAll(Document("", ""), {{"  <vcpu placement='static'>1</vcpu>\n", R"(  <blkiotune>
    <weight>500</weight>
    <device>
      <path>/dev/sda</path>
      <weight>1000</weight>
      <read_iops_sec>1</read_iops_sec>
      <write_iops_sec>2</write_iops_sec>
      <read_bytes_sec>3</read_bytes_sec>
      <write_bytes_sec>4</write_bytes_sec>
    </device>
  </blkiotune>
  <memtune>
    <hard_limit unit='KiB'>65536</hard_limit>
    <soft_limit unit='KiB'>32768</soft_limit>
    <swap_hard_limit unit='KiB'>131072</swap_hard_limit>
  </memtune>
  <vcpu placement='static' cpuset='1-2,5-7' current='2'>4</vcpu>
  <cputune>
    <shares>1024</shares>
    <period>500000</period>
    <quota>-1</quota>
  </cputune>
  <numatune>
    <memory mode='strict' nodeset='1-4'/>
  </numatune>
  <resource>
    <partition>/machine</partition>
  </resource>
)"}}));
  }
  SECTION("placement by the host's load") {
    CheckIdentity(absl::StrReplaceAll(Document("", ""),
                                      {{"  <vcpu placement='static'>1</vcpu>\n", R"(  <vcpu placement='auto'>2</vcpu>
  <numatune>
    <memory mode='interleave' placement='auto'/>
  </numatune>
)"}}));
  }
  SECTION("the first program") {
    CheckIdentity(absl::StrReplaceAll(Document("", ""), {{"  </os>\n", R"(    <initarg>--unit</initarg>
    <initarg></initarg>
    <initarg> </initarg>
    <initenv name='A'>b c</initenv>
    <initenv name='EMPTY'></initenv>
    <initdir>/var</initdir>
    <inituser>tester</inituser>
    <initgroup>+1000</initgroup>
    <cmdline>quiet</cmdline>
  </os>
)"}}));
  }
  SECTION("ids, features") {
    CheckIdentity(Document(R"(  <idmap>
    <uid start='0' target='100000' count='1000'/>
    <uid start='1000' target='1000' count='1'/>
    <gid start='0' target='100000' count='65536'/>
  </idmap>
  <features>
    <acpi/>
    <apic/>
    <pae/>
    <privnet/>
    <capabilities policy='default'>
      <mknod state='on'/>
      <net_admin state='off'/>
    </capabilities>
  </features>
)",
                           ""));
    CheckIdentity(Document("  <features>\n    <capabilities policy='deny'/>\n  </features>\n", ""));
  }
  SECTION("clocks") {
    for (const char* clock :
         {"<clock offset='localtime'>\n    <timer name='rtc' present='no' tickpolicy='catchup' track='guest'/>\n    "
          "<timer "
          "name='hpet' present='yes'/>\n  </clock>",
          "<clock offset='utc' adjustment='reset'/>", "<clock offset='variable' adjustment='-3600' basis='localtime'/>",
          "<clock offset='timezone' timezone='Europe/Vienna'/>", "<clock offset='absolute' start='1234'/>"}) {
      CheckIdentity(absl::StrReplaceAll(Document("", ""), {{"<clock offset='utc'/>", clock}}));
    }
  }
  SECTION("file systems") {
    CheckIdentity(Document("", R"(    <filesystem type='file' accessmode='passthrough'>
      <driver type='nbd' format='qcow2'/>
      <source file='/srv/a.qcow2'/>
      <target dir='/'/>
      <readonly/>
    </filesystem>
    <filesystem type='block' accessmode='mapped'>
      <source dev='/dev/sdb'/>
      <target dir='/b'/>
    </filesystem>
    <filesystem type='ram' accessmode='passthrough'>
      <source usage='524288' units='KiB'/>
      <target dir='/tmp'/>
    </filesystem>
    <filesystem type='bind' accessmode='passthrough'>
      <source dir='/tmp'/>
      <target dir='/var/tmp'/>
    </filesystem>
    <filesystem type='template' accessmode='passthrough'>
      <driver type='path' wrpolicy='immediate'/>
      <source name='debian'/>
      <target dir='/t'/>
      <space_hard_limit unit='bytes'>2147483648</space_hard_limit>
      <space_soft_limit unit='bytes'>1073741824</space_soft_limit>
    </filesystem>
)"));
  }
  SECTION("interfaces") {
    CheckIdentity(Document("", R"(    <interface type='bridge'>
      <mac address='02:00:15:8f:05:c1'/>
      <source bridge='br0'/>
      <vlan trunk='yes'>
        <tag id='42'/>
        <tag id='123' nativeMode='untagged'/>
      </vlan>
      <virtualport type='openvswitch'>
        <parameters interfaceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f' profileid='p'/>
      </virtualport>
      <bandwidth>
        <inbound average='1000' peak='5000' burst='1024'/>
        <outbound average='128'/>
      </bandwidth>
      <port isolated='yes'/>
      <target dev='web'/>
      <guest dev='eth0'/>
      <model type='virtio'/>
      <filterref filter='clean-traffic'>
        <parameter name='IP' value='10.0.0.1'/>
      </filterref>
      <link state='up'/>
      <mtu size='9000'/>
    </interface>
    <interface type='network'>
      <source network='default' portgroup='blue'/>
      <bandwidth>
        <inbound average='1000' floor='200'/>
      </bandwidth>
    </interface>
    <interface type='ethernet'>
      <mac address='00:16:3e:0f:ef:8a'/>
      <source>
        <ip address='192.168.122.1' family='ipv4' prefix='32' peer='192.168.122.12'/>
        <route family='ipv4' address='192.168.42.0' prefix='24' gateway='192.168.122.4'/>
      </source>
      <ip address='192.168.122.12' family='ipv4' prefix='24'/>
      <ip address='2001:db8::2' family='ipv6' prefix='64'/>
      <route family='ipv4' address='10.0.0.0' netmask='255.0.0.0' gateway='192.168.122.1'/>
      <route family='ipv6' address='::' gateway='2001:db8::1' metric='5'/>
      <guest dev='eth2'/>
      <link state='down'/>
    </interface>
    <interface type='direct'>
      <source dev='eth0' mode='vepa'/>
    </interface>
)"));
  }
  SECTION("disks") {
    CheckIdentity(Document("", R"(    <disk type='block' device='disk'>
      <driver name='host' type='raw' cache='none'/>
      <source dev='/dev/sdc'/>
      <target dev='sda' bus='scsi'/>
      <readonly/>
      <address type='drive' controller='0' bus='0' target='0' unit='1'/>
    </disk>
    <disk type='file' device='cdrom'>
      <target dev='hdc' bus='ide'/>
    </disk>
)"));
  }
  SECTION("consoles") {
    CheckIdentity(Document("", R"(    <console type='pty'>
      <target type='lxc' port='0'/>
    </console>
    <console type='pty'>
      <target type='lxc' port='1'/>
    </console>
)"));
  }
  SECTION("host devices") {
    CheckIdentity(Document("", R"(    <hostdev mode='subsystem' type='usb' managed='yes'>
      <source startupPolicy='optional'>
        <vendor id='0x062a'/>
        <product id='0x0001'/>
        <address bus='14' device='6'/>
      </source>
    </hostdev>
    <hostdev mode='capabilities' type='storage'>
      <source>
        <block>/dev/sdh1</block>
      </source>
    </hostdev>
    <hostdev mode='capabilities' type='misc'>
      <source>
        <char>/dev/tty0</char>
      </source>
    </hostdev>
    <hostdev mode='capabilities' type='net'>
      <source>
        <interface>eth0</interface>
      </source>
      <ip address='192.168.122.2' family='ipv4' prefix='24'/>
      <route family='ipv4' address='0.0.0.0' gateway='192.168.122.1'/>
    </hostdev>
)"));
  }
  SECTION("security labels") {
    CheckIdentity(Document("", "", R"(  <seclabel type='none'/>
  <seclabel type='none' model='dac'/>
  <seclabel type='static' model='selinux' relabel='yes'>
    <label>system_u:system_r:svirt_lxc_net_t:s0</label>
  </seclabel>
  <seclabel type='dynamic' model='apparmor' relabel='no'>
    <baselabel>x</baselabel>
  </seclabel>
)"));
  }
}

TEST_CASE("shared namespaces stand in libvirt's namespace for LXC") {
  const std::string text =
      absl::StrReplaceAll(Document("", "", R"(  <lxc:namespace>
    <lxc:sharenet type='netns' value='red'/>
    <lxc:shareipc type='pid' value='12345'/>
    <lxc:shareuts type='name' value='container1'/>
  </lxc:namespace>
)"),
                          {{"'lxc'>", "'lxc' xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'>"}});
  CheckIdentity(text);
  const v1::Domain domain = Parse(text);
  CHECK(domain.spec().namespaces().network().kind() == v1::SharedNamespace::KIND_NETNS);
  CHECK(domain.spec().namespaces().ipc().value() == "12345");
  CHECK(domain.spec().namespaces().uts().kind() == v1::SharedNamespace::KIND_NAME);
}

TEST_CASE("the host's network is that of the host's first process") {
  v1::Domain domain;
  domain.set_name("hypervisors/lxc/domains/a");
  domain.mutable_spec()->set_network_mode(v1::NETWORK_MODE_HOST);
  const std::string text = WriteDomainXml(domain);
  CHECK(absl::StrContains(text, "<lxc:sharenet type='pid' value='1'/>"));
  CHECK(absl::StrContains(text, "xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'"));
  const v1::Domain again = Parse(text);
  CHECK(again.spec().network_mode() == v1::NETWORK_MODE_HOST);
  CHECK_FALSE(again.spec().has_namespaces());
}

TEST_CASE("a private network is not the default left open") {
  CHECK(Parse(Document("  <features>\n    <privnet/>\n  </features>\n", "")).spec().network_mode() ==
        v1::NETWORK_MODE_PRIVATE);
  CHECK(Parse(Document("", "")).spec().network_mode() == v1::NETWORK_MODE_UNSPECIFIED);
}

TEST_CASE("signals, for which libvirt has no element, are kept in metadata of our own") {
  v1::Domain domain;
  domain.set_name("hypervisors/lxc/domains/a");
  domain.mutable_spec()->mutable_shutdown_signals()->set_shutdown("SIGRTMIN+3");
  domain.mutable_spec()->mutable_shutdown_signals()->set_reboot("SIGINT");
  domain.mutable_spec()->add_metadata("<x:y xmlns:x='urn:x'/>");
  const std::string text = WriteDomainXml(domain);
  CHECK(absl::StrContains(text,
                          "  <metadata>\n    <x:y xmlns:x='urn:x'/>\n"
                          "    <reeve:domain xmlns:reeve='urn:reeve:domain:1'>\n"
                          "      <reeve:shutdown signal='SIGRTMIN+3'/>\n      <reeve:reboot signal='SIGINT'/>\n"
                          "    </reeve:domain>\n  </metadata>\n"));
  const v1::Domain again = Parse(text);
  CHECK(again.spec().shutdown_signals().shutdown() == "SIGRTMIN+3");
  CHECK(again.spec().shutdown_signals().reboot() == "SIGINT");
  REQUIRE(again.spec().metadata_size() == 1);
  CHECK(again.spec().metadata(0) == "<x:y xmlns:x='urn:x'/>");
}

TEST_CASE("so is what opens a container, or closes it further") {
  const std::string element =
      "      <reeve:lxc>\n"
      "        <reeve:idmap mode='automatic' count='1000'/>\n"
      "        <reeve:no_new_privileges/>\n"
      "        <reeve:calls policy='default'>\n"
      "          <reeve:call name='keyctl' state='on'/>\n"
      "          <reeve:call name='mount' state='off' error='ENOSYS'/>\n"
      "        </reeve:calls>\n"
      "        <reeve:open path='/proc/kcore'/>\n"
      "        <reeve:open path='all'/>\n"
      "        <reeve:device type='char' major='10' minor='200' access='rw'/>\n"
      "        <reeve:device type='block'/>\n"
      "        <reeve:lxcfs use='no'/>\n"
      "      </reeve:lxc>\n";
  const std::string metadata = "  <metadata>\n    <reeve:domain xmlns:reeve='urn:reeve:domain:1'>\n" + element +
                               "    </reeve:domain>\n  </metadata>\n";
  const v1::Domain domain = Parse(Document(metadata, ""));
  const v1::LxcOptions& options = domain.spec().lxc();
  CHECK(options.id_map_mode() == v1::LxcOptions::ID_MAP_MODE_AUTOMATIC);
  CHECK(options.id_map_count() == 1000);
  CHECK(options.no_new_privileges());
  REQUIRE(options.system_calls().rules_size() == 2);
  CHECK(options.system_calls().rules(0).on());
  CHECK(options.system_calls().rules(1).error() == "ENOSYS");
  CHECK(options.open_paths_size() == 2);
  REQUIRE(options.devices_size() == 2);
  CHECK(options.devices(0).minor() == 200);
  CHECK_FALSE(options.devices(1).has_major());
  CHECK_FALSE(options.lxcfs());
  CHECK(absl::StrContains(WriteDomainXml(domain), metadata));
}

TEST_CASE("a running domain has its id") {
  const v1::Domain domain = Parse(Document("", ""));
  const std::string text = WriteDomainXml(domain, {.id = 4242});
  CHECK(absl::StartsWith(text, "<domain type='lxc' id='4242'>\n"));
  std::vector<Warning> warnings;
  REQUIRE(ParseDomainXml(text, &warnings).ok());
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].line == 1);
  CHECK(warnings[0].column == 20);
  CHECK(warnings[0].message == "attribute id of /domain is of the running guest and is ignored");
}

TEST_CASE("the state of a running libvirt guest is told and left out") {
  std::vector<Warning> warnings;
  const auto domain = ParseDomainXml(Document("", R"(    <interface type='bridge'>
      <source bridge='br0'/>
      <target dev='vnet12'/>
      <guest dev='eth0' actual='eth0'/>
      <alias name='net0'/>
    </interface>
    <console type='pty' tty='/dev/pts/3'>
      <source path='/dev/pts/3'/>
      <target type='lxc' port='0'/>
      <alias name='console0'/>
    </console>
)"),
                                     &warnings);
  REQUIRE(domain.ok());
  CHECK(domain->spec().devices().interfaces(0).target_device().empty());
  CHECK(domain->spec().devices().interfaces(0).guest_device() == "eth0");
  CHECK(warnings.size() == 6);
}

TEST_CASE("values are normalized") {
  const v1::Domain domain = Parse(R"(<?xml version="1.0" encoding="UTF-8"?>
<!-- by hand -->
<domain type="lxc"><name>a&#x62;<![CDATA[c]]></name>
<uuid> E21987A5E98E9C990E35803E4D9AD1FE </uuid>
<memory unit="GiB"> 1 </memory><currentMemory unit="b">1048577</currentMemory>
<vcpu>2</vcpu>
<devices>
<interface type="ethernet"><mac address="02:00:15:8F:05:C1"/><route address="0.0.0.0" gateway="10.0.0.1"/></interface>
<filesystem><source dir="/a"/><target dir="/"/></filesystem>
<filesystem type="ram"><source usage="1" units="MiB"/><target dir="/t"/></filesystem>
</devices></domain>)");
  CHECK(domain.name() == "hypervisors/lxc/domains/abc");
  CHECK(domain.uid() == "e21987a5-e98e-9c99-0e35-803e4d9ad1fe");
  CHECK(domain.spec().memory_kib() == 1048576);
  CHECK(domain.spec().current_memory_kib() == 1025);
  CHECK(domain.spec().devices().interfaces(0).mac_address() == "02:00:15:8f:05:c1");
  CHECK(domain.spec().devices().interfaces(0).routes(0).family() == "ipv4");
  CHECK(domain.spec().devices().filesystems(0).type() == v1::Filesystem::TYPE_MOUNT);
  CHECK(domain.spec().devices().filesystems(1).ram_size_kib() == 1024);
}

TEST_CASE("more current memory than memory is cut, as libvirt does, and told") {
  std::vector<Warning> warnings;
  const auto domain = ParseDomainXml(
      "<domain type='lxc'><name>a</name><memory>2048</memory><currentMemory>4096</currentMemory></domain>", &warnings);
  REQUIRE(domain.ok());
  CHECK(domain->spec().current_memory_kib() == 2048);
  CHECK(warnings.size() == 1);
}

TEST_CASE("no text of a specification can break out of its place") {
  v1::Domain domain;
  domain.set_name("hypervisors/lxc/domains/a'><x>&amp;");
  v1::DomainSpec* spec = domain.mutable_spec();
  spec->set_title("</title><memory>1</memory>");
  spec->set_description("]]>&lt;\n<!-- -->");
  spec->mutable_os()->add_init_arguments("'\"&<>");
  auto* filesystem = spec->mutable_devices()->add_filesystems();
  filesystem->set_type(v1::Filesystem::TYPE_MOUNT);
  filesystem->set_access_mode(v1::Filesystem::ACCESS_MODE_PASSTHROUGH);
  filesystem->set_source("/a'/><evil x='");
  filesystem->set_target("/");
  const v1::Domain again = Parse(WriteDomainXml(domain));
  CHECK(again.name() == domain.name());
  CHECK(again.spec().title() == spec->title());
  CHECK(again.spec().description() == spec->description());
  CHECK(again.spec().os().init_arguments(0) == spec->os().init_arguments(0));
  CHECK(again.spec().devices().filesystems(0).source() == filesystem->source());
}

}  // namespace
}  // namespace reeve::formats
