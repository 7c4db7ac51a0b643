#include "drivers/node/node_facts.h"

#include <sys/utsname.h>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "drivers/node/read_fields.h"
#include "drivers/node/topology.h"
#include "util/files.h"

namespace reeve::node {
namespace {

constexpr size_t kMaxCpuinfoBytes = 16 << 20;  // grows with the number of CPUs

// x86 gives the frequency in cpuinfo, others where there is frequency scaling, virtual machines often nowhere.
uint32_t CpuMhz(const Sources& sources) {
  if (const auto cpuinfo = util::ReadFile(sources.proc + "/cpuinfo", kMaxCpuinfoBytes); cpuinfo.ok()) {
    for (const absl::string_view line : absl::StrSplit(*cpuinfo, '\n')) {
      const std::pair<absl::string_view, absl::string_view> field = absl::StrSplit(line, absl::MaxSplits(':', 1));
      double mhz = 0;
      if (absl::StripAsciiWhitespace(field.first) == "cpu MHz" && absl::SimpleAtod(field.second, &mhz) && mhz > 0 &&
          mhz < 1e6) {
        return static_cast<uint32_t>(mhz);
      }
    }
  }
  uint32_t khz = 0;
  const auto frequency = ReadLine(sources.sys + "/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
  return frequency.ok() && absl::SimpleAtoi(*frequency, &khz) ? khz / 1000 : 0;
}

std::string Architecture(const Sources& sources) {
  utsname names{};
  if (!sources.architecture.empty()) return sources.architecture;
  return uname(&names) == 0 ? names.machine : "unknown";
}

}  // namespace

absl::StatusOr<v1::Node> ReadNode(const Sources& sources) {
  const auto hostname = ReadLine(sources.proc + "/sys/kernel/hostname");
  if (!hostname.ok()) return hostname.status();
  const auto kernel = ReadLine(sources.proc + "/sys/kernel/osrelease");
  if (!kernel.ok()) return kernel.status();
  const auto meminfo = util::ReadFile(sources.proc + "/meminfo");
  if (!meminfo.ok()) return meminfo.status();
  const auto uptime = ReadLine(sources.proc + "/uptime");
  if (!uptime.ok()) return uptime.status();
  const auto topology = ReadTopology(sources.sys + "/devices/system");
  if (!topology.ok()) return topology.status();

  const auto total = MemoryKib(*meminfo, "MemTotal");
  const auto available = MemoryKib(*meminfo, "MemAvailable");
  if (!total || !available) {
    return absl::InternalError(absl::StrCat(sources.proc, "/meminfo has no ", total ? "MemAvailable" : "MemTotal"));
  }
  double uptime_seconds = 0;
  const std::vector<absl::string_view> uptime_fields = absl::StrSplit(*uptime, ' ');
  if (!absl::SimpleAtod(uptime_fields[0], &uptime_seconds) || !(uptime_seconds >= 0 && uptime_seconds < 1e15)) {
    return absl::InternalError(absl::StrCat(sources.proc, "/uptime has no number of seconds"));
  }

  v1::Node node;
  node.set_hostname(*hostname);
  node.set_cpu_model(Architecture(sources));
  node.set_memory_kib(*total);
  node.set_cpus(topology->cpus);
  node.set_cpu_mhz(CpuMhz(sources));
  node.set_numa_cells(topology->numa_cells);
  node.set_sockets_per_cell(topology->sockets_per_cell);
  node.set_cores_per_socket(topology->cores_per_socket);
  node.set_threads_per_core(topology->threads_per_core);
  node.set_memory_available_kib(*available);
  node.set_uptime_seconds(static_cast<uint64_t>(uptime_seconds));
  node.set_kernel(*kernel);
  return node;
}

}  // namespace reeve::node
