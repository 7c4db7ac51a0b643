// One running test guest.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "drivers/driver.h"
#include "drivers/test/echo_console.h"
#include "reeve/v1/domain.pb.h"
#include "reeve/v1/domain_spec.pb.h"
#include "reeve/v1/tuning_service.pb.h"

namespace reeve::test_driver {

// Not thread-safe, but for its consoles.
class Guest {
 public:
  // Starts at `now` and prints its banner.
  Guest(drivers::DomainKey key, const v1::DomainSpec& spec, int64_t id, bool paused, absl::Time now,
        ConsoleThread* console_thread);

  const drivers::DomainKey& key() const { return key_; }
  const v1::LifecycleActions& lifecycle_actions() const { return spec_.lifecycle_actions(); }
  const drivers::RunningGuest& running() const { return running_; }

  // False when it is so already.
  bool SetPaused(bool paused, absl::Time now);
  bool SetAsleep(bool asleep, absl::Time now);
  // While its memory is copied.
  void SetStill(bool still, absl::Time now);
  bool still() const { return still_; }
  // How long it has run, but for the times when it did not.
  absl::Duration RunTime(absl::Time now) const;
  void SetRunTime(absl::Duration ran) { ran_before_ = ran; }
  // With which it runs from now on.
  void SetSpec(const v1::DomainSpec& spec) { spec_ = spec; }
  // Those that are online share its CPU time.
  v1::ListVcpusResponse Vcpus(absl::Time now) const;
  // Counters and the banner start again; the id stays.
  void Restart(absl::Time now);
  // Its consoles hear `reason`.
  void Close(const std::string& reason);
  // It uses a hundredth of a CPU while it runs, and a quarter of its memory.
  v1::DomainStatistics Sample(absl::Time now) const;
  // Null when there is no such console.
  std::shared_ptr<EchoConsole> console(uint32_t index) const;
  size_t consoles() const { return consoles_.size(); }

 private:
  void PrintBanner();
  bool frozen() const { return running_.paused || running_.asleep || still_; }
  // Changes one of what freezes it.
  void Set(bool* what, bool value, absl::Time now);

  const drivers::DomainKey key_;
  v1::DomainSpec spec_;
  drivers::RunningGuest running_;
  bool still_ = false;
  absl::Duration ran_before_;  // up to when it was frozen last
  absl::Time thawed_;          // since when it runs, when it is not frozen
  std::vector<std::shared_ptr<EchoConsole>> consoles_;
};

}  // namespace reeve::test_driver
