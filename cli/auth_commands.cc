#include "cli/auth_commands.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cli/context.h"
#include "cli/domains.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/text.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

constexpr size_t kWidth = 16;

std::string RoleText(const v1::BoundRole& role) {
  std::vector<std::string> parts;
  if (!role.hypervisor().empty()) parts.push_back(absl::StrCat("hypervisor ", role.hypervisor()));
  if (!role.name().empty()) parts.push_back(absl::StrCat("name ", role.name()));
  if (!role.object().empty()) parts.push_back(absl::StrCat("object ", role.object()));
  if (!role.label().empty()) parts.push_back(absl::StrCat("label ", role.label()));
  return parts.empty() ? role.role() : absl::StrCat(role.role(), ", for ", absl::StrJoin(parts, ", "));
}

// The session, with its identity proved where the daemon wants that: the methods of a session answer also before, so it
// takes a call that does not.
absl::StatusOr<v1::Session> ProvedSession(Context& context) {
  auto session = GetSession(context);
  if (!session.ok() || session->authenticated()) return session;
  auto proved = context.Call(methods::kGetVersion, v1::GetVersionRequest());
  if (!proved.ok() && ReasonOf(proved.status()) != v1::REASON_PERMISSION_DENIED) return proved.status();
  return GetSession(context);
}

int WhoAmI(Context& context, const Arguments&) {
  auto session = ProvedSession(context);
  if (!session.ok()) return context.Fail("Failed to get the session", session.status());
  if (context.json()) return context.PrintJson(*session);
  KeyValues info(kWidth);
  info.Add("Identity", session->identity());
  info.Add("Known by", session->authenticated()
                           ? Words(v1::Authentication_Name(session->authentication()), "AUTHENTICATION_")
                           : "not authenticated");
  if (!session->sasl_mechanism().empty()) info.Add("Mechanism", session->sasl_mechanism());
  if (!session->certificate_subject().empty()) info.Add("Certificate", session->certificate_subject());
  for (const std::string& name : session->certificate_names()) info.Add("Also called", name);
  if (!session->mechanisms().empty()) info.Add("Mechanisms", absl::StrJoin(session->mechanisms(), ", "));
  info.Add("Encrypted", session->encrypted() ? "yes" : "no");
  info.Add("Secure", session->secure() ? "yes" : "no");
  info.Add("Access", session->read_only() ? "read-only" : "read-write");
  for (const v1::BoundRole& role : session->roles()) info.Add("Role", RoleText(role));
  if (session->roles().empty()) info.Add("Role", "none");
  context.output().Print(absl::StrCat(info.Format(context.output().color()), "\n"));
  return kExitOk;
}

int Can(Context& context, const Arguments& arguments) {
  v1::TestPermissionsRequest request;
  for (const absl::string_view permission : absl::StrSplit(arguments.Get("permission"), ',')) {
    request.add_permissions(std::string(permission));
  }
  std::string object = arguments.Get("object");
  if (!object.empty() && !absl::StrContains(object, '/')) {
    auto connection = context.Connect();
    if (!connection.ok()) return context.Fail(connection.status());
    object = absl::StrCat((*connection)->Hypervisor(), "/domains/", object);
  }
  request.set_object(object);
  const int wanted = request.permissions_size();
  auto response = context.Call(methods::kTestPermissions, std::move(request));
  if (!response.ok()) return context.Fail("Failed to test permissions", response.status());
  const bool all = response->permitted_size() == wanted;
  if (context.json()) {
    context.PrintJson(*response);
  } else if (!context.options().quiet) {
    context.output().Print(
        absl::StrCat(Styled(all ? "yes" : "no", all ? Style::kGood : Style::kBad, context.output().color()), "\n\n"));
  }
  return all ? kExitOk : kExitFailed;
}

}  // namespace

CommandGroup AuthCommands() {
  Option object = Argument("object", "OBJECT", "a domain, or a whole name such as networks/default; default: the node",
                           Completion::kDomain);
  object.required = false;
  return {"Authentication and permissions",
          {
              {.name = "auth whoami", .summary = "show who you are to the daemon, and your roles", .run = WhoAmI},
              {.name = "auth can",
               .summary = "tell whether you may do something",
               .description = "Exit code 0 for yes and 1 for no. The object need not exist.",
               .examples = "reeve auth can domain.start web1\nreeve auth can admin.client.list",
               .options = {Argument("permission", "PERMISSION", "e.g. domain.start; several with commas between",
                                    Completion::kNone),
                           object},
               .run = Can},
          }};
}

}  // namespace reeve::cli
