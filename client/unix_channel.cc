#include "client/unix_channel.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/fd_channel.h"
#include "util/errno.h"
#include "util/fd.h"

namespace reeve::client {
namespace {

// "group 'reeve'": the group whose members may connect, as the socket's file says.
std::string GroupOf(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return "";
  group entry;
  group* found = nullptr;
  std::vector<char> buffer(1 << 16);
  if (::getgrgid_r(info.st_gid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return absl::StrCat("group '", found->gr_name, "'");
  }
  return absl::StrCat("group ", info.st_gid);
}

absl::Status ConnectError(const std::string& path, int error) {
  const std::string message =
      absl::StrCat("cannot connect to ", path, ": ", util::ErrnoStatus(error, "connect").message().substr(9));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
      return absl::UnavailableError(absl::StrCat(message, "; is reeved running?"));
    case EACCES:
    case EPERM: {
      const std::string group = GroupOf(path);
      if (group.empty()) return absl::PermissionDeniedError(absl::StrCat(message, "; become root"));
      return absl::PermissionDeniedError(
          absl::StrCat(message, "; become root or a member of ", group, ", or try --readonly"));
    }
    case EAGAIN:
      return absl::UnavailableError(absl::StrCat("cannot connect to ", path, ": reeved has too many waiting clients"));
    default:
      return absl::UnavailableError(message);
  }
}

}  // namespace

absl::StatusOr<util::UniqueFd> ConnectUnixSocket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("socket path ", path, " is ", path.size(), " bytes long, at most ",
                                                   sizeof(address.sun_path) - 1, " are possible"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  util::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return util::ErrnoStatus("socket");
  int result;
  do {
    result = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  } while (result != 0 && errno == EINTR);
  if (result != 0) return ConnectError(path, errno);
  return fd;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectUnix(const std::string& path) {
  absl::StatusOr<util::UniqueFd> socket = ConnectUnixSocket(path);
  if (!socket.ok()) return socket.status();
  return ChannelFromFd(*std::move(socket), path);
}

}  // namespace reeve::client
