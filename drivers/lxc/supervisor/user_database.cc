#include "drivers/lxc/supervisor/user_database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "util/fd.h"

namespace reeve::lxc {
namespace {

constexpr size_t kMaximumFile = 4 << 20;

// Calls `match(name begin, name end, entry)` for each well-formed line until it returns true.
template <typename Match>
bool ForEachLine(const char* text, size_t size, UserEntry* entry, Match match) {
  const char* const end = text + size;
  for (const char* line = text; line < end;) {
    const char* newline = static_cast<const char*>(memchr(line, '\n', static_cast<size_t>(end - line)));
    const char* const line_end = newline == nullptr ? end : newline;
    const char* field[5];
    int fields = 0;
    field[fields++] = line;
    for (const char* p = line; p < line_end && fields < 5; ++p) {
      if (*p == ':') field[fields++] = p + 1;
    }
    // name:password:id:... ; the third field must be closed by a colon.
    UserEntry found;
    if (fields >= 4 && ParseId(field[2], field[3] - 1, &found.id)) {
      if (!ParseId(field[3], fields == 5 ? field[4] - 1 : line_end, &found.group)) found.group = 0;
      if (match(line, field[1] - 1, found)) {
        *entry = found;
        return true;
      }
    }
    line = line_end + 1;
  }
  return false;
}

bool ReadRegularFile(const char* path, std::string* content) {
  // O_NONBLOCK: a guest's file may be a pipe.
  util::UniqueFd fd(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status = {};
  if (!fd || fstat(fd.get(), &status) < 0 || !S_ISREG(status.st_mode)) return false;
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return true;
    content->append(buffer, static_cast<size_t>(got));
    if (content->size() > kMaximumFile) return false;
  }
}

bool Number(const std::string& text, uint32_t* id) {
  return ParseId(text.data(), text.data() + text.size(), id);
}

}  // namespace

bool ParseId(const char* begin, const char* end, uint32_t* id) {
  if (begin >= end || end - begin > 10) return false;
  uint64_t value = 0;
  for (const char* p = begin; p < end; ++p) {
    if (*p < '0' || *p > '9') return false;
    value = value * 10 + static_cast<uint64_t>(*p - '0');
  }
  if (value >= UINT32_MAX) return false;
  *id = static_cast<uint32_t>(value);
  return true;
}

bool FindByName(const char* text, size_t size, const std::string& name, UserEntry* entry) {
  return ForEachLine(text, size, entry, [&](const char* begin, const char* end, const UserEntry&) {
    return static_cast<size_t>(end - begin) == name.size() && memcmp(begin, name.data(), name.size()) == 0;
  });
}

bool FindById(const char* text, size_t size, uint32_t id, UserEntry* entry) {
  return ForEachLine(text, size, entry,
                     [&](const char*, const char*, const UserEntry& found) { return found.id == id; });
}

bool FindUser(const std::string& user, const std::string& group, uint32_t* uid, uint32_t* gid, std::string* fault) {
  *uid = 0;
  *gid = 0;
  if (!user.empty()) {
    std::string passwd;
    const bool readable = ReadRegularFile("/etc/passwd", &passwd);
    UserEntry entry;
    if (user[0] == '+') {
      if (!Number(user.substr(1), uid)) {
        *fault = "user " + user + " is no number";
        return false;
      }
      if (FindById(passwd.data(), passwd.size(), *uid, &entry)) *gid = entry.group;
    } else if (FindByName(passwd.data(), passwd.size(), user, &entry)) {
      *uid = entry.id;
      *gid = entry.group;
    } else if (Number(user, uid)) {
      if (FindById(passwd.data(), passwd.size(), *uid, &entry)) *gid = entry.group;
    } else {
      *fault = readable ? "user " + user + " is not in /etc/passwd of the guest"
                        : "user " + user + ": /etc/passwd of the guest cannot be read";
      return false;
    }
  }
  if (group.empty()) return true;
  if (group[0] == '+') {
    if (Number(group.substr(1), gid)) return true;
    *fault = "group " + group + " is no number";
    return false;
  }
  std::string groups;
  const bool readable = ReadRegularFile("/etc/group", &groups);
  UserEntry entry;
  if (FindByName(groups.data(), groups.size(), group, &entry)) {
    *gid = entry.id;
    return true;
  }
  if (Number(group, gid)) return true;
  *fault = readable ? "group " + group + " is not in /etc/group of the guest"
                    : "group " + group + ": /etc/group of the guest cannot be read";
  return false;
}

}  // namespace reeve::lxc
