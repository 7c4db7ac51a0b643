#include "cli/migrate_command.h"

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/context.h"
#include "cli/domain_changes.h"
#include "cli/domains.h"
#include "cli/follow_operation.h"
#include "client/connection.h"
#include "client/uri.h"
#include "proto/migration_methods.h"

namespace reeve::cli {
namespace {

bool HasEither(const Arguments& arguments, const char* name, const char* virsh_name) {
  return arguments.Has(name) || arguments.Has(virsh_name);
}

// What the source's daemon is to connect to: it has files of its own to show who it is, and checks the other's certificate
// in any case, so that parameters which choose that for this program are left out.
std::string ForDaemon(const std::string& uri) {
  const std::pair<std::string, std::string> halves = absl::StrSplit(uri, absl::MaxSplits('?', 1));
  std::vector<absl::string_view> kept;
  for (const absl::string_view parameter : absl::StrSplit(halves.second, absl::ByAnyChar("&;"), absl::SkipEmpty())) {
    const absl::string_view name = parameter.substr(0, parameter.find('='));
    if (name != "pkipath" && name != "no_verify" && name != "no_sanity") kept.push_back(parameter);
  }
  return kept.empty() ? halves.first : absl::StrCat(halves.first, "?", absl::StrJoin(kept, "&"));
}

// Asks the destination, as this user, to let the domain in.
absl::StatusOr<v1::MigrationTicket> Prepare(const Context& context, const std::string& uri, const v1::Domain& domain,
                                            const Arguments& arguments) {
  auto parsed = client::ParseUri(uri);
  if (!parsed.ok()) return parsed.status();
  client::ConnectionOptions options;
  options.interrupt_fd = context.interrupt_fd();
  auto connection = client::Connection::Open(*parsed, options);
  if (!connection.ok()) return connection.status();
  v1::PrepareMigrationRequest request;
  request.set_name(absl::StrCat((*connection)->Hypervisor(), "/domains/", LastPart(domain.name())));
  request.set_uid(domain.uid());
  request.set_persistent(arguments.Has("persistent"));
  request.set_paused(HasEither(arguments, "paused", "suspend"));
  return (*connection)->Call(methods::kPrepareMigration, std::move(request));
}

int Migrate(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const bool given_by_option = arguments.Has("to");
  if (given_by_option == arguments.Has("desturi")) {
    context.output().PrintError("the destination is needed, once: as second argument or with --to");
    return kExitUsage;
  }
  auto config = context.Config();
  if (!config.ok()) return context.Fail(config.status());
  const std::string uri = (*config)->Resolve(arguments.Get(given_by_option ? "to" : "desturi"));
  const std::string failure = absl::StrCat("Failed to migrate domain '", argument, "' to ", uri);
  auto domain = GetDomain(context, argument, v1::DOMAIN_VIEW_BASIC);
  if (!domain.ok()) return FailDomain(context, failure, argument, domain.status());
  auto ticket = Prepare(context, uri, *domain, arguments);
  if (!ticket.ok()) return context.Fail(failure, ticket.status());
  v1::MigrateDomainRequest request;
  request.set_name(domain->name());
  request.set_destination(arguments.Has("migrateuri") ? arguments.Get("migrateuri") : ForDaemon(uri));
  request.set_ticket_id(ticket->id());
  request.set_ticket_secret(ticket->secret());
  request.set_live(arguments.Has("live"));
  request.set_undefine_source(HasEither(arguments, "undefine-source", "undefinesource"));
  auto operation = context.Call(methods::kMigrateDomain, std::move(request));
  if (!operation.ok()) return context.Fail(failure, operation.status());
  return FinishOperation(context, *operation, arguments.Has("detach"), failure,
                         absl::StrCat("Domain '", LastPart(domain->name()), "' migrated to ", uri));
}

}  // namespace

CommandGroup MigrateCommands() {
  Option destination = Argument("desturi", "DESTURI", "the destination, as this program reaches it, or its alias",
                                Completion::kUri);
  destination.required = false;
  return {
      "Migration",
      {{.name = "migrate",
        .summary = "move a running domain to another host",
        .description = "This program asks the destination to let the domain in, and the source to bring it there; the two "
                       "daemons then connect by themselves, over TLS with the source's own certificate. Disks must be "
                       "there under the same names. When it fails, or the connection breaks, the domain runs on where it "
                       "was. Ctrl-C cancels.",
        .examples = "reeve migrate web1 xen+tls://host2.example.org/ --live\n"
                    "reeve migrate web1 --to xen+tls://host2/ --live --persistent --undefine-source",
        .options = {DomainArgument(Completion::kActiveDomain), destination,
                    Value("to", "URI", "the destination, in place of DESTURI"),
                    Flag("live", "let it run on while its memory is copied"),
                    Flag("persistent", "define it at the destination"),
                    Flag("undefine-source", "undefine it here"),
                    Flag("undefinesource", "the same, as virsh calls it"),
                    Flag("paused", "leave it suspended at the destination"),
                    Flag("suspend", "the same, as virsh calls it"),
                    Value("migrateuri", "URI", "the destination, as the source's daemon reaches it: tls or unix"),
                    Flag("detach", "don't wait, print the operation's name")},
        .run = Migrate}}};
}

}  // namespace reeve::cli
