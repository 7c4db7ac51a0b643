// What the host uses and is made of, in virsh's words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reeve/v1/node_service.pb.h"

namespace reeve::cli {

// "CPUs present: ...", "CPUs online: ...", "CPU map: yy-y", or the map as a list "0-1,3".
std::string CpuMapText(const v1::NodeStatistics& statistics, bool as_list);

// Nanoseconds since the boot.
std::string CpuTimesText(const v1::CpuTimes& times);

// Percent of the time between two readings.
std::string CpuUsageText(const v1::CpuTimes& before, const v1::CpuTimes& after);

std::string NodeMemoryText(const v1::NodeMemory& memory);
std::string CellMemoryText(const v1::CellMemory& cell);

// "4KiB: 12345", one line a size. `only_kib` is the size that is asked for, 0: all.
std::string FreePagesText(const v1::CellMemory& cell, uint64_t only_kib);

std::string MemoryParametersText(const v1::NodeMemoryParameters& parameters);

// libvirt's <sysinfo type='smbios'>.
std::string SysinfoXml(const v1::SystemInformation& information);

}  // namespace reeve::cli
