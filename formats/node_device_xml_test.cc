#include "formats/node_device_xml.h"

#include "absl/strings/str_cat.h"
#include "formats/xml_testing.h"

namespace reeve::formats {
namespace {

absl::Status Parse(absl::string_view text) {
  return ParseNodeDeviceXml(text).status();
}

std::string Device(absl::string_view capability) {
  return absl::StrCat("<device>\n  <name>d</name>\n", capability, "</device>\n");
}

constexpr char kPci[] = R"(<device>
  <name>pci_0000_01_00_0</name>
  <path>/sys/devices/pci0000:00/0000:01:00.0</path>
  <parent>pci_0000_00_01_0</parent>
  <driver>
    <name>igb</name>
  </driver>
  <capability type='pci'>
    <class>0x020000</class>
    <domain>0</domain>
    <bus>1</bus>
    <slot>0</slot>
    <function>0</function>
    <product id='0x00c9'/>
    <vendor id='0x8086'>Intel</vendor>
    <capability type='phys_function'>
      <address domain='0x0000' bus='0x01' slot='0x00' function='0x1'/>
    </capability>
    <capability type='virt_functions' maxCount='7'/>
    <capability type='mdev_types'>
      <type id='t1'>
        <name>T</name>
        <deviceAPI>vfio-pci</deviceAPI>
        <availableInstances>3</availableInstances>
      </type>
    </capability>
    <capability type='vpd'>
      <name>N</name>
      <fields access='readonly'>
        <part_number>P1</part_number>
        <vendor_field index='A'>x</vendor_field>
      </fields>
      <fields access='readwrite'>
        <system_field index='B'>y</system_field>
      </fields>
    </capability>
    <iommuGroup number='4'>
      <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </iommuGroup>
    <numa node='1'/>
    <pci-express>
      <link validity='cap' port='0' speed='8' width='4'/>
      <link validity='sta' width='1'/>
    </pci-express>
  </capability>
</device>
)";

TEST_CASE("A PCI device is read and written again") {
  const auto device = ParseNodeDeviceXml(kPci);
  INFO(device.status().message());
  REQUIRE(device.ok());
  CHECK(device->capabilities(0).pci().product().id() == 0xc9);
  CHECK(WriteNodeDeviceXml(*device) == kPci);
}

TEST_CASE("Every kind of device is read and written again") {
  const char* capabilities[] = {
      "  <capability type='usb_device'>\n    <bus>2</bus>\n    <device>1</device>\n    <product id='0x0001' />\n"
      "    <vendor id='0x1d6b'>L</vendor>\n  </capability>\n",
      "  <capability type='usb'>\n    <number>0</number>\n    <class>3</class>\n    <subclass>1</subclass>\n"
      "    <protocol>2</protocol>\n    <description>mouse</description>\n  </capability>\n",
      "  <capability type='net'>\n    <interface>e0</interface>\n    <address>52:54:00:01:02:03</address>\n"
      "    <link speed='1000' state='up'/>\n    <feature name='rx'/>\n    <feature name='rdma'/>\n"
      "    <capability type='80203'/>\n  </capability>\n",
      "  <capability type='scsi_host'>\n    <host>1</host>\n    <unique_id>0</unique_id>\n  </capability>\n",
      "  <capability type='scsi_target'>\n    <target>target0:0:0</target>\n    <capability type='fc_remote_port'>\n"
      "      <rport>rport-0:0-0</rport>\n      <wwpn>0x2001f4e9d4eb02c9</wwpn>\n    </capability>\n  </capability>\n",
      "  <capability type='scsi'>\n    <host>1</host>\n    <bus>0</bus>\n    <target>0</target>\n    <lun>0</lun>\n"
      "    <type>disk</type>\n  </capability>\n",
      "  <capability type='storage'>\n    <block>/dev/sda</block>\n    <bus>ata</bus>\n    "
      "<drive_type>disk</drive_type>\n"
      "    <size>4096</size>\n    <logical_block_size>512</logical_block_size>\n    <num_blocks>8</num_blocks>\n"
      "    <capability type='hotpluggable'/>\n  </capability>\n",
      "  <capability type='storage'>\n    <block>/dev/sr0</block>\n    <capability type='removable'>\n"
      "      <media_available>1</media_available>\n      <media_size>2048</media_size>\n"
      "      <media_label>M</media_label>\n    </capability>\n  </capability>\n",
      "  <capability type='scsi_generic'>\n    <char>/dev/sg0</char>\n  </capability>\n",
      "  <capability type='drm'>\n    <type>render</type>\n  </capability>\n",
      "  <capability type='mdev'>\n    <type id='t'/>\n    <uuid>0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9</uuid>\n"
      "    <iommuGroup number='3'/>\n    <attr name='a' value='b'/>\n  </capability>\n",
      "  <capability type='ccw'>\n    <cssid>0xfe</cssid>\n    <ssid>0x0</ssid>\n    <devno>0x00a1</devno>\n  "
      "</capability>\n",
      "  <capability type='vdpa'>\n    <chardev>/dev/vhost-vdpa-0</chardev>\n  </capability>\n",
      "  <capability type='ap_queue'>\n    <ap-adapter>0x07</ap-adapter>\n    <ap-domain>0x0038</ap-domain>\n  "
      "</capability>\n",
      "  <capability type='ap_matrix'>\n  </capability>\n",
      "  <capability type='system'>\n    <hardware>\n      <uuid>0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9</uuid>\n    "
      "</hardware>\n"
      "    <firmware>\n    </firmware>\n  </capability>\n",
  };
  for (const char* capability : capabilities) {
    const std::string text = Device(capability);
    const auto device = ParseNodeDeviceXml(text);
    INFO(text);
    INFO(device.status().message());
    REQUIRE(device.ok());
    CHECK(WriteNodeDeviceXml(*device) == text);
  }
}

TEST_CASE("A device that is to be made may have no name, and a parent by its world wide name") {
  const auto device = ParseNodeDeviceXml(
      "<device><parent wwnn='2000000012341234' wwpn='1000000012341234'/><capability type='scsi_host'/></device>");
  REQUIRE(device.ok());
  CHECK(WriteNodeDeviceXml(*device).find("<parent wwnn='2000000012341234' wwpn='1000000012341234'/>") !=
        std::string::npos);
}

TEST_CASE("Devices that are refused") {
  CheckRefusals(
      {
          {"<device><name>d</name></device>", v1::REASON_SPEC_INVALID,
           "line 1 column 1: element /device has no element <capability>"},
          {Device("<capability type='warp'/>"), v1::REASON_DOCUMENT_UNKNOWN, "line 3 column 13: attribute type"},
          {Device("<capability/>"), v1::REASON_SPEC_INVALID, "line 3 column 1"},
          {Device("<capability type='drm'><type>x</type></capability>"), v1::REASON_DOCUMENT_UNKNOWN,
           "line 3 column 24"},
          {Device("<capability type='net'><interface>e</interface><feature name='psychic'/></capability>"),
           v1::REASON_DOCUMENT_UNKNOWN, "line 3 column 57"},
          {Device("<capability type='ccw'><cssid>255</cssid><ssid>0</ssid><devno>0</devno></capability>"),
           v1::REASON_SPEC_INVALID, "line 3 column 24"},
          {Device("<capability type='ap_card'><ap-adapter>0x100</ap-adapter></capability>"), v1::REASON_SPEC_INVALID,
           "line 3 column 28"},
          {Device("<capability type='ap_card'><ap-adapter>1</ap-adapter><ap-domain>1</ap-domain></capability>"),
           v1::REASON_DOCUMENT_UNKNOWN, "line 3 column 54"},
          {"<device><parent wwnn='1'/></device>", v1::REASON_SPEC_INVALID, "line 1 column"},
      },
      Parse);
}

TEST_CASE("A damaged device does no harm") {
  TryDamaged(absl::string_view(kPci, sizeof(kPci) - 3), Parse);
}

}  // namespace
}  // namespace reeve::formats
