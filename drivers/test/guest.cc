#include "drivers/test/guest.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "drivers/test/timestamp.h"

namespace reeve::test_driver {

Guest::Guest(drivers::DomainKey key, const v1::DomainSpec& spec, int64_t id, bool paused, absl::Time now,
             ConsoleThread* console_thread)
    : key_(std::move(key)),
      spec_(spec),
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
  Set(&running_.paused, paused, now);
  return true;
}

bool Guest::SetAsleep(bool asleep, absl::Time now) {
  if (running_.asleep == asleep) return false;
  Set(&running_.asleep, asleep, now);
  return true;
}

void Guest::SetStill(bool still, absl::Time now) {
  Set(&still_, still, now);
}

void Guest::Set(bool* what, bool value, absl::Time now) {
  const absl::Duration ran = RunTime(now);
  const bool was_frozen = frozen();
  *what = value;
  if (frozen() == was_frozen) return;
  ran_before_ = ran;
  thawed_ = now;
  for (const auto& console : consoles_) console->SetPaused(frozen());
}

void Guest::Restart(absl::Time now) {
  running_.start_time = now;
  ran_before_ = absl::ZeroDuration();
  thawed_ = now;
  SetPaused(false, now);
  SetAsleep(false, now);
  PrintBanner();
}

void Guest::Close(const std::string& reason) {
  for (const auto& console : consoles_) console->Close(reason);
}

v1::DomainStatistics Guest::Sample(absl::Time now) const {
  v1::DomainStatistics statistics;
  SetTimestamp(now, statistics.mutable_time());
  statistics.set_cpu_time_ns(static_cast<uint64_t>(absl::ToInt64Nanoseconds(RunTime(now)) / 100));
  statistics.set_memory_limit_bytes(spec_.memory_kib() * 1024);
  const uint64_t used = spec_.memory_kib() == 0 ? uint64_t{16} << 20 : spec_.memory_kib() * 1024 / 4;
  statistics.set_memory_bytes(used);
  statistics.set_memory_peak_bytes(used);
  statistics.set_tasks(3);
  return statistics;
}

v1::ListVcpusResponse Guest::Vcpus(absl::Time now) const {
  v1::ListVcpusResponse response;
  const uint32_t count = std::max<uint32_t>(spec_.vcpus(), 1);
  const uint32_t current = spec_.cpu_placement().has_current() ? spec_.cpu_placement().current() : count;
  for (uint32_t id = 0; id < count; ++id) {
    v1::VcpuStatus& vcpu = *response.add_vcpus();
    vcpu.set_id(id);
    vcpu.set_online(id < current);
    vcpu.set_cpuset(spec_.cpu_placement().cpuset());
    if (vcpu.online()) vcpu.set_cpu_time_ns(Sample(now).cpu_time_ns() / std::max<uint32_t>(current, 1));
  }
  for (const v1::CpuPin& pin : spec_.cpu_tuning().vcpu_pins()) {
    if (pin.id() < count) response.mutable_vcpus(static_cast<int>(pin.id()))->set_cpuset(pin.cpuset());
  }
  return response;
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
  return frozen() ? ran_before_ : ran_before_ + std::max(absl::ZeroDuration(), now - thawed_);
}

}  // namespace reeve::test_driver
