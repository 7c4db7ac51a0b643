// Whether a file is there.
#pragma once

#include <unistd.h>

#include <string>

namespace reeve::util {

// Whether there is something of that name which this process can reach (access(2), F_OK).
inline bool Exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

}  // namespace reeve::util
