#include "cli/host_text.h"

#include <catch2/catch.hpp>

namespace reeve::cli {
namespace {

v1::NodeStatistics WithCpus(const std::string& map) {
  v1::NodeStatistics statistics;
  for (size_t i = 0; i < map.size(); ++i) {
    v1::CpuTimes& times = *statistics.add_cpus();
    times.set_cpu(static_cast<uint32_t>(i));
    times.set_online(map[i] == 'y');
  }
  return statistics;
}

TEST_CASE("the map of CPUs, as letters and as a list") {
  CHECK(CpuMapText(WithCpus("yy-y"), false) == "CPUs present:   4\nCPUs online:    3\nCPU map:        yy-y\n");
  CHECK(CpuMapText(WithCpus("yy-y"), true) == "CPUs present:   4\nCPUs online:    3\nCPU map:        0-1,3\n");
  CHECK(CpuMapText(WithCpus("-yyy-y-"), true) == "CPUs present:   7\nCPUs online:    4\nCPU map:        1-3,5\n");
}

TEST_CASE("times and their share of what has passed") {
  v1::CpuTimes before;
  before.set_user_nanoseconds(1000);
  before.set_wait_nanoseconds(50);
  CHECK(CpuTimesText(before) ==
        "user:                           1000\nsystem:                            0\n"
        "idle:                              0\niowait:                           50\n");
  v1::CpuTimes after = before;
  after.set_user_nanoseconds(1300);
  after.set_kernel_nanoseconds(100);
  after.set_idle_nanoseconds(600);
  after.set_wait_nanoseconds(40);  // it may go backwards (proc_stat(5))
  CHECK(CpuUsageText(before, after) ==
        "usage:           40.0%\nuser:            30.0%\nsystem:          10.0%\nidle:            60.0%\n"
        "iowait:           0.0%\n");
  CHECK_THAT(CpuUsageText(before, before), Catch::StartsWith("usage:            0.0%\n"));
}

TEST_CASE("free pages of every size, or of one") {
  v1::CellMemory cell;
  cell.set_free_kib(4099);
  cell.set_page_kib(4);
  cell.add_huge_pages()->set_size_kib(2048);
  cell.mutable_huge_pages(0)->set_free(7);
  CHECK(FreePagesText(cell, 0) == "4KiB: 1024\n2048KiB: 7\n");
  CHECK(FreePagesText(cell, 2048) == "2048KiB: 7\n");
  CHECK(FreePagesText(cell, 1024).empty());
}

TEST_CASE("sysinfo has what there is, and what a maker wrote does no harm") {
  v1::SystemInformation information;
  CHECK(SysinfoXml(information) == "<sysinfo type='smbios'>\n</sysinfo>\n");
  information.mutable_bios()->set_manufacturer("Bochs");
  information.mutable_system()->set_serial("</entry>&\x1b[2J");
  information.mutable_base_board()->set_asset("3");
  CHECK(SysinfoXml(information) ==
        "<sysinfo type='smbios'>\n  <bios>\n    <entry name='vendor'>Bochs</entry>\n  </bios>\n"
        "  <system>\n    <entry name='serial'>&lt;/entry&gt;&amp;\\x1b[2J</entry>\n  </system>\n"
        "  <baseBoard>\n    <entry name='asset'>3</entry>\n  </baseBoard>\n</sysinfo>\n");
}

}  // namespace
}  // namespace reeve::cli
