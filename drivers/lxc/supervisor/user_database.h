// /etc/passwd and /etc/group of the guest, read with a bounded parser of our own: the name service of the host must not
// be asked about a guest's users, and that of the guest must not be loaded into our process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace reeve::lxc {

struct UserEntry {
  uint32_t id = 0;     // third field
  uint32_t group = 0;  // fourth field; 0 where it is no number (group files)
};

// Finds the first line whose name is `name` in `text` (passwd(5), group(5)). Malformed lines are passed over.
bool FindByName(const char* text, size_t size, const std::string& name, UserEntry* entry);
// The same by id.
bool FindById(const char* text, size_t size, uint32_t id, UserEntry* entry);
// Decimal digits only, at most 4294967294 (4294967295 means "no change" to setuid(2)).
bool ParseId(const char* begin, const char* end, uint32_t* id);

// User and group for `user` and `group` as LaunchPlan has them, from the files below the present root directory. False
// with what is unknown or wrong in `fault`.
bool FindUser(const std::string& user, const std::string& group, uint32_t* uid, uint32_t* gid, std::string* fault);

}  // namespace reeve::lxc
