#include "absl/strings/str_cat.h"
#include "formats/storage_pool_xml.h"
#include "formats/storage_volume_xml.h"
#include "formats/xml_testing.h"

namespace reeve::formats {
namespace {

absl::Status ParsePool(absl::string_view text) {
  return ParseStoragePoolXml(text).status();
}

absl::Status ParseVolume(absl::string_view text) {
  return ParseStorageVolumeXml(text).status();
}

v1::StoragePool PoolOf(absl::string_view text) {
  const auto pool = ParseStoragePoolXml(text);
  INFO(text);
  INFO(pool.status().message());
  REQUIRE(pool.ok());
  return *pool;
}

constexpr char kSizes[] =
    "  <capacity unit='bytes'>0</capacity>\n  <allocation unit='bytes'>0</allocation>\n"
    "  <available unit='bytes'>0</available>\n";

TEST_CASE("Pools are read and written again") {
  const std::string pools[] = {
      absl::StrCat(
          "<pool type='netfs' xmlns:fs='http://libvirt.org/schemas/storagepool/fs/1.0'>\n  <name>p</name>\n", kSizes,
          "  <source>\n    <host name='nas' port='2049'/>\n    <dir path='/export'/>\n    <format type='nfs'/>\n"
          "    <protocol ver='4'/>\n    <vendor name='V'/>\n    <product name='P'/>\n  </source>\n"
          "  <target>\n    <path>/mnt</path>\n    <permissions>\n      <mode>0750</mode>\n      <owner>107</owner>\n"
          "      <group>108</group>\n      <label>l</label>\n    </permissions>\n  </target>\n"
          "  <fs:mount_opts>\n    <fs:option name='nodev'/>\n  </fs:mount_opts>\n</pool>\n"),
      absl::StrCat("<pool type='rbd' xmlns:rbd='http://libvirt.org/schemas/storagepool/rbd/1.0'>\n  <name>p</name>\n",
                   kSizes,
                   "  <source>\n    <host name='a' port='6789'/>\n    <host name='b'/>\n    <name>rbd</name>\n"
                   "    <auth type='ceph' username='admin'>\n      <secret usage='u'/>\n    </auth>\n  </source>\n"
                   "  <refresh>\n    <volume allocation='capacity'/>\n  </refresh>\n"
                   "  <rbd:config_opts>\n    <rbd:option name='k' value='v'/>\n  </rbd:config_opts>\n</pool>\n"),
      absl::StrCat("<pool type='scsi'>\n  <name>p</name>\n", kSizes,
                   "  <source>\n    <adapter type='fc_host' parent='scsi_host3' managed='yes' wwnn='20000000c9831b4b'"
                   " wwpn='10000000c9831b4b'/>\n  </source>\n  <target>\n    <path>/dev/disk/by-id</path>\n  "
                   "</target>\n</pool>\n"),
      absl::StrCat("<pool type='dir'>\n  <name>p</name>\n  <features>\n    <cow state='no'/>\n  </features>\n", kSizes,
                   "  <source>\n  </source>\n  <target>\n    <path>/srv</path>\n  </target>\n</pool>\n"),
  };
  for (const std::string& text : pools) CHECK(WriteStoragePoolXml(PoolOf(text)) == text);
}

TEST_CASE("What a pool does not say follows from the rest") {
  const auto logical =
      PoolOf("<pool type='logical'><source><name>vg0</name></source><target><path>/x</path></target></pool>");
  CHECK(logical.name() == "pools/vg0");
  CHECK(logical.spec().target().path() == "/dev/vg0");
  CHECK(logical.spec().source().format() == "lvm2");
  const auto zfs = PoolOf("<pool type='zfs'><name>tank</name></pool>");
  CHECK(zfs.spec().source().name() == "tank");
  CHECK(zfs.spec().target().path() == "/dev/zvol/tank");
  const auto gluster = PoolOf("<pool type='gluster'><name>g</name><source><host name='h'/></source></pool>");
  CHECK(gluster.spec().source().directory() == "/");
  const auto dir = PoolOf("<pool type='dir'><name>d</name><target><path>///srv//a/</path></target></pool>");
  CHECK(dir.spec().target().path() == "/srv/a");
}

TEST_CASE("Sizes of pools are state") {
  std::vector<Warning> warnings;
  const auto pool = ParseStoragePoolXml(
      "<pool type='dir'><name>d</name><capacity>9</capacity><target><path>/d</path></target></pool>", &warnings);
  REQUIRE(pool.ok());
  CHECK(pool->capacity_bytes() == 0);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].column == 32);
}

