#include "drivers/worker.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <vector>

#include "absl/synchronization/notification.h"

namespace reeve::drivers {
namespace {

TEST_CASE("jobs are done in turn, and all before the end") {
  std::vector<int> done;  // by one thread at a time
  {
    Worker worker;
    for (int i = 0; i < 100; ++i) worker.Add([&done, i] { done.push_back(i); });
  }
  REQUIRE(done.size() == 100);
  CHECK(std::is_sorted(done.begin(), done.end()));
}

TEST_CASE("jobs that wait do not hold up the others, up to a bound") {
  absl::Notification release;
  std::atomic<int> waiting = 0;
  std::atomic<int> passed = 0;
  {
    Worker worker;
    for (int i = 0; i < 10; ++i) {
      worker.Add([&] {
        const Worker::Waits waits(&worker);
        ++waiting;
        release.WaitForNotification();
      });
    }
    absl::Notification other;
    worker.Add([&] {
      ++passed;
      other.Notify();
    });
    other.WaitForNotification();  // while the ten wait
    CHECK(waiting == 10);
    release.Notify();
  }
  CHECK(passed == 1);
}

}  // namespace
}  // namespace reeve::drivers
