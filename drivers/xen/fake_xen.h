// Xen in memory, for tests of the driver: what the lab cannot do, and what must fail on demand.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// The hypervisor, which outlives toolstacks as the real one does. Thread-safe.
class FakeXen {
 public:
  struct Domain {
    GuestFacts facts;
    std::string name;
    std::map<std::string, std::string> notes;
    // What was attached to it while it ran, by target, MAC address or place on the host.
    std::map<std::string, std::string> devices;
    Scheduling scheduling{.scheduler = "credit2", .weight = 256};
    std::map<uint32_t, std::set<uint32_t>> pins;
    std::set<PciFunction> functions;
    uint32_t usb_controllers = 0;
    bool watched = false;
    bool configured = true;
  };

  FakeXen() {
    domains_[0] = {.facts = {.domid = 0, .uuid = "00000000-0000-0000-0000-000000000000"}, .name = "Domain-0"};
  }

  // What another toolstack does.
  uint32_t CreateBehind(const std::string& name, const std::string& uuid, bool paused = false) {
    const uint32_t domid = Add(name, uuid, 65536, paused);
    Changed();
    return domid;
  }
  // The same, as it is while its toolstack still works on it: paused, and without a configuration.
  uint32_t BeginBehind(const std::string& name, const std::string& uuid) {
    const uint32_t domid = Add(name, uuid, 65536, true);
    {
      absl::MutexLock lock(&mutex_);
      domains_.at(domid).configured = false;
    }
    Changed();
    return domid;
  }
  void FinishBehind(uint32_t domid) {
    {
      absl::MutexLock lock(&mutex_);
      domains_.at(domid).configured = true;
    }
    PauseBehind(domid, false);
  }
  void DestroyBehind(uint32_t domid) { Remove(domid); }
  void PauseBehind(uint32_t domid, bool paused) {
    {
      absl::MutexLock lock(&mutex_);
      domains_.at(domid).facts.paused = paused;
    }
    Changed();
  }
  // What the guest does.
  void Stop(uint32_t domid, StopReason reason) {
    ToolstackObserver* observer = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      Domain& domain = domains_.at(domid);
      domain.facts.stopped = true;
      domain.facts.stop_reason = reason;
      if (domain.watched) observer = observer_;
    }
    if (observer != nullptr) observer->OnStopped(domid, reason);
  }

  // The same, before anything has told of it.
  void StopUnheard(uint32_t domid, StopReason reason) {
    absl::MutexLock lock(&mutex_);
    Domain& domain = domains_.at(domid);
    domain.facts.stopped = true;
    domain.facts.stop_reason = reason;
  }
  // What the driver's regular look does.
  void LookAgain() { Changed(); }

  // Does this in the middle of the next call of this name: a List has its answer by then, and has not given it.
  void During(const std::string& call, std::function<void()> action) {
    absl::MutexLock lock(&mutex_);
    interruptions_[call] = std::move(action);
  }
  // What the host has free, and what Domain-0 gives of what it is asked for at a time; guests take what they have.
  void SetHostMemory(uint64_t free_kib, uint64_t given_kib, const std::string& command_line) {
    absl::MutexLock lock(&mutex_);
    free_kib_ = free_kib;
    given_kib_ = given_kib;
    command_line_ = command_line;
  }
  // What is taken from the host's drivers for guests.
  std::set<PciFunction> assignable() const {
    absl::MutexLock lock(&mutex_);
    return assignable_;
  }
  void SetAssignable(std::set<PciFunction> functions) {
    absl::MutexLock lock(&mutex_);
    assignable_ = std::move(functions);
  }
  void SetIommu(bool iommu) {
    absl::MutexLock lock(&mutex_);
    iommu_ = iommu;
  }
  // Another toolstack gives a function to a guest.
  void GiveBehind(uint32_t domid, const PciFunction& function) {
    absl::MutexLock lock(&mutex_);
    domains_.at(domid).functions.insert(function);
  }
  // The next call of this name fails with this status.
  void Fail(const std::string& call, absl::Status status) {
    absl::MutexLock lock(&mutex_);
    failures_[call] = std::move(status);
  }
  Domain domain(uint32_t domid) const {
    absl::MutexLock lock(&mutex_);
    return domains_.at(domid);
  }
  std::vector<std::string> calls() const {
    absl::MutexLock lock(&mutex_);
    return calls_;
  }
  std::vector<uint32_t> domids() const {
    absl::MutexLock lock(&mutex_);
    std::vector<uint32_t> ids;
    for (const auto& [domid, domain] : domains_) ids.push_back(domid);
    return ids;
  }

 private:
  friend class FakeToolstack;

  uint32_t Add(const std::string& name, const std::string& uuid, uint64_t memory_kib, bool paused) {
    absl::MutexLock lock(&mutex_);
    const uint32_t domid = next_++;
    domains_[domid] = {.facts = {.domid = domid,
                                 .uuid = uuid,
                                 .paused = paused,
                                 .memory_kib = memory_kib,
                                 .maximum_memory_kib = memory_kib,
                                 .vcpus_online = 1},
                       .name = name};
    return domid;
  }
  void Remove(uint32_t domid) {
    ToolstackObserver* observer = nullptr;
    bool watched = false;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = domains_.find(domid);
      if (found == domains_.end()) return;
      watched = found->second.watched;
      domains_.erase(found);
      observer = observer_;
    }
    if (observer != nullptr && watched) observer->OnGone(domid);
    Changed();
  }
  void Changed() {
    ToolstackObserver* observer = nullptr;
    {
      absl::MutexLock lock(&mutex_);
      observer = observer_;
    }
    if (observer != nullptr) observer->OnDomainsChanged();
  }
  void Interrupt(const std::string& call) {
    std::function<void()> action;
    {
      absl::MutexLock lock(&mutex_);
      const auto found = interruptions_.find(call);
      if (found == interruptions_.end()) return;
      action = std::move(found->second);
      interruptions_.erase(found);
    }
    action();
  }
  absl::Status Take(const std::string& call) {
    if (call != "List") Interrupt(call);
    absl::MutexLock lock(&mutex_);
    calls_.push_back(call);
    const auto found = failures_.find(call);
    if (found == failures_.end()) return absl::OkStatus();
    absl::Status status = std::move(found->second);
    failures_.erase(found);
    return status;
  }

  mutable absl::Mutex mutex_;
  uint64_t free_kib_ ABSL_GUARDED_BY(mutex_) = 2 << 20;
  uint64_t given_kib_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string command_line_ ABSL_GUARDED_BY(mutex_);
  ToolstackObserver* observer_ ABSL_GUARDED_BY(mutex_) = nullptr;
  uint32_t next_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<uint32_t, Domain> domains_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::Status> failures_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::function<void()>> interruptions_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mutex_);
  std::set<PciFunction> assignable_ ABSL_GUARDED_BY(mutex_);
  bool iommu_ ABSL_GUARDED_BY(mutex_) = true;
};

}  // namespace reeve::xen
