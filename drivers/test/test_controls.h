// How tests and people who write clients make the test driver misbehave.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reeve/v1/test_service.pb.h"

namespace reeve::test_driver {

// Implemented by TestDriver. Thread-safe; nothing here ever waits. `domain` is the domain's name: "web1", the last part
// of the resource name.
class TestControls {
 public:
  virtual ~TestControls() = default;

  // Makes every changing call for `domain` hang from now on (true), or lets go on what hangs and what comes (false).
  // The domain need not be there yet. Returns the number of calls that hang now. REQUEST_INVALID when 10000 names are
  // wedged.
  virtual absl::StatusOr<uint32_t> SetWedge(const std::string& domain, bool wedged) = 0;
  // Lets go on all that hangs; later calls don't hang. For the end of the daemon.
  virtual void ReleaseAll() = 0;

  // Makes a running guest end, or restart, as if it had done so by itself. The specification's lifecycle actions decide
  // what follows. DOMAIN_STATE when it does not run; REQUEST_INVALID for an unknown `how`.
  virtual absl::Status EndGuest(const std::string& domain, v1::EndGuestRequest::How how) = 0;
};

}  // namespace reeve::test_driver
