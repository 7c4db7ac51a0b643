// Statistics in virsh's forms. Pure functions.
#pragma once

#include <string>

#include "reeve/v1/domain.pb.h"

namespace reeve::cli {

// virsh domstats: "Domain: 'web1'" and lines "  cpu.time=...".
std::string DomainStatisticsText(const v1::Domain& domain);
// virsh cpu-stats: by CPU, then the total; `count` CPUs from `start` on, all when negative.
std::string CpuStatisticsText(const v1::DomainStatistics& statistics, bool total_only, int start, int count);
// virsh dommemstat, KiB.
std::string MemoryStatisticsText(const v1::DomainStatistics& statistics);
// virsh domblkstat of one device; empty: of all together. Empty: there is no such device.
std::string BlockStatisticsText(const v1::DomainStatistics& statistics, const std::string& device);
// virsh domifstat of an interface by name or MAC address. Empty: there is none.
std::string InterfaceStatisticsText(const v1::DomainStatistics& statistics, const std::string& interface);

}  // namespace reeve::cli
