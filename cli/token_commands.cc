#include "cli/token_commands.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "auth/certificate_authority.h"
#include "auth/x509_names.h"
#include "cli/arguments.h"
#include "cli/context.h"
#include "cli/json.h"
#include "cli/pki_places.h"
#include "cli/pki_show.h"
#include "cli/table.h"
#include "client/enrollment.h"
#include "client/join_token.h"
#include "util/errno.h"
#include "util/files.h"
#include "util/proto_time.h"

namespace reeve::cli {
namespace {

constexpr size_t kMaxToken = 8192;

int Create(Context& context, const Arguments& arguments) {
  v1::CreateEnrollmentTokenRequest request;
  request.set_name(arguments.Get("name"));
  for (std::string& address : arguments.All("address")) request.add_addresses(std::move(address));
  if (arguments.Has("ttl")) {
    absl::Duration lifetime;
    if (!absl::ParseDuration(arguments.Get("ttl"), &lifetime) || lifetime <= absl::ZeroDuration() ||
        lifetime == absl::InfiniteDuration()) {
      context.output().PrintError(
          absl::StrCat("--ttl takes a time such as 30m or 24h, not '", arguments.Get("ttl"), "'"));
      return kExitUsage;
    }
    request.mutable_lifetime()->set_seconds(absl::ToInt64Seconds(lifetime));
  }
  auto made = context.Call(methods::kCreateEnrollmentToken, std::move(request));
  if (!made.ok()) return context.Fail("Failed to make a token", made.status());
  const std::string text = client::FormatJoinToken(made->ticket());
  if (context.json()) {
    context.output().Print(absl::StrCat("{\"id\":", JsonText(made->token().id()), ",\"name\":",
                                        JsonText(made->token().name()), ",\"token\":", JsonText(text), "}\n"));
    return kExitOk;
  }
  context.output().Print(absl::StrCat(text, "\n"));
  if (!context.options().quiet && ::isatty(STDOUT_FILENO) != 0) {
    context.output().PrintNote(absl::StrCat("for ", made->token().name(), ", once, until ",
                                            auth::TimeText(util::FromProto(made->token().expire_time())),
                                            "; on the client: reeve join TOKEN"));
  }
  return kExitOk;
}

int List(Context& context, const Arguments&) {
  auto tokens = context.Call(methods::kListEnrollmentTokens, v1::ListEnrollmentTokensRequest());
  if (!tokens.ok()) return context.Fail("Failed to list tokens", tokens.status());
  if (context.json()) return context.PrintJson(*tokens);
  Table table({"Id", "Name", "Good until", "Made by", "Failures"});
  for (const v1::EnrollmentToken& one : tokens->tokens()) {
    table.AddRow({one.id(), one.name(), auth::TimeText(util::FromProto(one.expire_time())), one.creator(),
                  absl::StrCat(one.failures())});
  }
  context.output().Print(absl::StrCat(table.Format(context.output().color(), !context.options().quiet), "\n"));
  return kExitOk;
}

int Delete(Context& context, const Arguments& arguments) {
  v1::DeleteEnrollmentTokenRequest request;
  request.set_id(arguments.Get("id"));
  auto deleted = context.Call(methods::kDeleteEnrollmentToken, std::move(request));
  const std::string id = arguments.Get("id");
  if (!deleted.ok()) return context.Fail(absl::StrCat("Failed to delete token '", id, "'"), deleted.status());
  return context.Done(absl::StrCat("Token '", id, "' deleted"));
}

// From the standard input, where nobody can see it in a list of processes.
absl::StatusOr<std::string> ReadToken() {
  std::string text;
  char buffer[1024];
  ssize_t got = 0;
  while ((got = ::read(STDIN_FILENO, buffer, sizeof(buffer))) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return util::ErrnoStatus("read the token from the standard input");
    text.append(buffer, static_cast<size_t>(got));
    if (text.size() > kMaxToken) return absl::InvalidArgumentError("the token is too long to be one");
  }
  return text;
}

// Where libvirt's client would look, too: root's in /etc/pki, others' in their own directory.
absl::StatusOr<PkiPlaces> PlacesFor(const Arguments& arguments) {
  const std::string root = RootOf(arguments);
  if (arguments.Has("directory")) return PlacesIn(arguments.Get("directory"), root);
  if (!root.empty() || ::geteuid() == 0) return LibvirtPlaces(root);
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return absl::FailedPreconditionError("HOME is not set; give --directory");
  return PlacesIn(absl::StrCat(home, "/.pki/libvirt"), "");
}

// Before the token is used up: nothing is in the way, and files can be written there.
absl::Status CheckPlaces(const PkiPlaces& places, bool force) {
  for (const std::string& path : {places.client.certificate, places.client.key, places.authorities}) {
    if (!force && ::access(path.c_str(), F_OK) == 0) {
      return absl::AlreadyExistsError(
          absl::StrCat("there is ", path, " already; --force replaces it, --directory writes elsewhere"));
    }
    std::string directory = path;
    do {
      const size_t slash = directory.rfind('/');
      if (slash == std::string::npos) {
        directory.assign(1, '.');
      } else {
        directory.resize(std::max<size_t>(slash, 1));
      }
    } while (::access(directory.c_str(), F_OK) != 0 && errno == ENOENT && directory.size() > 1);
    if (::access(directory.c_str(), W_OK | X_OK) != 0) {
      return util::ErrnoStatus(absl::StrCat("write to ", directory));
    }
  }
  return absl::OkStatus();
}

int Join(Context& context, const Arguments& arguments) {
  const std::string failure = "Failed to join";
  absl::StatusOr<std::string> text = arguments.Get("token");
  if (*text == "-") text = ReadToken();
  if (!text.ok()) return context.Fail(failure, text.status());
  const absl::StatusOr<v1::EnrollmentTicket> ticket = client::ParseJoinToken(*text);
  if (!ticket.ok()) return context.Fail(failure, ticket.status());
  const absl::Time end = absl::FromUnixSeconds(ticket->expire_seconds());
  if (end < absl::Now()) {
    return context.Fail(failure,
                        absl::FailedPreconditionError(absl::StrCat("the token has expired on ", auth::TimeText(end))));
  }
  const absl::StatusOr<PkiPlaces> places = PlacesFor(arguments);
  if (!places.ok()) return context.Fail(failure, places.status());
  if (absl::Status status = CheckPlaces(*places, arguments.Has("force")); !status.ok()) {
    return context.Fail(failure, status);
  }
  const absl::StatusOr<client::Enrolled> enrolled = client::Enroll(*ticket, context.interrupt_fd());
  if (!enrolled.ok()) return context.Fail(failure, enrolled.status());
  absl::Status status = auth::WriteKeyFile(places->client.key, enrolled->key);
  if (status.ok()) status = auth::WriteCertificateFile(places->client.certificate, enrolled->certificate);
  if (status.ok()) status = auth::WriteCertificateFile(places->authorities, enrolled->authority);
  if (!status.ok()) return context.Fail(failure, status);
  std::string uri = absl::StrCat("lxc+tls://", enrolled->address, "/system");
  if (arguments.Has("directory")) absl::StrAppend(&uri, "?pkipath=", arguments.Get("directory"));
  if (context.json()) {
    context.output().Print(absl::StrCat(
        "{\"certificate\":", JsonText(places->client.certificate), ",\"key\":", JsonText(places->client.key),
        ",\"authority\":", JsonText(places->authorities), ",\"uri\":", JsonText(uri), "}\n"));
    return kExitOk;
  }
  return context.Done(
      absl::StrCat("Certificate written: ", places->client.certificate, "; now try: reeve -c '", uri, "' list"));
}

}  // namespace

CommandGroup TokenCommands() {
  Option address = Value("address", "HOST[:PORT]",
                         "where the client finds this daemon; default: the names in the daemon's certificate");
  address.repeated = true;
  return {
      "Joining",
      {
          {.name = "token create",
           .summary = "make a token by which a client gets a certificate",
           .description =
               "Whoever has the token gets a certificate for NAME, once. It has the fingerprint of the\n"
               "authority in it, so that the client knows this daemon. The daemon needs the authority's key\n"
               "(reeve pki init) and serves TLS.",
           .examples = "reeve token create alice\nreeve token create backup --ttl 10m --address node1.example.org",
           .options = {Argument("name", "NAME", "what the client will be called: CN=NAME", Completion::kNone),
                       Value("ttl", "TIME", "how long the token is good, such as 30m or 24h; default: 1h"), address},
           .run = Create},
          {.name = "token list", .summary = "list the tokens that wait to be redeemed", .run = List},
          {.name = "token delete",
           .summary = "make a token worthless",
           .options = {Argument("id", "ID", "as token list shows it", Completion::kNone)},
           .run = Delete},
          {.name = "join",
           .summary = "get a certificate for a token, to work with a daemon on another host",
           .description =
               "Makes a key here and has it signed. The daemon must be the one that made the token, or nothing\n"
               "is sent. root's files go to /etc/pki, other users' to ~/.pki/libvirt.",
           .examples = "reeve join rjt1-...\nreeve join - < token",
           .options = {Argument("token", "TOKEN", "the token, or - to read it from the standard input",
                                Completion::kNone),
                       Value("directory", "DIR", "write to this directory, for the URI parameter pkipath"),
                       Value("root", "DIR", "root directory"), Flag("force", "replace files that are there")},
           .run = Join},
      }};
}

}  // namespace reeve::cli
