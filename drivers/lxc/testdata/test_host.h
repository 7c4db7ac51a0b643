// A place where the tests of the LXC driver run real guests: a network namespace, a temporary directory, a root made of
// busybox, groups below a partition of their own. Needs root.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "cgroups/hierarchies.h"
#include "drivers/lxc/lxc_driver.h"

namespace reeve::lxc {

// Gathers what the driver tells. Thread-safe.
class RecordingObserver : public drivers::GuestObserver {
 public:
  void OnExit(const drivers::DomainKey& domain, const drivers::GuestExit& exit) override;
  void OnReboot(const drivers::DomainKey& domain, const drivers::RunningGuest& guest, bool requested) override;

  // Waits up to ten seconds; fails the test when nothing comes.
  std::pair<drivers::DomainKey, drivers::GuestExit> AwaitExit();
  std::pair<drivers::RunningGuest, bool> AwaitReboot();
  size_t exits() const;

 private:
  mutable absl::Mutex mutex_;
  std::deque<std::pair<drivers::DomainKey, drivers::GuestExit>> exits_;
  std::deque<std::pair<drivers::RunningGuest, bool>> reboots_;
};

// Gathers the output of a console. Thread-safe.
class ConsoleText {
 public:
  drivers::ConsoleReader Reader();
  // Waits up to ten seconds for the text; returns all output so far.
  std::string AwaitText(const std::string& text);
  std::string AwaitClosed();
  uint64_t lost() const;
  size_t size() const;

 private:
  struct Shared {
    mutable absl::Mutex mutex;
    std::string text;
    uint64_t lost = 0;
    bool closed = false;
    std::string reason;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

// What of the host a guest may not leave changed.
struct HostState {
  std::multiset<std::string> mounts;
  std::set<std::string> links;
  std::set<std::string> groups;
  std::set<std::string> supervisors;
  std::set<std::string> run_files;
  size_t descriptors = 0;

  bool operator==(const HostState&) const = default;
};
// One line for each thing that came or went, but for descriptors.
std::vector<std::string> Difference(const HostState& before, const HostState& after);

// Not thread-safe. One for each test; everything is gone after it.
class TestHost {
 public:
  TestHost();
  ~TestHost();

  // The driver, with the observer told of what is found. Made again by Restart, as a daemon would be.
  LxcDriver* driver() { return driver_.get(); }
  RecordingObserver* observer() { return observer_.get(); }
  std::vector<drivers::RecoveredDomain> Restart(const std::vector<drivers::KnownDomain>& known);
  // Destroys the driver only.
  void Drop() { driver_.reset(); }

  const std::string& directory() const { return directory_; }
  const std::string& root() const { return root_; }
  const std::string& run_directory() const { return run_directory_; }
  const std::string& partition() const { return partition_; }
  const cgroups::Hierarchies& hierarchies() const { return *hierarchies_; }

  // A guest whose init is guest_init with these arguments.
  v1::DomainSpec Spec(std::vector<std::string> arguments) const;
  // A guest whose init is a shell that does `script`.
  v1::DomainSpec Shell(const std::string& script) const;
  drivers::DomainKey Key(const std::string& name) const;
  // Starts the guest, gathers what it writes until it ends by itself, and returns that.
  std::string Output(const v1::DomainSpec& spec, drivers::GuestExit* exit = nullptr);

  // Waits until the supervisor has left word of the guest's end, which needs no driver.
  void AwaitExitRecord(const drivers::DomainKey& key) const;

  HostState State() const;
  // Waits until the state is `state`: a network namespace takes its interfaces along a moment after the guest's end.
  void AwaitState(const HostState& state) const;

 private:
  void MakeRoot();
  void MakeDriver();

  std::string directory_;
  std::string root_;
  std::string run_directory_;
  std::string partition_;
  std::shared_ptr<const cgroups::Hierarchies> hierarchies_;
  std::unique_ptr<RecordingObserver> observer_;
  std::unique_ptr<LxcDriver> driver_;
};

// Makes a bridge in the present network namespace.
void MakeBridge(const std::string& name);

// The content of a file; fails the test when it cannot be read.
std::string Contents(const std::string& path);
void WriteFile(const std::string& path, const std::string& content);

}  // namespace reeve::lxc
