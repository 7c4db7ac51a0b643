#include "cli/pass_fds.h"

#include <fcntl.h>
#include <sys/prctl.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace reeve::cli {

Option PassFdsOption() {
  return Value("pass-fds", "N,...", "open files of this program that init gets from descriptor 3 on (LISTEN_FDS)");
}

absl::Status PassFds(Context& context, const Arguments& arguments, google::protobuf::RepeatedField<int32_t>* numbers) {
  if (!arguments.Has("pass-fds")) return absl::OkStatus();
  auto connection = context.Connect();
  if (!connection.ok()) return connection.status();
  if ((*connection)->uri().transport != client::Transport::kUnix) {
    return absl::InvalidArgumentError("needs a daemon on this host, by its Unix socket");
  }
  for (const absl::string_view word : absl::StrSplit(arguments.Get("pass-fds"), ',')) {
    int32_t number = 0;
    if (!absl::SimpleAtoi(word, &number) || number < 0) {
      return absl::InvalidArgumentError(absl::StrCat("'", word, "' is not the number of a descriptor"));
    }
    // What is close-on-exec was opened by this program itself.
    const int flags = fcntl(number, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("descriptor ", number, " is not open"));
    }
    numbers->Add(number);
  }
  // Where Yama restricts tracing to one's own children; EINVAL elsewhere.
  (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  return absl::OkStatus();
}

}  // namespace reeve::cli
