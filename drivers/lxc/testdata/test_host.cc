#include "drivers/lxc/testdata/test_host.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "util/fd.h"

namespace reeve::lxc {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

// Beside the test's own binary, where Bazel puts what the test depends on.
std::string Beside(const std::string& name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

// Once for the process, before it has threads.
void EnterOwnNetwork() {
  static const bool done = [] {
    REQUIRE(unshare(CLONE_NEWNET) == 0);
    // Supervisors whose driver has been destroyed are reaped by us, not by whoever runs the tests.
    REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    return true;
  }();
  REQUIRE(done);
}

// Tests that run beside each other see each other's supervisors: each process has uids of its own.
std::string UidPrefix() {
  return absl::StrFormat("0b4c0000-0000-4000-%08x-", getpid());
}

template <typename Set>
void AddDifference(const char* title, const Set& before, const Set& after, std::vector<std::string>* lines) {
  for (const auto& element : after) {
    if (!before.contains(element)) lines->push_back(absl::StrCat("more ", title, ": ", element));
  }
  for (const auto& element : before) {
    if (!after.contains(element)) lines->push_back(absl::StrCat("no more ", title, ": ", element));
  }
}

}  // namespace

std::vector<std::string> Difference(const HostState& before, const HostState& after) {
  std::vector<std::string> lines;
  AddDifference("mounts", before.mounts, after.mounts, &lines);
  AddDifference("links", before.links, after.links, &lines);
  AddDifference("groups", before.groups, after.groups, &lines);
  AddDifference("supervisors", before.supervisors, after.supervisors, &lines);
  AddDifference("run files", before.run_files, after.run_files, &lines);
  return lines;
}

void RecordingObserver::OnExit(const drivers::DomainKey& domain, const drivers::GuestExit& exit) {
  absl::MutexLock lock(&mutex_);
  exits_.emplace_back(domain, exit);
}

void RecordingObserver::OnReboot(const drivers::DomainKey&, const drivers::RunningGuest& guest, bool requested) {
  absl::MutexLock lock(&mutex_);
  reboots_.emplace_back(guest, requested);
}

std::pair<drivers::DomainKey, drivers::GuestExit> RecordingObserver::AwaitExit() {
  absl::MutexLock lock(&mutex_);
  const auto there = [this] { return !exits_.empty(); };
  REQUIRE(mutex_.AwaitWithTimeout(absl::Condition(&there), kPatience));
  auto exit = exits_.front();
  exits_.pop_front();
  return exit;
}

std::pair<drivers::RunningGuest, bool> RecordingObserver::AwaitReboot() {
  absl::MutexLock lock(&mutex_);
  const auto there = [this] { return !reboots_.empty(); };
  REQUIRE(mutex_.AwaitWithTimeout(absl::Condition(&there), kPatience));
  auto reboot = reboots_.front();
  reboots_.pop_front();
  return reboot;
}

size_t RecordingObserver::exits() const {
  absl::MutexLock lock(&mutex_);
  return exits_.size();
}

drivers::ConsoleReader ConsoleText::Reader() {
  return {.on_output =
              [shared = shared_](absl::string_view bytes, uint64_t lost) {
                absl::MutexLock lock(&shared->mutex);
                shared->text.append(bytes.data(), bytes.size());
                shared->lost += lost;
              },
          .on_closed =
              [shared = shared_](const std::string& reason) {
                absl::MutexLock lock(&shared->mutex);
                shared->closed = true;
                shared->reason = reason;
              }};
}

std::string ConsoleText::AwaitText(const std::string& text) {
  absl::MutexLock lock(&shared_->mutex);
  const auto there = [this, &text] { return absl::StrContains(shared_->text, text); };
  const bool found = shared_->mutex.AwaitWithTimeout(absl::Condition(&there), kPatience);
  INFO(shared_->text);
  REQUIRE(found);
  return shared_->text;
}

std::string ConsoleText::AwaitClosed() {
  absl::MutexLock lock(&shared_->mutex);
  const auto there = [this] { return shared_->closed; };
  REQUIRE(shared_->mutex.AwaitWithTimeout(absl::Condition(&there), kPatience));
  return shared_->reason;
}

uint64_t ConsoleText::lost() const {
  absl::MutexLock lock(&shared_->mutex);
  return shared_->lost;
}

size_t ConsoleText::size() const {
  absl::MutexLock lock(&shared_->mutex);
  return shared_->text.size();
}

TestHost::TestHost() {
  EnterOwnNetwork();
  char pattern[] = "/tmp/reeve-lxc-test.XXXXXX";
  REQUIRE(mkdtemp(pattern) != nullptr);
  directory_ = pattern;
  REQUIRE(chmod(pattern, 0755) == 0);
  root_ = directory_ + "/root";
  run_directory_ = directory_ + "/run";
  partition_ = absl::StrCat("/reeve-lxc-test-", getpid());
  absl::StatusOr<cgroups::Hierarchies> hierarchies = cgroups::Hierarchies::Detect();
  REQUIRE(hierarchies.ok());
  hierarchies_ = std::make_shared<const cgroups::Hierarchies>(*std::move(hierarchies));
  MakeRoot();
  MakeDriver();
  REQUIRE(driver_->Recover({}, observer_.get()).empty());
}

TestHost::~TestHost() {
  // What a failed test has left.
  driver_.reset();
  MakeDriver();
  for (const drivers::RecoveredDomain& domain : driver_->Recover({}, observer_.get())) {
    if (domain.running) (void)driver_->Destroy(domain.key);
  }
  driver_.reset();
  for (size_t i = 0; i < hierarchies_->all().size(); ++i) {
    (void)hierarchies_->tree()->RemoveDirectory(static_cast<int>(i), partition_.substr(1));
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void TestHost::MakeRoot() {
  for (const char* name : {"", "/bin", "/sbin", "/proc", "/sys", "/dev", "/etc", "/tmp", "/mnt"}) {
    REQUIRE(mkdir((root_ + name).c_str(), 0755) == 0);
  }
  std::filesystem::copy_file("/bin/busybox", root_ + "/bin/busybox");
  std::filesystem::copy_file(Beside("guest_init"), root_ + "/sbin/init");
  for (const char* name : {"sh", "cat", "ls", "id", "echo", "ip", "mount", "stat", "sleep", "readlink", "hostname",
                           "touch", "env", "grep", "stty", "pwd", "mkdir", "wc", "head"}) {
    REQUIRE(symlink("busybox", (root_ + "/bin/" + name).c_str()) == 0);
  }
  WriteFile(root_ + "/etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:1001:1002::/:/bin/sh\n");
  WriteFile(root_ + "/etc/group", "root:x:0:\nweb:x:1002:\nlog:x:1003:\n");
}

void TestHost::MakeDriver() {
  observer_ = std::make_unique<RecordingObserver>();
  LxcDriverOptions options;
  options.id_ranges = {.users_file = directory_ + "/subuid", .groups_file = directory_ + "/subgid"};
  options.run_directory = run_directory_;
  options.supervisor_path = Beside("reeve-supervisor");
  options.cgroup_partition = partition_;
  options.hierarchies = hierarchies_;
  absl::StatusOr<std::unique_ptr<LxcDriver>> driver = LxcDriver::Create(std::move(options));
  REQUIRE(driver.ok());
  driver_ = *std::move(driver);
  const v1::Hypervisor description = driver_->Describe();
  INFO(description.unavailable_reason());
  REQUIRE(description.available());
}

std::vector<drivers::RecoveredDomain> TestHost::Restart(const std::vector<drivers::KnownDomain>& known) {
  driver_.reset();
  MakeDriver();
  return driver_->Recover(known, observer_.get());
}

v1::DomainSpec TestHost::Spec(std::vector<std::string> arguments) const {
  v1::DomainSpec spec;
  spec.mutable_os()->set_type("exe");
  for (std::string& argument : arguments) spec.mutable_os()->add_init_arguments(std::move(argument));
  v1::Filesystem* root = spec.mutable_devices()->add_filesystems();
  root->set_type(v1::Filesystem::TYPE_MOUNT);
  root->set_source(root_);
  root->set_target("/");
  return spec;
}

v1::DomainSpec TestHost::Shell(const std::string& script) const {
  v1::DomainSpec spec = Spec({"-c", script});
  spec.mutable_os()->set_init("/bin/sh");
  return spec;
}

drivers::DomainKey TestHost::Key(const std::string& name) const {
  return {.name = name, .uid = absl::StrCat(UidPrefix(), name), .run = 1};
}

std::string TestHost::Output(const v1::DomainSpec& spec, drivers::GuestExit* exit) {
  const drivers::DomainKey key = Key("output");
  // The guest waits for a line, so that nothing it writes can precede the console.
  absl::StatusOr<drivers::RunningGuest> guest = driver_->Start(key, spec, true);
  INFO(guest.status());
  REQUIRE(guest.ok());
  ConsoleText text;
  absl::StatusOr<std::unique_ptr<drivers::Console>> console = driver_->OpenConsole(key, {}, text.Reader());
  REQUIRE(console.ok());
  const absl::Status resumed = driver_->Resume(key);
  INFO(resumed);
  REQUIRE(resumed.ok());
  const auto ended = observer_->AwaitExit();
  if (exit != nullptr) *exit = ended.second;
  REQUIRE(text.AwaitClosed() == "the guest has ended");
  return text.AwaitText("");
}

void TestHost::AwaitExitRecord(const drivers::DomainKey& key) const {
  const std::string record = absl::StrCat(run_directory_, "/", key.uid, "/exit");
  const absl::Time deadline = absl::Now() + kPatience;
  while (!std::filesystem::exists(record) && absl::Now() < deadline) sched_yield();
  REQUIRE(std::filesystem::exists(record));
}

HostState TestHost::State() const {
  HostState state;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) state.mounts.insert(line);
  if (struct if_nameindex* links = if_nameindex()) {
    for (struct if_nameindex* link = links; link->if_index != 0; ++link) state.links.insert(link->if_name);
    if_freenameindex(links);
  }
  for (size_t i = 0; i < hierarchies_->all().size(); ++i) {
    std::vector<std::string> names;
    (void)hierarchies_->tree()->ListDirectories(static_cast<int>(i), partition_.substr(1), &names);
    for (const std::string& name : names)
      state.groups.insert(absl::StrCat(hierarchies_->all()[i].mount_point, ":", name));
  }
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(process.path() / "cmdline");
    std::string line;
    std::getline(file, line);
    if (absl::StartsWith(line, "reeve-supervisor") && absl::StrContains(line, UidPrefix()))
      state.supervisors.insert(line);
  }
  for (const auto& entry : std::filesystem::directory_iterator(run_directory_))
    state.run_files.insert(entry.path().string());
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++state.descriptors;
  return state;
}

void TestHost::AwaitState(const HostState& state) const {
  const absl::Time deadline = absl::Now() + kPatience;
  // The kernel tells of none of this in one place: looked at again and again, until a deadline that only a fault
  // reaches.
  while (State() != state && absl::Now() < deadline) sched_yield();
  const HostState now = State();
  CHECK(Difference(state, now) == std::vector<std::string>());
  CHECK(now.descriptors == state.descriptors);
}

void MakeBridge(const std::string& name) {
  const util::UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  REQUIRE((ioctl(socket.get(), SIOCBRADDBR, name.c_str()) == 0 || errno == EEXIST));
}

std::string Contents(const std::string& path) {
  std::ifstream file(path);
  INFO(path);
  REQUIRE(file.good());
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

void WriteFile(const std::string& path, const std::string& content) {
  std::ofstream file(path);
  file << content;
  file.close();
  REQUIRE(file.good());
}

}  // namespace reeve::lxc
