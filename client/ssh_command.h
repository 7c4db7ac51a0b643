// What is run to reach a daemon by another program: ssh(1), or the program of transport ext. Pure functions,
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/uri.h"

namespace reeve::client {

// A text as one word of a POSIX shell: in single quotes, unless it has nothing that a shell reads.
std::string QuoteForShell(absl::string_view text);

// The command line for a URI of transport ssh or ext. With ssh, as libvirt's client makes it:
//   ssh [-p PORT] [-l USER] -T -e none [-o BatchMode=yes] [-o StrictHostKeyChecking=no] [-i KEYFILE] -- HOST sh -c
//   'SCRIPT'
// by the parameters command (the program instead of ssh), no_tty, no_verify and keyfile. SCRIPT joins ssh to the
// daemon's socket (parameter `socket`, else the system daemon's read-write or read-only one) by `reeve proxy`
// (proxy=native), by netcat (proxy=netcat; parameter netcat is the program, "nc" unless given), or by the first of both
// that the host has (proxy=auto, the default; netcat when parameter netcat is given). What the URI says is quoted
// twice, for the shell that sshd(8) starts and for sh: no character of it is a command. With ext: the program of
// parameter command, without arguments. `uri` is of ParseUri, which sees to it that no host or user is an option of
// ssh.
std::vector<std::string> TunnelCommand(const Uri& uri, bool read_only);

}  // namespace reeve::client
