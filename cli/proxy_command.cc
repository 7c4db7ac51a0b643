#include "cli/proxy_command.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "cli/context.h"
#include "cli/relay.h"
#include "client/unix_channel.h"
#include "client/uri.h"

namespace reeve::cli {
namespace {

int Proxy(Context& context, const Arguments& arguments) {
  const std::string path =
      arguments.Get("socket", client::SocketPath(client::Uri(), context.options().read_only));
  // The connection is another program's, on another host: whoever there asks the daemon to hand open files to a guest
  // means his own, not these. A process that hides cannot be asked for them.
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  auto socket = client::ConnectUnixSocket(path);
  if (!socket.ok()) return context.Fail("Failed to reach the daemon", socket.status());
  // Who reads no more is told of by EPIPE.
  ::signal(SIGPIPE, SIG_IGN);
  if (absl::Status status = Relay(STDIN_FILENO, STDOUT_FILENO, socket->get()); !status.ok()) {
    return context.Fail(absl::StrCat("Failed to pass on between the standard input and output and ", path), status);
  }
  return kExitOk;
}

}  // namespace

CommandGroup ProxyCommands() {
  return {"Transport",
          {{.name = "proxy",
            .summary = "join the standard input and output to the daemon's socket",
            .description = "What the transport ssh runs on the far host (lxc+ssh://host/). The daemon takes the caller for the\n"
                           "user that runs it. With --readonly it is the socket that only allows to read.",
            .examples = "ssh root@host reeve proxy",
            .options = {Value("socket", "PATH", "the daemon's socket; default: /run/reeve/reeve.sock")},
            .run = Proxy}}};
}

}  // namespace reeve::cli
