#include "cli/host_text.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "cli/text.h"

namespace reeve::cli {
namespace {

// "0-1,3".
std::string OnlineList(const v1::NodeStatistics& statistics) {
  std::string list;
  for (int i = 0; i < statistics.cpus_size(); ++i) {
    if (!statistics.cpus(i).online()) continue;
    const uint32_t first = statistics.cpus(i).cpu();
    uint32_t last = first;
    while (i + 1 < statistics.cpus_size() && statistics.cpus(i + 1).online() &&
           statistics.cpus(i + 1).cpu() == last + 1) {
      last = statistics.cpus(++i).cpu();
    }
    absl::StrAppend(&list, list.empty() ? "" : ",", first);
    if (last != first) absl::StrAppend(&list, "-", last);
  }
  return list;
}

std::string TimeLine(const char* name, uint64_t nanoseconds) {
  return absl::StrFormat("%-15s %20u\n", name, nanoseconds);
}

std::string SizeLine(const char* name, uint64_t kib) {
  return absl::StrFormat("%-7s: %20u KiB\n", name, kib);
}

std::string ParameterLine(const char* name, uint64_t value) {
  return absl::StrFormat("\t%-15s %u\n", name, value);
}

// A counter of the kernel that went backwards counts as one that stood still.
uint64_t Growth(uint64_t before, uint64_t after) {
  return after > before ? after - before : 0;
}

using Entries = std::vector<std::pair<const char*, const std::string*>>;

std::string PartXml(const char* element, const Entries& entries) {
  std::string inside;
  for (const auto& [name, value] : entries) {
    if (value->empty()) continue;
    const std::string text = absl::StrReplaceAll(Escape(*value), {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
    absl::StrAppend(&inside, "    <entry name='", name, "'>", text, "</entry>\n");
  }
  return inside.empty() ? "" : absl::StrCat("  <", element, ">\n", inside, "  </", element, ">\n");
}

}  // namespace

std::string CpuMapText(const v1::NodeStatistics& statistics, bool as_list) {
  std::string map;
  int online = 0;
  for (const v1::CpuTimes& times : statistics.cpus()) {
    map.push_back(times.online() ? 'y' : '-');
    if (times.online()) ++online;
  }
  return absl::StrFormat("%-15s %d\n%-15s %d\n%-15s %s\n", "CPUs present:", statistics.cpus_size(),
                         "CPUs online:", online, "CPU map:", as_list ? OnlineList(statistics) : map);
}

std::string CpuTimesText(const v1::CpuTimes& times) {
  return absl::StrCat(TimeLine("user:", times.user_nanoseconds()), TimeLine("system:", times.kernel_nanoseconds()),
                      TimeLine("idle:", times.idle_nanoseconds()), TimeLine("iowait:", times.wait_nanoseconds()));
}

std::string CpuUsageText(const v1::CpuTimes& before, const v1::CpuTimes& after) {
  const uint64_t user = Growth(before.user_nanoseconds(), after.user_nanoseconds());
  const uint64_t system = Growth(before.kernel_nanoseconds(), after.kernel_nanoseconds());
  const uint64_t idle = Growth(before.idle_nanoseconds(), after.idle_nanoseconds());
  const uint64_t wait = Growth(before.wait_nanoseconds(), after.wait_nanoseconds());
  const uint64_t total = user + system + idle + wait;
  const auto line = [total](const char* name, uint64_t part) {
    const double percent = total == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(total);
    return absl::StrFormat("%-15s %5.1f%%\n", name, percent);
  };
  return absl::StrCat(line("usage:", user + system), line("user:", user), line("system:", system), line("idle:", idle),
                      line("iowait:", wait));
}

std::string NodeMemoryText(const v1::NodeMemory& memory) {
  return absl::StrCat(SizeLine("total", memory.total_kib()), SizeLine("free", memory.free_kib()),
                      SizeLine("buffers", memory.buffers_kib()), SizeLine("cached", memory.cached_kib()));
}

std::string CellMemoryText(const v1::CellMemory& cell) {
  return absl::StrCat(SizeLine("total", cell.total_kib()), SizeLine("free", cell.free_kib()));
}

std::string FreePagesText(const v1::CellMemory& cell, uint64_t only_kib) {
  std::string text;
  const auto add = [&](uint64_t size_kib, uint64_t count) {
    if (only_kib == 0 || only_kib == size_kib) absl::StrAppend(&text, size_kib, "KiB: ", count, "\n");
  };
  if (cell.page_kib() != 0) add(cell.page_kib(), cell.free_kib() / cell.page_kib());
  for (const v1::HugePages& pages : cell.huge_pages()) add(pages.size_kib(), pages.free());
  return text;
}

std::string MemoryParametersText(const v1::NodeMemoryParameters& parameters) {
  return absl::StrCat("Shared memory:\n", ParameterLine("run", parameters.running() ? 1 : 0),
                      ParameterLine("pages_to_scan", parameters.pages_to_scan()),
                      ParameterLine("sleep_millisecs", parameters.sleep_milliseconds()),
                      ParameterLine("pages_shared", parameters.pages_shared()),
                      ParameterLine("pages_sharing", parameters.pages_sharing()),
                      ParameterLine("pages_unshared", parameters.pages_unshared()),
                      ParameterLine("pages_volatile", parameters.pages_volatile()),
                      ParameterLine("full_scans", parameters.full_scans()),
                      ParameterLine("merge_across_nodes", parameters.merge_across_nodes() ? 1 : 0));
}

std::string SysinfoXml(const v1::SystemInformation& information) {
  const auto& bios = information.bios();
  const auto& system = information.system();
  const auto& board = information.base_board();
  const auto& chassis = information.chassis();
  return absl::StrCat("<sysinfo type='smbios'>\n",
                      PartXml("bios", {{"vendor", &bios.manufacturer()},
                                       {"version", &bios.version()},
                                       {"date", &bios.date()},
                                       {"release", &bios.release()}}),
                      PartXml("system", {{"manufacturer", &system.manufacturer()},
                                         {"product", &system.product()},
                                         {"version", &system.version()},
                                         {"serial", &system.serial()},
                                         {"uuid", &system.uuid()},
                                         {"sku", &system.sku()},
                                         {"family", &system.family()}}),
                      PartXml("baseBoard", {{"manufacturer", &board.manufacturer()},
                                            {"product", &board.product()},
                                            {"version", &board.version()},
                                            {"serial", &board.serial()},
                                            {"asset", &board.asset()}}),
                      PartXml("chassis", {{"manufacturer", &chassis.manufacturer()},
                                          {"version", &chassis.version()},
                                          {"serial", &chassis.serial()},
                                          {"asset", &chassis.asset()},
                                          {"sku", &chassis.sku()}}),
                      "</sysinfo>\n");
}

}  // namespace reeve::cli
