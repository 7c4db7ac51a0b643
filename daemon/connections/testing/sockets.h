// Unix sockets for tests.
#pragma once

#include <string>

#include "util/fd.h"

namespace reeve::connections::testing {

// A directory with a short path (sockets have 107 bytes), gone with everything in it at the end.
class SocketDirectory {
 public:
  SocketDirectory();
  ~SocketDirectory();
  SocketDirectory(const SocketDirectory&) = delete;
  SocketDirectory& operator=(const SocketDirectory&) = delete;
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// A connected blocking socket, or none.
util::UniqueFd Connect(const std::string& path);
// A listening blocking socket; its path stays when it is closed.
util::UniqueFd ListenAt(const std::string& path);
// Waits for the end of the connection and says whether it came without a byte (within 10 s).
bool SeesEnd(int socket);

}  // namespace reeve::connections::testing
