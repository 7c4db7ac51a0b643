// Which domains' calls hang, and the calls that do.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reeve::test_driver {

// Thread-safe. Nobody may wait here when it is destroyed: call ReleaseAll first.
class Wedges {
 public:
  static constexpr size_t kMaxNames = 10'000;

  // As TestControls::SetWedge.
  absl::StatusOr<uint32_t> Set(const std::string& domain, bool wedged);
  // Ends all wedges, for good.
  void ReleaseAll();

  // Returns at once if `domain` is not wedged, else when it no longer is.
  void Wait(const std::string& domain);
  // The same, but returns false as soon as `cancelled` says so; it is asked every 5 ms.
  bool WaitUnless(const std::string& domain, const std::function<bool()>& cancelled);

 private:
  // One setting of a wedge. A call that hangs keeps the one it met, so that it goes on when that one is released, also
  // if the domain is wedged again at once.
  struct Wedge {
    uint32_t waiting = 0;
    bool released = false;
  };

  std::mutex mutex_;
  std::condition_variable changed_;
  bool disabled_ = false;
  std::map<std::string, std::shared_ptr<Wedge>> wedges_;
};

}  // namespace reeve::test_driver
