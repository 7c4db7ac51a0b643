#include "client/back_off.h"

#include <algorithm>
#include <memory>
#include <random>

namespace reeve::client {

BackOff::BackOff(const Limits& limits)
    : BackOff(limits, [generator = std::make_shared<std::minstd_rand>(std::random_device()())] {
        return std::uniform_real_distribution<double>(0, 1)(*generator);
      }) {}

absl::Duration BackOff::Next() {
  const absl::Duration pause = std::min(next_, limits_.longest);
  next_ = std::min(pause * 2, limits_.longest);
  return pause * (0.5 + random_() / 2);
}

}  // namespace reeve::client
