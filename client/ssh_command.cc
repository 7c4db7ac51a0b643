#include "client/ssh_command.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace reeve::client {
namespace {

std::string NativeScript(const std::string& socket) {
  return absl::StrCat("reeve proxy --socket ", QuoteForShell(socket));
}

// Some netcats end with the standard input and some wait for the far end, unless -q says when.
std::string NetcatScript(const std::string& netcat, const std::string& socket) {
  const std::string program = QuoteForShell(netcat);
  return absl::StrCat("if ", program, " -q 2>&1 | grep \"requires an argument\" >/dev/null 2>&1; then exec ", program,
                      " -q0 -U ", QuoteForShell(socket), "; else exec ", program, " -U ", QuoteForShell(socket),
                      "; fi");
}

std::string Script(const Uri& uri, bool read_only) {
  const std::string socket = SocketPath(uri, read_only);
  const std::string netcat = uri.Parameter("netcat");
  const std::string proxy = uri.Parameter("proxy", netcat.empty() ? "auto" : "netcat");
  const std::string by_netcat = NetcatScript(netcat.empty() ? "nc" : netcat, socket);
  if (proxy == "netcat") return by_netcat;
  if (proxy == "native") return absl::StrCat("exec ", NativeScript(socket));
  return absl::StrCat("if command -v reeve >/dev/null 2>&1; then exec ", NativeScript(socket), "; fi; ", by_netcat);
}

}  // namespace

std::string QuoteForShell(absl::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("_-+=./:,@%", c);
  });
  if (plain) return std::string(text);
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::vector<std::string> TunnelCommand(const Uri& uri, bool read_only) {
  const std::string program = uri.Parameter("command");
  if (uri.transport == Transport::kExt) return {program};
  std::vector<std::string> command = {program.empty() ? "ssh" : program};
  const auto add = [&command](std::initializer_list<std::string> words) {
    command.insert(command.end(), words.begin(), words.end());
  };
  if (uri.port != 0) add({"-p", absl::StrCat(uri.port)});
  if (!uri.user.empty()) add({"-l", uri.user});
  add({"-T", "-e", "none"});
  if (uri.IsSet("no_tty")) add({"-o", "BatchMode=yes"});
  if (uri.IsSet("no_verify")) add({"-o", "StrictHostKeyChecking=no"});
  if (const std::string key = uri.Parameter("keyfile"); !key.empty()) add({"-i", key});
  add({"--", uri.host, "sh", "-c", QuoteForShell(Script(uri, read_only))});
  return command;
}

}  // namespace reeve::client
