#include "cli/user_commands.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "auth/sasl_database.h"
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/context.h"
#include "cli/json.h"
#include "cli/table.h"
#include "util/errno.h"
#include "util/files.h"

namespace reeve::cli {
namespace {

constexpr char kDefaultDatabase[] = "/var/lib/reeve/users.db";
constexpr size_t kMaxPassword = 1024;

absl::StatusOr<std::unique_ptr<auth::SaslDatabase>> Open(const Arguments& arguments) {
  std::string root = arguments.Get("root");
  while (!root.empty() && root.back() == '/') root.pop_back();
  const std::string file = arguments.Get("database");
  const std::string path = absl::StrCat(root, file.empty() ? kDefaultDatabase : file);
  const std::string directory = path.substr(0, path.rfind('/') + 1);
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    if (errno == EACCES) return absl::PermissionDeniedError(absl::StrCat(directory, ": only root may change users"));
    // The daemon makes it otherwise, with the same mode.
    if (errno != ENOENT) return util::ErrnoStatus(absl::StrCat("look at ", directory));
    if (absl::Status status = util::MakeDirectories(directory, 0700); !status.ok()) return status;
  }
  ::umask(0077);
  return auth::SaslDatabase::Open(path);
}

// One line from the standard input where it is no terminal, else twice from the terminal. Never from the command line,
// which others can read.
absl::StatusOr<std::string> ReadPassword(const Context& context) {
  if (::isatty(STDIN_FILENO) == 0) {
    std::string line;
    char c = 0;
    ssize_t got = 0;
    while ((got = ::read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
      if (line.size() == kMaxPassword) return absl::InvalidArgumentError("the password has more than 1024 bytes");
      line.push_back(c);
    }
    if (got < 0) return util::ErrnoStatus("read the password from the standard input");
    return line;
  }
  absl::StatusOr<std::string> first = AskOnTerminal("Password: ", true, context.interrupt_fd());
  if (!first.ok()) return first;
  absl::StatusOr<std::string> second = AskOnTerminal("Again: ", true, context.interrupt_fd());
  if (!second.ok()) return second;
  if (*first != *second) return absl::InvalidArgumentError("the two are not the same");
  return first;
}

int Put(Context& context, const Arguments& arguments, bool is_new) {
  const std::string name = arguments.Get("user");
  const std::string failure = absl::StrCat("Failed to ", is_new ? "add" : "change", " user '", name, "'");
  if (absl::Status status = auth::CheckUserName(name); !status.ok()) return context.Fail(failure, status);
  auto database = Open(arguments);
  if (!database.ok()) return context.Fail(failure, database.status());
  const auto users = (*database)->List();
  if (!users.ok()) return context.Fail(failure, users.status());
  const auto found = std::find_if(users->begin(), users->end(), [&](const auto& user) { return user.name == name; });
  if (is_new && found != users->end()) {
    return context.Fail(failure,
                        absl::AlreadyExistsError("there is this user already; 'user passwd' changes the password"));
  }
  if (!is_new && found == users->end()) return context.Fail(failure, absl::NotFoundError("there is no such user"));
  const absl::StatusOr<std::string> password = ReadPassword(context);
  if (!password.ok()) return context.Fail(failure, password.status());
  if (absl::Status status = (*database)->Put(name, *password, arguments.Has("clear-text")); !status.ok()) {
    return context.Fail(failure, status);
  }
  return context.Done(absl::StrCat("User '", name, is_new ? "' added" : "' changed"));
}

int Add(Context& context, const Arguments& arguments) {
  return Put(context, arguments, true);
}

int Password(Context& context, const Arguments& arguments) {
  return Put(context, arguments, false);
}

int List(Context& context, const Arguments& arguments) {
  auto database = Open(arguments);
  if (!database.ok()) return context.Fail("Failed to list users", database.status());
  const auto users = (*database)->List();
  if (!users.ok()) return context.Fail("Failed to list users", users.status());
  if (context.json()) {
    std::vector<std::string> texts;
    for (const auto& user : *users) {
      texts.push_back(
          absl::StrCat("{\"name\":", JsonText(user.name), ",\"clear_text\":", user.clear_text ? "true" : "false", "}"));
    }
    context.output().Print(absl::StrCat("{\"users\":[", absl::StrJoin(texts, ","), "]}\n"));
    return kExitOk;
  }
  Table table({"User", "Password"});
  for (const auto& user : *users) table.AddRow({user.name, user.clear_text ? "in clear text, too" : "verifier"});
  context.output().Print(absl::StrCat(table.Format(context.output().color(), !context.options().quiet), "\n"));
  return kExitOk;
}

int Remove(Context& context, const Arguments& arguments) {
  const std::string name = arguments.Get("user");
  const std::string failure = absl::StrCat("Failed to remove user '", name, "'");
  auto database = Open(arguments);
  if (!database.ok()) return context.Fail(failure, database.status());
  const auto users = (*database)->List();
  if (!users.ok()) return context.Fail(failure, users.status());
  if (std::none_of(users->begin(), users->end(), [&](const auto& user) { return user.name == name; })) {
    return context.Fail(failure, absl::NotFoundError("there is no such user"));
  }
  if (absl::Status status = (*database)->Remove(name); !status.ok()) return context.Fail(failure, status);
  return context.Done(absl::StrCat("User '", name, "' removed"));
}

std::vector<Option> Options(bool user, bool clear_text) {
  std::vector<Option> options;
  if (user) options.push_back(Argument("user", "USER", "the user's name", Completion::kNone));
  if (clear_text) {
    options.push_back(Flag("clear-text", "store the password as it is, too, so that PLAIN can be checked by it"));
  }
  options.push_back(Value("root", "DIR", "root directory, as of reeved --root"));
  options.push_back(Value("database", "PATH", "as auth.sasl_database of the daemon; default: /var/lib/reeve/users.db"));
  return options;
}

constexpr char kPasswordText[] =
    "The password is asked for on the terminal, or is the first line of the standard input. What is stored is not the\n"
    "password but what SCRAM needs to check it. Needs no daemon; a running one sees the change at once.";

}  // namespace

CommandGroup UserCommands() {
  return {"Users of SASL",
          {
              {.name = "user add",
               .summary = "add a user who authenticates with a password",
               .description = kPasswordText,
               .examples = "reeve user add alice",
               .options = Options(true, true),
               .run = Add},
              {.name = "user passwd",
               .summary = "change a user's password",
               .description = kPasswordText,
               .options = Options(true, true),
               .run = Password},
              {.name = "user list", .summary = "list the users", .options = Options(false, false), .run = List},
              {.name = "user remove", .summary = "remove a user", .options = Options(true, false), .run = Remove},
          }};
}

}  // namespace reeve::cli
