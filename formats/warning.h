// What a reader of a document accepted without effect.
#pragma once

#include <string>

namespace reeve::formats {

// Line and column count from 1; columns count characters, not bytes.
struct Warning {
  int line = 0;
  int column = 0;
  std::string message;  // "attribute id of <domain> is of the running guest and is ignored"
};

}  // namespace reeve::formats
