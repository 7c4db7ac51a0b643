#include "drivers/node/cpu_times.h"

#include <unistd.h>

#include <array>
#include <map>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "drivers/node/cpu_list.h"
#include "util/files.h"

namespace reeve::node {
namespace {

constexpr size_t kMaxStatBytes = 16 << 20;  // has a line for each CPU and a number for each interrupt

// The columns of a line of proc_stat(5); those behind are parts of these. Old kernels have fewer.
enum Column { kUser, kNice, kSystem, kIdle, kWait, kInterrupts, kSoftInterrupts, kStolen, kColumns };
constexpr size_t kLeastColumns = 4;

bool ParseColumns(absl::string_view text, std::array<uint64_t, kColumns>* columns) {
  const std::vector<absl::string_view> fields = absl::StrSplit(text, ' ', absl::SkipEmpty());
  if (fields.size() < kLeastColumns) return false;
  for (size_t i = 0; i < fields.size() && i < kColumns; ++i) {
    if (!absl::SimpleAtoi(fields[i], &(*columns)[i])) return false;
  }
  return true;
}

void FillIn(const std::array<uint64_t, kColumns>& columns, uint64_t ticks_per_second, v1::CpuTimes* times) {
  const uint64_t unit = 1'000'000'000 / ticks_per_second;
  times->set_online(true);
  times->set_user_nanoseconds((columns[kUser] + columns[kNice]) * unit);
  times->set_kernel_nanoseconds((columns[kSystem] + columns[kInterrupts] + columns[kSoftInterrupts]) * unit);
  times->set_idle_nanoseconds(columns[kIdle] * unit);
  times->set_wait_nanoseconds(columns[kWait] * unit);
  times->set_stolen_nanoseconds(columns[kStolen] * unit);
}

}  // namespace

absl::Status ReadCpuTimes(const Sources& sources, v1::NodeStatistics* statistics, uint64_t ticks_per_second) {
  if (ticks_per_second == 0) ticks_per_second = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  const std::string present_path = sources.sys + "/devices/system/cpu/present";
  const absl::StatusOr<std::string> present_text = util::ReadFile(present_path);
  if (!present_text.ok()) return present_text.status();
  const absl::StatusOr<std::vector<int>> present = ParseCpuList(*present_text);
  if (!present.ok()) return absl::InternalError(absl::StrCat(present_path, ": ", present.status().message()));
  const std::string path = sources.proc + "/stat";
  const absl::StatusOr<std::string> text = util::ReadFile(path, kMaxStatBytes);
  if (!text.ok()) return text.status();

  std::map<int, std::array<uint64_t, kColumns>> online;
  bool has_total = false;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    if (!absl::ConsumePrefix(&line, "cpu")) continue;
    const size_t blank = line.find(' ');
    const absl::string_view number = line.substr(0, blank);
    int cpu = 0;
    std::array<uint64_t, kColumns> columns{};
    if (blank == absl::string_view::npos || (!number.empty() && !absl::SimpleAtoi(number, &cpu)) ||
        !ParseColumns(line.substr(blank), &columns)) {
      return absl::InternalError(absl::StrCat(path, " has a line of a CPU without its times"));
    }
    if (!number.empty()) {
      online[cpu] = columns;
      continue;
    }
    has_total = true;
    FillIn(columns, ticks_per_second, statistics->mutable_total());
  }
  if (!has_total) return absl::InternalError(absl::StrCat(path, " has no line \"cpu\""));
  for (const int cpu : *present) {
    v1::CpuTimes& times = *statistics->add_cpus();
    times.set_cpu(static_cast<uint32_t>(cpu));
    if (const auto found = online.find(cpu); found != online.end()) FillIn(found->second, ticks_per_second, &times);
  }
  return absl::OkStatus();
}

}  // namespace reeve::node
