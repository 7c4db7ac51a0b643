#include "drivers/test/guest.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "drivers/test/timestamp.h"

namespace reeve::test_driver {

Guest::Guest(drivers::DomainKey key, const v1::DomainSpec& spec, int64_t id, bool paused, absl::Time now,
             ConsoleThread* console_thread)
    : key_(std::move(key)),
      lifecycle_actions_(spec.lifecycle_actions()),
      memory_kib_(spec.memory_kib()),
      running_{.id = id, .start_time = now, .paused = paused},
      thawed_(now) {
  const int consoles = std::max(1, spec.devices().consoles_size());
  for (int i = 0; i < consoles; ++i) {
    consoles_.push_back(std::make_shared<EchoConsole>(console_thread));
    consoles_.back()->SetPaused(paused);
  }
  PrintBanner();
}

bool Guest::SetPaused(bool paused, absl::Time now) {
  if (running_.paused == paused) return false;
  if (paused) {
    ran_before_ = RunTime(now);
  } else {
    thawed_ = now;
  }
  running_.paused = paused;
  for (const auto& console : consoles_) console->SetPaused(paused);
  return true;
}

void Guest::Restart(absl::Time now) {
  running_.start_time = now;
  ran_before_ = absl::ZeroDuration();
  thawed_ = now;
  SetPaused(false, now);
  PrintBanner();
}

void Guest::Close(const std::string& reason) {
  for (const auto& console : consoles_) console->Close(reason);
}

v1::DomainStatistics Guest::Sample(absl::Time now) const {
  v1::DomainStatistics statistics;
  SetTimestamp(now, statistics.mutable_time());
  statistics.set_cpu_time_ns(static_cast<uint64_t>(absl::ToInt64Nanoseconds(RunTime(now)) / 100));
  statistics.set_memory_limit_bytes(memory_kib_ * 1024);
  const uint64_t used = memory_kib_ == 0 ? uint64_t{16} << 20 : memory_kib_ * 1024 / 4;
  statistics.set_memory_bytes(used);
  statistics.set_memory_peak_bytes(used);
  statistics.set_tasks(3);
  return statistics;
}

std::shared_ptr<EchoConsole> Guest::console(uint32_t index) const {
  return index < consoles_.size() ? consoles_[index] : nullptr;
}

void Guest::PrintBanner() {
  for (size_t i = 0; i < consoles_.size(); ++i) {
    consoles_[i]->Print(absl::StrCat("Reeve test guest ", key_.name, ", console ", i, "\r\n"));
  }
}

absl::Duration Guest::RunTime(absl::Time now) const {
  // The wall clock may have been set back meanwhile.
  return running_.paused ? ran_before_ : ran_before_ + std::max(absl::ZeroDuration(), now - thawed_);
}

}  // namespace reeve::test_driver
