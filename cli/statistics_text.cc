#include "cli/statistics_text.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/domains.h"
#include "cli/text.h"

namespace reeve::cli {
namespace {

constexpr uint64_t kNanoseconds = 1000000000;

void AddSeconds(std::string* text, const char* name, uint64_t nanoseconds) {
  absl::StrAppendFormat(text, "\t%-12s %9d.%09d seconds\n", name, nanoseconds / kNanoseconds,
                        nanoseconds % kNanoseconds);
}

class Lines {
 public:
  template <typename Value>
  void Add(absl::string_view key, const Value& value) {
    absl::StrAppend(&text_, "  ", key, "=", value, "\n");
  }
  // What is 0 where the kernel does not say.
  void AddKnown(absl::string_view key, uint64_t value) {
    if (value != 0) Add(key, value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void AddCpu(const v1::DomainStatistics& statistics, Lines* lines) {
  if (statistics.cpu_time_ns() == 0 && !statistics.has_cpu()) return;
  lines->Add("cpu.time", statistics.cpu_time_ns());
  if (!statistics.has_cpu()) return;
  lines->Add("cpu.user", statistics.cpu().user_ns());
  lines->Add("cpu.system", statistics.cpu().system_ns());
  lines->AddKnown("cpu.throttled.periods", statistics.cpu().throttled_periods());
  lines->AddKnown("cpu.throttled.time", statistics.cpu().throttled_ns());
}

void AddMemory(const v1::DomainStatistics& statistics, Lines* lines) {
  if (statistics.memory_bytes() == 0) return;
  lines->Add("memory.current", statistics.memory_bytes());
  lines->AddKnown("memory.peak", statistics.memory_peak_bytes());
  lines->AddKnown("memory.limit", statistics.memory_limit_bytes());
  lines->Add("memory.oom_kills", statistics.out_of_memory_kills());
  lines->AddKnown("balloon.current", statistics.memory_limit_bytes() / 1024);
  if (!statistics.has_memory()) return;
  const v1::MemoryStatistics& memory = statistics.memory();
  lines->Add("balloon.rss", statistics.memory_bytes() / 1024);
  lines->Add("memory.anonymous", memory.anonymous_bytes());
  lines->Add("memory.file", memory.file_bytes());
  lines->AddKnown("memory.kernel", memory.kernel_bytes());
  lines->AddKnown("memory.swap", memory.swap_bytes());
  lines->AddKnown("memory.page_faults", memory.page_faults());
  lines->AddKnown("memory.major_page_faults", memory.major_page_faults());
}

void AddBlocks(const v1::DomainStatistics& statistics, Lines* lines) {
  if (statistics.blocks().empty()) return;
  lines->Add("block.count", statistics.blocks_size());
  for (int i = 0; i < statistics.blocks_size(); ++i) {
    const v1::BlockStatistics& block = statistics.blocks(i);
    const std::string prefix = absl::StrCat("block.", i, ".");
    lines->Add(absl::StrCat(prefix, "name"), Escape(block.target().empty() ? block.device() : block.target()));
    lines->Add(absl::StrCat(prefix, "rd.reqs"), block.read_requests());
    lines->Add(absl::StrCat(prefix, "rd.bytes"), block.read_bytes());
    lines->Add(absl::StrCat(prefix, "wr.reqs"), block.write_requests());
    lines->Add(absl::StrCat(prefix, "wr.bytes"), block.write_bytes());
  }
}

void AddInterfaces(const v1::DomainStatistics& statistics, Lines* lines) {
  if (statistics.interfaces().empty()) return;
  lines->Add("net.count", statistics.interfaces_size());
  for (int i = 0; i < statistics.interfaces_size(); ++i) {
    const v1::InterfaceStatistics& interface = statistics.interfaces(i);
    const std::string prefix = absl::StrCat("net.", i, ".");
    lines->Add(absl::StrCat(prefix, "name"), Escape(interface.name()));
    lines->Add(absl::StrCat(prefix, "rx.bytes"), interface.receive_bytes());
    lines->Add(absl::StrCat(prefix, "rx.pkts"), interface.receive_packets());
    lines->Add(absl::StrCat(prefix, "rx.errs"), interface.receive_errors());
    lines->Add(absl::StrCat(prefix, "rx.drop"), interface.receive_drops());
    lines->Add(absl::StrCat(prefix, "tx.bytes"), interface.send_bytes());
    lines->Add(absl::StrCat(prefix, "tx.pkts"), interface.send_packets());
    lines->Add(absl::StrCat(prefix, "tx.errs"), interface.send_errors());
    lines->Add(absl::StrCat(prefix, "tx.drop"), interface.send_drops());
  }
}

void AddPressure(const v1::PressureStatistics& pressure, Lines* lines) {
  lines->Add("pressure.cpu.some", pressure.cpu_some_us());
  lines->Add("pressure.memory.some", pressure.memory_some_us());
  lines->Add("pressure.memory.full", pressure.memory_full_us());
  lines->Add("pressure.io.some", pressure.io_some_us());
  lines->Add("pressure.io.full", pressure.io_full_us());
}

}  // namespace

std::string DomainStatisticsText(const v1::Domain& domain) {
  Lines lines;
  lines.Add("state.state", static_cast<int>(domain.status().state()));
  lines.Add("state.reason", ReasonWords(domain.status().reason()));
  if (domain.has_statistics()) {
    const v1::DomainStatistics& statistics = domain.statistics();
    AddCpu(statistics, &lines);
    AddMemory(statistics, &lines);
    if (statistics.tasks() != 0) lines.Add("tasks.current", statistics.tasks());
    lines.AddKnown("tasks.limit", statistics.tasks_limit());
    AddBlocks(statistics, &lines);
    AddInterfaces(statistics, &lines);
    if (statistics.has_pressure()) AddPressure(statistics.pressure(), &lines);
  }
  return absl::StrCat("Domain: '", Escape(LastPart(domain.name())), "'\n", lines.text());
}

std::string CpuStatisticsText(const v1::DomainStatistics& statistics, bool total_only, int start, int count) {
  std::string text;
  const int cpus = statistics.cpu().by_cpu_ns_size();
  const int end = count < 0 ? cpus : std::min(cpus, start + count);
  for (int i = start; i < end && !total_only; ++i) {
    absl::StrAppend(&text, "CPU", i, ":\n");
    AddSeconds(&text, "cpu_time", statistics.cpu().by_cpu_ns(i));
  }
  if (!total_only && (start != 0 || count >= 0)) return text;
  absl::StrAppend(&text, "Total:\n");
  AddSeconds(&text, "cpu_time", statistics.cpu_time_ns());
  AddSeconds(&text, "user_time", statistics.cpu().user_ns());
  AddSeconds(&text, "system_time", statistics.cpu().system_ns());
  return text;
}

std::string MemoryStatisticsText(const v1::DomainStatistics& statistics) {
  std::string text;
  if (statistics.memory_limit_bytes() != 0) {
    absl::StrAppend(&text, "actual ", statistics.memory_limit_bytes() / 1024, "\n");
  }
  absl::StrAppend(&text, "swap_in ", statistics.memory().swap_bytes() / 1024, "\n");
  absl::StrAppend(&text, "rss ", statistics.memory_bytes() / 1024, "\n");
  absl::StrAppend(&text, "major_fault ", statistics.memory().major_page_faults(), "\n");
  absl::StrAppend(&text, "minor_fault ",
                  statistics.memory().page_faults() - statistics.memory().major_page_faults(), "\n");
  absl::StrAppend(&text, "disk_caches ", statistics.memory().file_bytes() / 1024, "\n");
  return text;
}

std::string BlockStatisticsText(const v1::DomainStatistics& statistics, const std::string& device) {
  v1::BlockStatistics sum;
  bool found = device.empty();
  for (const v1::BlockStatistics& block : statistics.blocks()) {
    if (!device.empty() && block.device() != device && block.target() != device) continue;
    found = true;
    sum.set_read_requests(sum.read_requests() + block.read_requests());
    sum.set_read_bytes(sum.read_bytes() + block.read_bytes());
    sum.set_write_requests(sum.write_requests() + block.write_requests());
    sum.set_write_bytes(sum.write_bytes() + block.write_bytes());
  }
  if (!found) return "";
  const std::string name = Escape(device);
  return absl::StrCat(name, " rd_req ", sum.read_requests(), "\n", name, " rd_bytes ", sum.read_bytes(), "\n", name,
                      " wr_req ", sum.write_requests(), "\n", name, " wr_bytes ", sum.write_bytes(), "\n");
}

std::string InterfaceStatisticsText(const v1::DomainStatistics& statistics, const std::string& interface) {
  for (const v1::InterfaceStatistics& one : statistics.interfaces()) {
    if (one.name() != interface && one.mac_address() != absl::AsciiStrToLower(interface)) continue;
    const std::string name = Escape(interface);
    std::string text;
    const auto add = [&](const char* key, uint64_t value) { absl::StrAppend(&text, name, " ", key, " ", value, "\n"); };
    add("rx_bytes", one.receive_bytes());
    add("rx_packets", one.receive_packets());
    add("rx_errs", one.receive_errors());
    add("rx_drop", one.receive_drops());
    add("tx_bytes", one.send_bytes());
    add("tx_packets", one.send_packets());
    add("tx_errs", one.send_errors());
    add("tx_drop", one.send_drops());
    return text;
  }
  return "";
}

}  // namespace reeve::cli
