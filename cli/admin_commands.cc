#include "cli/admin_commands.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/context.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/units.h"

namespace reeve::cli {
namespace {

int Clients(Context& context, const Arguments&) {
  auto list = context.Call(methods::kListClients, v1::ListClientsRequest());
  if (!list.ok()) return context.Fail("Failed to list clients", list.status());
  if (context.json()) return context.PrintJson(*list);
  Table table({"Id", "Transport", "Access", "User", "UID", "PID", "Command", "Connected since", "In flight", "Calls"});
  for (const v1::Client& client : list->clients()) {
    const v1::Session& session = client.session();
    table.AddRow({absl::StrCat(session.connection()), Words(v1::Transport_Name(session.transport()), "TRANSPORT_"),
                  session.read_only() ? "read-only" : "read-write", session.user().empty() ? "-" : session.user(),
                  absl::StrCat(session.uid()), absl::StrCat(session.pid()), session.command(),
                  TimeWords(session.connect_time()), absl::StrCat(client.calls_in_flight()),
                  absl::StrCat(client.calls())});
  }
  context.output().Print(absl::StrCat(table.Format(context.output().color(), !context.options().quiet), "\n"));
  return kExitOk;
}

int Disconnect(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("client");
  v1::DisconnectClientRequest request;
  uint64_t connection = 0;
  if (!absl::SimpleAtoi(argument, &connection)) {
    context.output().PrintError(absl::StrCat("'", argument, "' is not the number of a client, see: admin clients"));
    return kExitUsage;
  }
  request.set_connection(connection);
  auto response = context.Call(methods::kDisconnectClient, std::move(request));
  if (!response.ok()) return context.Fail(absl::StrCat("Failed to disconnect client ", argument), response.status());
  if (context.json()) return context.PrintJson(*response);
  return context.Done(absl::StrCat("Client ", argument, " disconnected"));
}

int DaemonCommand(Context& context, const Arguments&) {
  auto daemon = context.Call(methods::kGetDaemon, v1::GetDaemonRequest());
  if (!daemon.ok()) return context.Fail("Failed to get the daemon's state", daemon.status());
  if (context.json()) return context.PrintJson(*daemon);
  KeyValues info(18);
  info.Add("Version", daemon->version());
  info.Add("PID", absl::StrCat(daemon->pid()));
  info.Add("Started", TimeWords(daemon->start_time()));
  info.Add("Log level", daemon->log_level());
  info.Add("Revision", absl::StrCat(daemon->revision()));
  info.Add("Oldest revision", absl::StrCat(daemon->oldest_revision()));
  info.Add("Clients", absl::StrCat(daemon->clients()));
  info.Add("Watches", absl::StrCat(daemon->watches()));
  info.Add("Resident memory", absl::StrCat(daemon->resident_kib(), " KiB"));
  info.Add("File descriptors", absl::StrCat(daemon->file_descriptors()));
  info.Add("Threads", absl::StrCat(daemon->threads()));
  info.Add("Bad records", absl::StrCat(daemon->records_set_aside()),
           daemon->records_set_aside() == 0 ? Style::kPlain : Style::kBad);
  context.output().Print(absl::StrCat(info.Format(context.output().color()), "\n"));
  return kExitOk;
}

int LogLevel(Context& context, const Arguments& arguments) {
  if (!arguments.Has("level")) {
    auto daemon = context.Call(methods::kGetDaemon, v1::GetDaemonRequest());
    if (!daemon.ok()) return context.Fail("Failed to get the log level", daemon.status());
    if (context.json()) return context.PrintJson(*daemon);
    context.output().Print(absl::StrCat(daemon->log_level(), "\n\n"));
    return kExitOk;
  }
  v1::SetLogLevelRequest request;
  request.set_level(arguments.Get("level"));
  auto response = context.Call(methods::kSetLogLevel, std::move(request));
  if (!response.ok()) return context.Fail("Failed to set the log level", response.status());
  if (context.json()) return context.PrintJson(*response);
  return context.Done(absl::StrCat("Log level is ", arguments.Get("level"), ", was ", response->previous_level()));
}

}  // namespace

CommandGroup AdminCommands() {
  Option level = Argument("level", "LEVEL", "trace, debug, info, warn, error or off; without it the level is printed",
                          Completion::kWords);
  level.required = false;
  level.words = {"trace", "debug", "info", "warn", "error", "off"};
  return {
      "Administration",
      {
          {.name = "admin clients", .summary = "list who is connected", .run = Clients},
          {.name = "admin disconnect",
           .summary = "throw a client out",
           .examples = "reeve admin disconnect 12",
           .options = {Argument("client", "CLIENT", "number of the client, see: admin clients", Completion::kClient)},
           .run = Disconnect},
          {.name = "admin daemon", .summary = "show how the daemon is", .run = DaemonCommand},
          {.name = "admin log-level",
           .summary = "show or set the daemon's log level",
           .description = "Until its next start.",
           .examples = "reeve admin log-level debug",
           .options = {level},
           .run = LogLevel},
      }};
}

}  // namespace reeve::cli
