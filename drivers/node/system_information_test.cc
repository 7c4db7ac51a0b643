#include "drivers/node/system_information.h"

#include "drivers/node/fake_tree.h"
#include "proto/status.h"

namespace reeve::node {
namespace {

TEST_CASE("what the firmware says, and nothing for what it leaves out") {
  const FakeTree tree;
  const std::string id = "sys/class/dmi/id/";
  tree.Write(id + "bios_vendor", "SeaBIOS");
  tree.Write(id + "bios_date", "04/01/2014");
  tree.Write(id + "sys_vendor", "  QEMU ");
  tree.Write(id + "product_uuid", "c7a5fdbd-edaf-9455-926a-d65c16db1809");
  tree.Write(id + "product_serial", std::string("a\x1b[2Jb\xff<c>"));
  tree.Write(id + "board_name", "");
  tree.Write(id + "chassis_asset_tag", "17");
  const auto information = ReadSystemInformation(tree.sources());
  REQUIRE(information.ok());
  CHECK(information->bios().manufacturer() == "SeaBIOS");
  CHECK(information->bios().date() == "04/01/2014");
  CHECK(information->bios().version().empty());
  CHECK(information->system().manufacturer() == "QEMU");
  CHECK(information->system().uuid() == "c7a5fdbd-edaf-9455-926a-d65c16db1809");
  CHECK(information->system().serial() == "a?[2Jb?<c>");
  CHECK(information->base_board().product().empty());
  CHECK(information->chassis().asset() == "17");
}

TEST_CASE("a file that cannot be read is named") {
  const FakeTree tree;
  tree.Write("sys/class/dmi/id/product_uuid/is/a/directory", "");
  const auto failed = ReadSystemInformation(tree.sources());
  CHECK_THAT(std::string(failed.status().message()), Catch::Contains("product_uuid"));
}

TEST_CASE("a machine without SMBIOS says so") {
  const FakeTree tree;
  CHECK(ReasonOf(ReadSystemInformation(tree.sources()).status()) == v1::REASON_NODE_CANNOT);
}

}  // namespace
}  // namespace reeve::node
