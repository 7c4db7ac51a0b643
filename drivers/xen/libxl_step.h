// One call of libxenlight, and what became of it.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "drivers/xen/libxl_log.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// Made before the call: remembers where the log was, to say what was logged of it.
class LibxlStep {
 public:
  // `call` is a literal, the name of the function; `domid` -1: of no domain.
  LibxlStep(const LibxlLog& log, absl::string_view call, int64_t domid)
      : log_(log), call_(call), domid_(domid), mark_(log.Mark()) {}

  // For a call that makes a domain: what other threads said of it is of this call.
  void OfDomain(int64_t domid) { domid_ = domid; }
  // The code of libxenlight as a status that names the call, what was said of it, and the code.
  absl::Status Result(int code) const;

 private:
  const LibxlLog& log_;
  const absl::string_view call_;
  int64_t domid_;
  const uint64_t mark_;
};

// A negative code of libxenlight as its users know it: "ERROR_FAIL".
absl::string_view ErrorName(int code);

}  // namespace reeve::xen
