#include "auth/sasl_database.h"

#include <fcntl.h>
#include <sasl/prop.h>
#include <sasl/sasl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "auth/sasl_library.h"
#include "auth/sasl_server.h"
#include "auth/scram_verifier.h"
#include "util/errno.h"
#include "util/fd.h"
#include "util/files.h"

namespace reeve::auth {
namespace {

constexpr size_t kMaxFile = 256 << 20;
constexpr size_t kMaxPassword = 1024;
constexpr char kLister[] = "/usr/sbin/sasldblistusers2";
constexpr char kVerifier[] = "authPassword";
constexpr char kClearText[] = "userPassword";

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || text.size() > kMaxFile) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

// What the tool that belongs to Cyrus prints: the library can look users up but not list them.
absl::StatusOr<std::string> RunLister(const std::string& path) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return util::ErrnoStatus("make a pipe");
  util::UniqueFd read_end(ends[0]);
  util::UniqueFd write_end(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  std::string program = kLister;
  std::string flag = "-f";
  std::string file = path;
  char* const arguments[] = {program.data(), flag.data(), file.data(), nullptr};
  char* const environment[] = {nullptr};
  pid_t child = 0;
  const int error = ::posix_spawn(&child, kLister, &actions, nullptr, arguments, environment);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return util::ErrnoStatus(error, absl::StrCat("run ", kLister));
  write_end.Reset();
  std::string text = ReadAll(read_end.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::UnavailableError(absl::StrCat(kLister, " failed on ", path));
  }
  return text;
}

class CyrusDatabase final : public SaslDatabase {
 public:
  explicit CyrusDatabase(std::string path)
      : path_(std::move(path)),
        draft_(path_ + ".new"),
        settings_(std::make_shared<const SaslSettings>(std::map<std::string, std::string>{
            {"auxprop_plugin", "sasldb"}, {"sasldb_path", draft_}, {"mech_list", "SCRAM-SHA-256"}})) {}

  absl::Status Initialize() { return InitializeSaslServer(settings_); }

  absl::StatusOr<std::vector<User>> List() override {
    if (::access(path_.c_str(), F_OK) != 0 && errno == ENOENT) return std::vector<User>();
    const absl::StatusOr<std::string> text = RunLister(path_);
    if (!text.ok()) return text.status();
    // "alice@reeve: authPassword", a line for each property.
    std::map<std::string, User> users;
    for (const absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
      const std::pair<absl::string_view, absl::string_view> halves = absl::StrSplit(line, absl::MaxSplits(": ", 1));
      absl::string_view name = halves.first;
      if (!absl::ConsumeSuffix(&name, absl::StrCat("@", kSaslRealm))) continue;
      User& user = users[std::string(name)];
      user.name = std::string(name);
      user.clear_text = user.clear_text || halves.second == kClearText;
    }
    std::vector<User> result;
    for (auto& [name, user] : users) result.push_back(std::move(user));
    return result;
  }

  absl::Status Put(absl::string_view name, absl::string_view password, bool clear_text) override {
    if (absl::Status status = CheckUserName(name); !status.ok()) return status;
    if (password.empty() || password.size() > kMaxPassword ||
        std::any_of(password.begin(), password.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
      return absl::InvalidArgumentError("a password has 1 to 1024 bytes and no control characters");
    }
    const absl::StatusOr<std::string> salt = NewSalt();
    if (!salt.ok()) return salt.status();
    const absl::StatusOr<std::string> verifier = MakeScramVerifier(password, *salt, kScramIterations);
    if (!verifier.ok()) return verifier.status();
    return Store(name, *verifier, clear_text ? std::string(password) : "");
  }

  absl::Status Remove(absl::string_view name) override {
    if (absl::Status status = CheckUserName(name); !status.ok()) return status;
    return Store(name, "", "");
  }

 private:
  // Empty values are removed. Into a copy, which then takes the place of the file.
  absl::Status Store(absl::string_view name, const std::string& verifier, const std::string& clear_text) {
    const util::UniqueFd lock(::open((path_ + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock || ::flock(lock.get(), LOCK_EX) != 0) return util::ErrnoStatus(absl::StrCat("lock ", path_));
    (void)::unlink(draft_.c_str());  // of one that was killed
    if (::access(path_.c_str(), F_OK) == 0) {
      const absl::StatusOr<std::string> present = util::ReadFile(path_, kMaxFile);
      if (!present.ok()) return present.status();
      if (absl::Status status = util::ReplaceFile(draft_, *present, 0600); !status.ok()) return status;
    }
    absl::Status status = StoreInDraft(std::string(name), verifier, clear_text);
    if (status.ok() && ::access(draft_.c_str(), F_OK) != 0) return absl::OkStatus();  // nothing there, nothing removed
    if (status.ok() && ::chmod(draft_.c_str(), 0600) != 0) status = util::ErrnoStatus(absl::StrCat("chmod ", draft_));
    if (status.ok()) {
      const util::UniqueFd file(::open(draft_.c_str(), O_RDONLY | O_CLOEXEC));
      if (!file || ::fsync(file.get()) != 0) status = util::ErrnoStatus(absl::StrCat("write ", draft_));
    }
    if (status.ok() && ::rename(draft_.c_str(), path_.c_str()) != 0) {
      status = util::ErrnoStatus(absl::StrCat("replace ", path_));
    }
    if (!status.ok()) (void)::unlink(draft_.c_str());
    return status;
  }

  absl::Status StoreInDraft(const std::string& name, const std::string& verifier, const std::string& clear_text) {
    sasl_conn_t* connection = nullptr;
    int result = sasl_server_new(kSaslService, "localhost", kSaslRealm, nullptr, nullptr, settings_->callbacks(), 0,
                                 &connection);
    propctx* properties = prop_new(0);
    const char* names[] = {kVerifier, kClearText, nullptr};
    if (result == SASL_OK && properties == nullptr) result = SASL_NOMEM;
    if (result == SASL_OK) result = prop_request(properties, names);
    if (result == SASL_OK && !verifier.empty()) result = prop_set(properties, kVerifier, verifier.data(), -1);
    if (result == SASL_OK && !clear_text.empty()) result = prop_set(properties, kClearText, clear_text.data(), -1);
    if (result == SASL_OK) result = sasl_auxprop_store(connection, properties, name.c_str());
    absl::Status status;
    if (result != SASL_OK) {
      const char* detail = sasl_errstring(result, nullptr, nullptr);
      status = absl::UnavailableError(absl::StrCat("store a user in ", draft_, ": ", detail == nullptr ? "" : detail));
    }
    if (properties != nullptr) prop_dispose(&properties);
    if (connection != nullptr) sasl_dispose(&connection);
    return status;
  }

  const std::string path_;
  const std::string draft_;
  const std::shared_ptr<const SaslSettings> settings_;
};

}  // namespace

absl::Status CheckUserName(absl::string_view name) {
  const bool sound = !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isgraph(c) && c != '@' && c != ',' && c != '=' && c != '\\';
  });
  return sound ? absl::OkStatus()
               : absl::InvalidArgumentError(
                     "a user's name has 1 to 128 printable ASCII characters, without blanks, '@', ',', '=' and '\\'");
}

absl::StatusOr<std::unique_ptr<SaslDatabase>> SaslDatabase::Open(std::string path) {
  auto database = std::make_unique<CyrusDatabase>(std::move(path));
  if (absl::Status status = database->Initialize(); !status.ok()) return status;
  return database;
}

}  // namespace reeve::auth
