// Hears from the xenstore when a domain comes or goes, whoever did it.
#pragma once

#include <memory>

#include "absl/status/statusor.h"

namespace reeve::xen {

// A connection to the xenstore that watches @introduceDomain and @releaseDomain (docs/misc/xenstore.txt). Opens
// libxenstore when it is made, as LibxlLibrary does. Not thread-safe.
class XenstoreWatch {
 public:
  // FAILED_PRECONDITION without the library; UNAVAILABLE when the xenstore does not answer.
  static absl::StatusOr<std::unique_ptr<XenstoreWatch>> Open();
  virtual ~XenstoreWatch() = default;
  // Readable when something has happened.
  virtual int descriptor() const = 0;
  // Takes all that is there; whether there was any. Does not block. The first one says only that the watch is set.
  virtual bool Drain() = 0;
};

}  // namespace reeve::xen
