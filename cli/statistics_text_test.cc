#include "cli/statistics_text.h"

#include <catch2/catch.hpp>

namespace reeve::cli {
namespace {

v1::DomainStatistics Sample() {
  v1::DomainStatistics statistics;
  statistics.set_cpu_time_ns(3500000001);
  statistics.mutable_cpu()->set_user_ns(2000000000);
  statistics.mutable_cpu()->set_system_ns(1500000001);
  statistics.mutable_cpu()->add_by_cpu_ns(3000000000);
  statistics.mutable_cpu()->add_by_cpu_ns(500000001);
  statistics.set_memory_bytes(8 << 20);
  statistics.set_memory_limit_bytes(64 << 20);
  statistics.mutable_memory()->set_file_bytes(1 << 20);
  statistics.mutable_memory()->set_page_faults(10);
  statistics.mutable_memory()->set_major_page_faults(3);
  for (const char* target : {"sda", "sdb"}) {
    v1::BlockStatistics& block = *statistics.add_blocks();
    block.set_target(target);
    block.set_read_requests(2);
    block.set_read_bytes(1024);
  }
  v1::InterfaceStatistics& interface = *statistics.add_interfaces();
  interface.set_name("vnet0");
  interface.set_mac_address("52:54:00:00:00:01");
  interface.set_receive_bytes(7);
  interface.set_send_packets(9);
  return statistics;
}

TEST_CASE("cpu-stats, as virsh prints them") {
  CHECK(CpuStatisticsText(Sample(), false, 0, -1) ==
        "CPU0:\n\tcpu_time             3.000000000 seconds\nCPU1:\n\tcpu_time             0.500000001 seconds\n"
        "Total:\n\tcpu_time             3.500000001 seconds\n\tuser_time            2.000000000 seconds\n"
        "\tsystem_time          1.500000001 seconds\n");
  CHECK(CpuStatisticsText(Sample(), false, 1, 5) == "CPU1:\n\tcpu_time             0.500000001 seconds\n");
  CHECK(CpuStatisticsText(Sample(), true, 0, -1).substr(0, 6) == "Total:");
}

TEST_CASE("dommemstat, domblkstat and domifstat") {
  CHECK(MemoryStatisticsText(Sample()) ==
        "actual 65536\nswap_in 0\nrss 8192\nmajor_fault 3\nminor_fault 7\ndisk_caches 1024\n");
  CHECK(BlockStatisticsText(Sample(), "sda") == "sda rd_req 2\nsda rd_bytes 1024\nsda wr_req 0\nsda wr_bytes 0\n");
  CHECK(BlockStatisticsText(Sample(), "") == " rd_req 4\n rd_bytes 2048\n wr_req 0\n wr_bytes 0\n");
  CHECK(BlockStatisticsText(Sample(), "sdc").empty());
  CHECK(InterfaceStatisticsText(Sample(), "vnet0").substr(0, 17) == "vnet0 rx_bytes 7\n");
  CHECK_FALSE(InterfaceStatisticsText(Sample(), "52:54:00:00:00:01").empty());
  CHECK(InterfaceStatisticsText(Sample(), "vnet1").empty());
}

TEST_CASE("domstats has what is known") {
  v1::Domain domain;
  domain.set_name("hypervisors/lxc/domains/web1");
  domain.mutable_status()->set_state(v1::DOMAIN_STATE_RUNNING);
  *domain.mutable_statistics() = Sample();
  const std::string text = DomainStatisticsText(domain);
  for (const char* line : {"Domain: 'web1'\n", "  state.state=1\n", "  cpu.time=3500000001\n", "  cpu.user=2000000000\n",
                           "  balloon.current=65536\n", "  block.count=2\n", "  block.1.name=sdb\n",
                           "  net.0.name=vnet0\n", "  net.0.rx.bytes=7\n", "  net.0.tx.pkts=9\n"}) {
    INFO(line);
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(text.find("pressure") == std::string::npos);
}

}  // namespace
}  // namespace reeve::cli