TEST_CASE("Pools that are refused") {
  CheckRefusals(
      {
          {"<pool/>", v1::REASON_SPEC_INVALID, "line 1 column 1: element /pool has no attribute type"},
          {"<pool type='tape'/>", v1::REASON_DOCUMENT_UNKNOWN, "line 1 column 7: attribute type"},
          {"<pool type='dir'><name>d</name></pool>", v1::REASON_SPEC_INVALID,
           "line 1 column 1: element /pool has no path"},
          {"<pool type='dir'><name>d</name><source><host name='h'/></source></pool>", v1::REASON_SPEC_INVALID,
           "line 1 column 40: element /pool/source/host cannot be"},
          {"<pool type='fs'><name>d</name><source/><target><path>/d</path></target></pool>", v1::REASON_SPEC_INVALID,
           "line 1 column 31: element /pool/source has no <device>"},
          {"<pool type='netfs'><name>d</name><source><host name='h'/><dir path='/x'/><format "
           "type='smb'/></source></pool>",
           v1::REASON_DOCUMENT_UNKNOWN, "line 1 column 82"},
          {"<pool type='scsi'><name>d</name><source><adapter type='fc_host' wwnn='1' wwpn='2'/></source></pool>",
           v1::REASON_SPEC_INVALID, "line 1 column 65"},
          {"<pool type='scsi'><name>d</name><source><adapter/></source></pool>", v1::REASON_SPEC_INVALID,
           "line 1 column 41"},
          {"<pool type='rbd'><name>d</name><source><host name='h'/></source></pool>", v1::REASON_SPEC_INVALID,
           "line 1 column 1: element /pool has no name of its source"},
          {"<pool "
           "type='dir'><name>d</name><target><path>/d</path><permissions><mode>0888</mode></permissions></target></"
           "pool>",
           v1::REASON_SPEC_INVALID, "line 1 column 68"},
          {"<pool "
           "type='dir'><name>d</name><target><path>/d</path><permissions><mode>01777</mode></permissions></target></"
           "pool>",
           v1::REASON_SPEC_INVALID, "line 1 column 68"},
          {"<pool type='dir' xmlns:fs='urn:x'/>", v1::REASON_DOCUMENT_UNKNOWN, "line 1 column 18"},
      },
      ParsePool);
}

constexpr char kVolume[] = R"(<volume type='file'>
  <name>a.qcow2</name>
  <key>/srv/a.qcow2</key>
  <capacity unit='bytes'>5368709120</capacity>
  <allocation unit='bytes'>294912</allocation>
  <target>
    <path>/srv/a.qcow2</path>
    <format type='qcow2'/>
    <permissions>
      <mode>0644</mode>
      <owner>0</owner>
    </permissions>
    <encryption format='luks'>
      <secret type='passphrase' usage='/srv/a.qcow2'/>
      <cipher name='aes' size='256' mode='cbc' hash='sha256'/>
      <ivgen name='plain64' hash='sha256'/>
    </encryption>
    <compat>1.1</compat>
    <nocow/>
    <clusterSize unit='B'>131072</clusterSize>
    <features>
      <lazy_refcounts/>
    </features>
  </target>
  <backingStore>
    <path>/srv/base.img</path>
    <format type='raw'/>
  </backingStore>
</volume>
)";

