// How a launch fails: at a step, with an errno, about an object.
#pragma once

#include <cerrno>
#include <string>
#include <utility>

#include "drivers/lxc/steps.h"

namespace reeve::lxc {

struct Failure {
  Step step = Step::kSetUp;
  int error = 0;       // errno; 0: `object` is a sentence that says all
  std::string object;  // path or name; may be empty
};

// Fills in `failure` from the present errno and is false, so that a step can be left with `return Fail(...)`.
inline bool Fail(Failure* failure, Step step, std::string object = {}) {
  *failure = Failure{step, errno, std::move(object)};
  return false;
}

inline bool FailWith(Failure* failure, Step step, int error, std::string object) {
  *failure = Failure{step, error, std::move(object)};
  return false;
}

}  // namespace reeve::lxc
