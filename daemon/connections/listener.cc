#include "daemon/connections/listener.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "util/errno.h"

namespace reeve::connections {
namespace {

constexpr size_t kPathLimit = sizeof(sockaddr_un::sun_path) - 1;
constexpr absl::string_view kNewSuffix = "~";

socklen_t Address(const std::string& path, sockaddr_un* address) {
  *address = {};
  address->sun_family = AF_UNIX;
  std::memcpy(address->sun_path, path.data(), path.size());
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
}

absl::StatusOr<gid_t> GroupId(const std::string& name) {
  std::vector<char> buffer(4096);
  group entry{};
  group* found = nullptr;
  int error = 0;
  while ((error = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found)) == ERANGE &&
         buffer.size() < (1 << 20)) {
    buffer.resize(buffer.size() * 2);
  }
  if (error != 0) return util::ErrnoStatus(error, absl::StrCat("look up the group ", name));
  if (found == nullptr) return absl::NotFoundError(absl::StrCat("there is no group ", name));
  return found->gr_gid;
}

// Whether `path` may be taken: nothing is there, or a socket that nobody listens on.
absl::Status CheckFree(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus() : util::ErrnoStatus(absl::StrCat("look at ", path));
  }
  if (!S_ISSOCK(info.st_mode)) return absl::AlreadyExistsError(absl::StrCat(path, " is there and is not a socket"));
  const util::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return util::ErrnoStatus("make a socket");
  sockaddr_un address;
  const socklen_t length = Address(path, &address);
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0 || errno == EAGAIN) {
    return absl::AlreadyExistsError(absl::StrCat("another process listens on ", path));
  }
  return errno == ECONNREFUSED || errno == ENOENT ? absl::OkStatus()
                                                  : util::ErrnoStatus(absl::StrCat("try to connect to ", path));
}

// Binds under another name, and moves the socket to its own when it is as it shall be: who connects finds it with the
// right mode and listening, or not at all.
absl::Status BindAndPlace(int socket, const Listener::Options& options, struct stat* placed) {
  const std::string working = absl::StrCat(options.path, kNewSuffix);
  if (::unlink(working.c_str()) != 0 && errno != ENOENT) return util::ErrnoStatus(absl::StrCat("remove ", working));
  sockaddr_un address;
  const socklen_t length = Address(working, &address);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    return util::ErrnoStatus(absl::StrCat("bind ", options.path));
  }
  const auto place = [&]() -> absl::Status {
    if (!options.group.empty()) {
      const absl::StatusOr<gid_t> group = GroupId(options.group);
      if (!group.ok()) return group.status();
      if (::lchown(working.c_str(), static_cast<uid_t>(-1), *group) != 0) {
        return util::ErrnoStatus(absl::StrCat("give ", options.path, " to the group ", options.group));
      }
    }
    if (::chmod(working.c_str(), options.mode) != 0) {
      return util::ErrnoStatus(absl::StrCat("set the mode of ", options.path));
    }
    if (::listen(socket, options.backlog) != 0) return util::ErrnoStatus(absl::StrCat("listen on ", options.path));
    if (::lstat(working.c_str(), placed) != 0) return util::ErrnoStatus(absl::StrCat("look at ", working));
    if (::rename(working.c_str(), options.path.c_str()) != 0) {
      return util::ErrnoStatus(absl::StrCat("rename ", working, " to ", options.path));
    }
    return absl::OkStatus();
  };
  absl::Status status = place();
  // The first error is the one to tell; nobody finds the socket under this name.
  if (!status.ok()) (void)::unlink(working.c_str());
  return status;
}

absl::Status CheckOption(int socket, int option, int wanted, absl::string_view what) {
  int value = 0;
  socklen_t length = sizeof(value);
  if (::getsockopt(socket, SOL_SOCKET, option, &value, &length) != 0) {
    return util::ErrnoStatus("look at the socket that was passed");
  }
  if (value != wanted) return absl::InvalidArgumentError(absl::StrCat("the descriptor that was passed is not ", what));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Listener> Listener::Create(const Options& options) {
  if (options.path.empty() || options.path[0] != '/' || options.path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("the path of a socket must be absolute: ", options.path));
  }
  if (options.path.size() + kNewSuffix.size() > kPathLimit) {
    return absl::InvalidArgumentError(absl::StrCat("the path of the socket has ", options.path.size(),
                                                   " bytes, at most ", kPathLimit - kNewSuffix.size(),
                                                   " are possible: ", options.path));
  }
  if (absl::Status status = CheckFree(options.path); !status.ok()) return status;
  util::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return util::ErrnoStatus("make a socket");
  struct stat info {};
  if (absl::Status status = BindAndPlace(socket.get(), options, &info); !status.ok()) return status;
  return Listener(std::move(socket), options.path, options.read_only, true, info.st_dev, info.st_ino);
}

absl::StatusOr<Listener> Listener::Adopt(util::UniqueFd socket, bool read_only) {
  if (absl::Status status = CheckOption(socket.get(), SO_DOMAIN, AF_UNIX, "a Unix socket"); !status.ok()) return status;
  if (absl::Status status = CheckOption(socket.get(), SO_TYPE, SOCK_STREAM, "a stream socket"); !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckOption(socket.get(), SO_ACCEPTCONN, 1, "listening"); !status.ok()) return status;
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return util::ErrnoStatus("prepare the socket that was passed");
  }
  sockaddr_un address{};
  socklen_t length = sizeof(address);
  std::string path;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0 && address.sun_path[0] == '/') {
    path.assign(address.sun_path, ::strnlen(address.sun_path, sizeof(address.sun_path)));
  }
  return Listener(std::move(socket), std::move(path), read_only, false, 0, 0);
}

Listener::Listener(util::UniqueFd socket, std::string path, bool read_only, bool remove, dev_t device, ino_t inode)
    : socket_(std::move(socket)),
      path_(std::move(path)),
      read_only_(read_only),
      remove_(remove),
      device_(device),
      inode_(inode) {}

Listener::Listener(Listener&& other) noexcept {
  *this = std::move(other);
}

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this == &other) return *this;
  RemovePath();
  socket_ = std::move(other.socket_);
  path_ = std::move(other.path_);
  read_only_ = other.read_only_;
  remove_ = std::exchange(other.remove_, false);
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

Listener::~Listener() {
  RemovePath();
}

void Listener::RemovePath() {
  if (!std::exchange(remove_, false)) return;
  struct stat info {};
  if (::lstat(path_.c_str(), &info) != 0 || info.st_dev != device_ || info.st_ino != inode_) return;
  // If this fails a stale socket stays, which the next daemon replaces.
  (void)::unlink(path_.c_str());
}

}  // namespace reeve::connections