TEST_CASE("A volume is read and written again") {
  const auto volume = ParseStorageVolumeXml(kVolume);
  INFO(volume.status().message());
  REQUIRE(volume.ok());
  CHECK(volume->name() == "pools/-/volumes/a.qcow2");
  CHECK(volume->spec().target().permissions().mode() == 0644);
  CHECK(WriteStorageVolumeXml(*volume) == kVolume);
}

TEST_CASE("Sizes have units, and allocation is the capacity where it is not said") {
  const auto volume = ParseStorageVolumeXml("<volume><name>a</name><capacity unit='G'>5</capacity></volume>");
  REQUIRE(volume.ok());
  CHECK(WriteStorageVolumeXml(*volume) ==
        "<volume type='file'>\n  <name>a</name>\n  <capacity unit='bytes'>5368709120</capacity>\n"
        "  <allocation unit='bytes'>5368709120</allocation>\n  <target>\n    <format type='raw'/>\n  "
        "</target>\n</volume>\n");
}

TEST_CASE("The pool decides which formats a volume has") {
  const auto format_in = [](absl::string_view pool_text, absl::string_view format) {
    const v1::StoragePool pool = PoolOf(pool_text);
    const auto volume = ParseStorageVolumeXml(
        absl::StrCat("<volume><name>a</name><capacity>1</capacity><target>", format, "</target></volume>"), &pool);
    INFO(volume.status().message());
    REQUIRE(volume.ok());
    return volume->spec().target().format();
  };
  const char kLogical[] = "<pool type='logical'><name>vg</name></pool>";
  const char kDisk[] =
      "<pool type='disk'><name>d</name><source><device "
      "path='/dev/sda'/></source><target><path>/dev</path></target></pool>";
  const char kSheepdog[] = "<pool type='sheepdog'><name>s</name><source><host name='h'/></source></pool>";
  CHECK(format_in(kLogical, "") == "");
  CHECK(format_in(kDisk, "") == "none");
  CHECK(format_in(kDisk, "<format type='linux-swap'/>") == "linux-swap");
  CHECK(format_in(kSheepdog, "<format type='raw'/>") == "unknown");
}

TEST_CASE("Volumes that are refused") {
  const auto target = [](absl::string_view rest) {
    return absl::StrCat("<volume><name>a</name><capacity>1</capacity>\n<target>", rest, "</target></volume>");
  };
  CheckRefusals(
      {
          {"<volume><name>a</name></volume>", v1::REASON_SPEC_INVALID,
           "line 1 column 1: element /volume has no element <capacity>"},
          {"<volume><name>../a</name><capacity>1</capacity></volume>", v1::REASON_SPEC_INVALID,
           "line 1 column 9: element /volume/name has a slash"},
          {"<volume><name>..</name><capacity>1</capacity></volume>", v1::REASON_SPEC_INVALID,
           "line 1 column 9: element /volume/name is a directory's"},
          {"<volume><name>a</name><capacity unit='parsec'>1</capacity></volume>", v1::REASON_SPEC_INVALID,
           "line 1 column 23: element /volume/capacity has the unit"},
          {"<volume><name>a</name><capacity unit='E'>99999999999</capacity></volume>", v1::REASON_SPEC_INVALID,
           "line 1 column 23: element /volume/capacity is 2^63"},
          {target("<format type='floppy'/>"), v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 17: attribute type"},
          {target("<compat>1</compat>"), v1::REASON_SPEC_INVALID,
           "line 2 column 9: element /volume/target/compat is not a version"},
          {target("<features><teleport/></features>"), v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 19"},
          {target("<encryption format='luks'><secret type='passphrase'/></encryption>"), v1::REASON_SPEC_INVALID,
           "line 2 column 35"},
          {target("<encryption format='rot13'/>"), v1::REASON_DOCUMENT_UNKNOWN, "line 2 column 21"},
      },
      ParseVolume);
}

TEST_CASE("Damaged storage does no harm") {
  TryDamaged(absl::string_view(kVolume, sizeof(kVolume) - 3), ParseVolume);
}

}  // namespace
}  // namespace reeve::formats
