#include "drivers/lxc/sampler.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "drivers/lxc/statistics.h"

namespace reeve::lxc {
namespace {

// So that threads that share the work end together.
constexpr size_t kBatch = 16;
constexpr size_t kMostThreads = 4;

// What a guest takes: its supervisor's pidfd and connection, its own pidfd, its directory; and one to spare.
constexpr size_t kDescriptorsOfGuest = 5;

// Of the descriptors that we may have, how many statistics may use: a tenth is for clients and what else there is.
size_t MostKeptFiles(size_t guests) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  const size_t all = limit.rlim_cur;
  const size_t others = all / 10 + kDescriptorsOfGuest * guests;
  return all > others ? all - others : 0;
}

}  // namespace

Sampler::Sampler(const cgroups::Hierarchies& hierarchies)
    : files_(std::make_shared<cgroups::KeptFiles>(hierarchies.shared_tree(), MostKeptFiles(0))),
      hierarchies_(hierarchies.Over(files_)) {}

void Sampler::MakeRoom(size_t guests) {
  files_->Allow(MostKeptFiles(guests));
}

Sampler::Samples Sampler::Sample(const std::vector<ContainerTable::Found>& containers,
                                 drivers::StatisticsParts parts) const {
  Samples samples(containers.size(), absl::UnknownError("not sampled"));
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    std::optional<Sweep> sweep;
    for (size_t begin = next.fetch_add(kBatch); begin < containers.size(); begin = next.fetch_add(kBatch)) {
      if (!sweep) sweep.emplace(hierarchies_, parts);
      for (size_t i = begin; i < std::min(begin + kBatch, containers.size()); ++i) {
        samples[i] = containers[i].ok() ? (*containers[i])->Sample(&*sweep) : containers[i].status();
      }
    }
  };
  std::vector<std::thread> threads;
  const size_t wanted =
      std::min<size_t>({std::thread::hardware_concurrency(), kMostThreads, containers.size() / (4 * kBatch) + 1});
  for (size_t i = 1; i < wanted; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return samples;
}

}  // namespace reeve::lxc
