#include "daemon/connections/testing/sockets.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace reeve::connections::testing {
namespace {

sockaddr_un Address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

}  // namespace

SocketDirectory::SocketDirectory() {
  std::string name = "/tmp/reeve-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = name;
}

SocketDirectory::~SocketDirectory() {
  std::filesystem::remove_all(path_);
}

util::UniqueFd Connect(const std::string& path) {
  util::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = Address(path);
  if (!socket || ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return {};
  return socket;
}

util::UniqueFd ListenAt(const std::string& path) {
  util::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = Address(path);
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(socket.get(), 16) != 0) {
    throw std::runtime_error("listen at " + path);
  }
  return socket;
}

bool SeesEnd(int socket) {
  pollfd poll{.fd = socket, .events = POLLIN, .revents = 0};
  if (::poll(&poll, 1, 10000) != 1) return false;
  char byte;
  return ::recv(socket, &byte, 1, 0) <= 0;
}

}  // namespace reeve::connections::testing
