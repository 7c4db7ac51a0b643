// Hook scripts, at the points of libvirt (https://libvirt.org/hooks.html).
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace reeve::lxc {

// Thread-safe. The scripts are DIRECTORY/lxc and then, in the order of their names, those of DIRECTORY/lxc.d; they are
// looked up anew each time. Each gets the arguments DOMAIN POINT begin|end -, the domain's XML as its standard input, an
// environment of ours alone, no other descriptor and no shell; it runs in a session of its own, which is killed when the
// time is over.
class Hooks {
 public:
  enum class Point { kPrepare, kStart, kStarted, kStopped, kRelease, kReconnect };

  Hooks(std::string directory, absl::Duration timeout) : directory_(std::move(directory)), timeout_(timeout) {}

  // Whether there is any script now.
  bool Any() const;

  // Runs the scripts of a point one after the other, up to the first that fails. `xml` is asked for only when there is one.
  // What they write goes to the log, up to 16 KiB. FAILED_PRECONDITION tells how one ended that did not exit with 0,
  // DEADLINE_EXCEEDED that its time was over, PERMISSION_DENIED that others than its owner, root or the daemon's user,
  // may write it; nothing is executed then.
  absl::Status Run(Point point, const std::string& domain, const std::function<std::string()>& xml) const;

 private:
  const std::string directory_;
  const absl::Duration timeout_;
};

}  // namespace reeve::lxc
