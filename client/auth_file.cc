#include "client/auth_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "util/errno.h"
#include "util/files.h"

namespace reeve::client {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

absl::Status Fault(size_t line, absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, ": ", text));
}

}  // namespace

absl::StatusOr<AuthFile> AuthFile::Parse(absl::string_view text) {
  AuthFile file;
  std::map<std::string, std::string>* group = nullptr;
  size_t number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      if (line.back() != ']' || line.size() < 3) return Fault(number, "a group is [NAME]");
      group = &file.groups_[std::string(line.substr(1, line.size() - 2))];
      continue;
    }
    const size_t equals = line.find('=');
    if (equals == absl::string_view::npos || equals == 0) return Fault(number, "must be KEY=VALUE or [GROUP]");
    if (group == nullptr) return Fault(number, "stands before the first group");
    (*group)[std::string(absl::StripAsciiWhitespace(line.substr(0, equals)))] =
        std::string(absl::StripAsciiWhitespace(line.substr(equals + 1)));
  }
  return file;
}

absl::StatusOr<AuthFile> AuthFile::Read(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return util::ErrnoStatus(absl::StrCat("look at ", path));
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " may have passwords and is open to others: chmod 600 ", path));
  }
  const absl::StatusOr<std::string> text = util::ReadFile(path, kMaxBytes);
  if (!text.ok()) return text.status();
  absl::StatusOr<AuthFile> file = Parse(*text);
  if (!file.ok()) return absl::InvalidArgumentError(absl::StrCat(path, ": ", file.status().message()));
  return file;
}

absl::StatusOr<std::optional<std::string>> AuthFile::Find(absl::string_view service, absl::string_view host,
                                                          absl::string_view key) const {
  std::string name = absl::StrCat("auth-", service, "-", host);
  auto group = groups_.find(name);
  if (group == groups_.end()) group = groups_.find(name = absl::StrCat("auth-", service, "-default"));
  if (group == groups_.end()) return std::nullopt;
  const auto credentials = group->second.find("credentials");
  if (credentials == group->second.end()) {
    return absl::InvalidArgumentError(absl::StrCat("[", name, "] does not say which credentials"));
  }
  const auto found = groups_.find(absl::StrCat("credentials-", credentials->second));
  if (found == groups_.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("[", name, "]: there are no [credentials-", credentials->second, "]"));
  }
  const auto value = found->second.find(std::string(key));
  if (value == found->second.end()) return std::nullopt;
  return value->second;
}

std::string FindAuthFile(const char* environment, const std::string& parameter, const char* config_home,
                         const char* home) {
  if (environment != nullptr && *environment != '\0') return environment;
  if (!parameter.empty()) return parameter;
  std::vector<std::string> places;
  if (config_home != nullptr && *config_home == '/') {
    places.push_back(absl::StrCat(config_home, "/reeve/auth.conf"));
  } else if (home != nullptr && *home == '/') {
    places.push_back(absl::StrCat(home, "/.config/reeve/auth.conf"));
  }
  places.emplace_back("/etc/reeve/auth.conf");
  for (const std::string& place : places) {
    if (::access(place.c_str(), F_OK) == 0) return place;
  }
  return "";
}

}  // namespace reeve::client
