// How long a start and a destroy take, driven at the driver itself: lxc_driver_benchmark ROOT ROUNDS [net|veth BRIDGE]
// [ids] ROOT has guest_init as /sbin/init. Prints medians and p99 in milliseconds: call to first instruction, call to
// return, destroy.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cgroups/hierarchies.h"
#include "drivers/lxc/lxc_driver.h"

namespace reeve::lxc {
namespace {

class Silent : public drivers::GuestObserver {
 public:
  void OnExit(const drivers::DomainKey&, const drivers::GuestExit& exit) override {
    std::fprintf(stderr, "a guest ended: %s\n", exit.message.c_str());
  }
  void OnReboot(const drivers::DomainKey&, const drivers::RunningGuest&, bool) override {}
};

int64_t Monotonic() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1000000000} + now.tv_nsec;
}

void Print(const char* what, std::vector<int64_t> times) {
  std::sort(times.begin(), times.end());
  std::printf("%-28s median %7.2f ms  p99 %7.2f ms\n", what, static_cast<double>(times[times.size() / 2]) / 1e6,
              static_cast<double>(times[times.size() * 99 / 100]) / 1e6);
}

int Run(int count, char** arguments) {
  if (count < 3) return 2;
  const std::string root = arguments[1];
  const int rounds = std::atoi(arguments[2]);
  v1::DomainSpec spec;
  auto* filesystem = spec.mutable_devices()->add_filesystems();
  filesystem->set_source(root);
  filesystem->set_target("/");
  spec.mutable_os()->add_init_arguments("ready");
  spec.mutable_os()->add_init_arguments("/ready");
  spec.set_memory_kib(256 * 1024);
  spec.mutable_lxc()->set_id_map_mode(v1::LxcOptions::ID_MAP_MODE_HOST);
  for (int i = 3; i < count; ++i) {
    if (std::strcmp(arguments[i], "host") == 0) spec.set_network_mode(v1::NETWORK_MODE_HOST);
    if (std::strcmp(arguments[i], "veth") == 0 && i + 1 < count) {
      auto* interface = spec.mutable_devices()->add_interfaces();
      interface->set_type(v1::Interface::TYPE_BRIDGE);
      interface->set_source(arguments[++i]);
    }
    if (std::strcmp(arguments[i], "ids") == 0) {
      spec.clear_lxc();
      for (auto* ranges : {spec.mutable_id_map()->mutable_users(), spec.mutable_id_map()->mutable_groups()}) {
        auto* range = ranges->Add();
        range->set_target(300000);
        range->set_count(65536);
      }
    }
  }
  const std::string fifo = root + "/ready";
  (void)mkfifo(fifo.c_str(), 0666);
  (void)chmod(fifo.c_str(), 0666);
  const int ready = open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  auto hierarchies = cgroups::Hierarchies::Detect();
  if (ready < 0 || !hierarchies.ok()) return 1;
  LxcDriverOptions options;
  options.run_directory = absl::StrCat("/dev/shm/reeve-lxc-benchmark-", getpid());
  options.supervisor_path =
      (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "reeve-supervisor").string();
  options.cgroup_partition = absl::StrCat("/reeve-benchmark-", getpid());
  options.hierarchies = std::make_shared<const cgroups::Hierarchies>(*hierarchies);
  const std::string run_directory = options.run_directory;
  const std::string partition = options.cgroup_partition;
  auto driver = LxcDriver::Create(std::move(options));
  if (!driver.ok()) return 1;
  Silent observer;
  (void)(*driver)->Recover({}, &observer);
  std::vector<int64_t> first;
  std::vector<int64_t> start;
  std::vector<int64_t> destroy;
  const drivers::DomainKey key = {.name = "bench", .uid = "00000000-0000-4000-8000-000000000001", .run = 1};
  for (int i = 0; i < rounds; ++i) {
    const int64_t begin = Monotonic();
    const auto guest = (*driver)->Start(key, spec, false);
    const int64_t returned = Monotonic();
    if (!guest.ok()) {
      std::fprintf(stderr, "%s\n", guest.status().ToString().c_str());
      return 1;
    }
    pollfd poller = {ready, POLLIN, 0};
    (void)poll(&poller, 1, 5000);
    char text[64] = {};
    (void)!read(ready, text, sizeof text - 1);
    first.push_back(std::strtoll(text, nullptr, 10) - begin);
    start.push_back(returned - begin);
    const int64_t before = Monotonic();
    const auto exit = (*driver)->Destroy(key);
    destroy.push_back(Monotonic() - before);
    if (!exit.ok()) std::fprintf(stderr, "%s\n", exit.status().ToString().c_str());
  }
  driver->reset();
  for (size_t i = 0; i < hierarchies->all().size(); ++i) {
    (void)hierarchies->tree()->RemoveDirectory(static_cast<int>(i), partition.substr(1));
  }
  (void)rmdir(run_directory.c_str());
  Print("call to first instruction", first);
  Print("call to return", start);
  Print("destroy", destroy);
  return 0;
}

}  // namespace
}  // namespace reeve::lxc

int main(int count, char** arguments) {
  return reeve::lxc::Run(count, arguments);
}
