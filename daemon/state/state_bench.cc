// Figures of the state: rate of definitions, size and speed of lists, memory per domain, latency of events.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>

#include "daemon/state/fixture.h"

namespace reeve::state {
namespace {

using SteadyClock = std::chrono::steady_clock;

double Milliseconds(SteadyClock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

double Median(std::vector<double> values, double quantile = 0.5) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(quantile * static_cast<double>(values.size() - 1))];
}

int64_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t size = 0;
  int64_t resident = 0;
  statm >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

int Run() {
  constexpr int kDomains = 5000;
  Fixture fixture;
  ManagerImpl& manager = fixture.Open();
  (void)fixture.Create("warm");
  const int64_t before = ResidentBytes();
  const auto begin = SteadyClock::now();
  for (int i = 0; i < kDomains; ++i) {
    v1::CreateDomainRequest request = Fixture::CreateRequest("domain-" + std::to_string(i));
    v1::DomainSpec& spec = *request.mutable_domain()->mutable_spec();
    spec.mutable_os()->set_type("exe");
    spec.mutable_os()->set_init("/sbin/init");
    v1::Filesystem& root = *spec.mutable_devices()->add_filesystems();
    root.set_source("/srv/containers/domain-" + std::to_string(i));
    root.set_target("/");
    spec.mutable_devices()->add_consoles()->set_type("pty");
    v1::Interface& interface = *spec.mutable_devices()->add_interfaces();
    interface.set_source("br0");
    interface.set_mac_address("52:54:00:12:34:56");
    if (!fixture.Call<v1::Domain>(&ManagerImpl::CreateDomain, request).ok()) return 1;
  }
  const double define = Milliseconds(SteadyClock::now() - begin);
  std::printf("definitions, one after the other      %8.0f /s\n", kDomains / define * 1000);
  std::printf("memory per domain (RSS)               %8.0f bytes\n",
              static_cast<double>(ResidentBytes() - before) / kDomains);

  v1::ListDomainsRequest request;
  request.set_parent("hypervisors/-");
  std::vector<double> lists;
  size_t bytes = 0;
  for (int i = 0; i < 200; ++i) {
    const auto start = SteadyClock::now();
    bytes = manager.ListDomains(Caller(), request)->size();
    lists.push_back(Milliseconds(SteadyClock::now() - start));
  }
  std::printf("list of 5000, BASIC, %zu bytes      %8.3f ms p50, %.3f ms p99\n", bytes, Median(lists),
              Median(lists, 0.99));

  const auto watch = [&](int watchers, const char* label) {
    std::mutex mutex;
    std::condition_variable changed;
    int ready = 0;
    std::vector<std::unique_ptr<Subscription>> subscriptions;
    v1::WatchRequest from_now;
    from_now.set_start_revision(manager.Summary().revision + 1);
    for (int i = 0; i < watchers; ++i) {
      subscriptions.push_back(*manager.Watch(Caller(), from_now, [&] {
        const std::lock_guard<std::mutex> lock(mutex);
        if (++ready == watchers) changed.notify_all();
      }));
      (void)subscriptions.back()->Next();
    }
    std::vector<double> whole;
    std::vector<double> from_commit;
    for (int i = 0; i < 100; ++i) {
      const auto start = SteadyClock::now();
      (void)fixture.SetAutostart("warm", i % 2 == 0);
      const auto committed = SteadyClock::now();
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait(lock, [&] { return ready == watchers; });
      ready = 0;
      lock.unlock();
      for (auto& subscription : subscriptions) {
        while (*subscription->Next() != nullptr) {
        }
      }
      const auto end = SteadyClock::now();
      whole.push_back(Milliseconds(end - start));
      from_commit.push_back(Milliseconds(end - committed));
    }
    std::printf("%s: answer of the call to last Next %8.3f ms p50, %.3f ms p99; call to last Next %.3f ms p50\n", label,
                Median(from_commit), Median(from_commit, 0.99), Median(whole));
  };
  watch(1, "1 watcher    ");
  watch(1000, "1000 watchers");
  return 0;
}

}  // namespace
}  // namespace reeve::state

int main() {
  return reeve::state::Run();
}
