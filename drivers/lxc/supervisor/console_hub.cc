#include "drivers/lxc/supervisor/console_hub.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace reeve::lxc {
namespace {

constexpr size_t kMaximumClients = 64;
constexpr size_t kOutputHeader = 1 + 8;

}  // namespace

uint64_t ConsoleHub::Data(bool client, size_t index) const {
  return uint64_t{tag_} << 56 | uint64_t{client} << 48 | index;
}

bool ConsoleHub::Watch(int operation, int fd, uint32_t events, uint64_t data) const {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = data;
  return epoll_ctl(epoll_, operation, fd, &event) == 0;
}

bool ConsoleHub::OpenLogs(const std::vector<ConsoleLogPlan>& plans, Failure* failure) {
  ports_.resize(plans.size());
  for (size_t i = 0; i < plans.size(); ++i) {
    if (!plans[i].path.empty() && !ports_[i].log.Open(plans[i].path, plans[i].append, failure)) return false;
  }
  return true;
}

bool ConsoleHub::Adopt(std::vector<Terminal> terminals) {
  if (ports_.size() < terminals.size()) ports_.resize(terminals.size());
  for (size_t i = 0; i < terminals.size(); ++i) {
    ports_[i].terminal = std::move(terminals[i]);
    ports_[i].input.clear();
    if (!Watch(EPOLL_CTL_ADD, ports_[i].terminal.master.get(), EPOLLIN, Data(false, i))) return false;
  }
  for (size_t i = 0; i < clients_.size(); ++i) Reconsider(i);
  return true;
}

void ConsoleHub::AddClient(uint32_t console, bool replay, util::UniqueFd socket) {
  if (console >= ports_.size()) return;
  auto free = std::find_if(clients_.begin(), clients_.end(), [](const Client& client) { return !client.socket; });
  if (free == clients_.end()) {
    if (clients_.size() >= kMaximumClients) return;
    free = clients_.emplace(clients_.end());
  }
  const size_t index = static_cast<size_t>(free - clients_.begin());
  Client& client = *free;
  client.socket = std::move(socket);
  client.console = console;
  const uint64_t end = ports_[console].end;
  // What has left the ring before the client came is nothing that it lost.
  client.position = replay ? end - std::min<uint64_t>(end, kConsoleRing) : end;
  client.interest = 0;
  if (!Watch(EPOLL_CTL_ADD, client.socket.get(), 0, Data(true, index))) {
    client.socket.Reset();
    return;
  }
  Pump(index);
}

void ConsoleHub::Handle(uint64_t data, uint32_t events) {
  const size_t index = data & 0xffffffff;
  if ((data >> 48 & 1) != 0) {
    if (index >= clients_.size() || !clients_[index].socket) return;
    if ((events & EPOLLIN) != 0) {
      ReadClient(index);
    } else if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
      Drop(index);
    }
    if ((events & EPOLLOUT) != 0 && clients_[index].socket) Pump(index);
    return;
  }
  if (index >= ports_.size()) return;
  if ((events & EPOLLOUT) != 0) WritePort(index);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && ReadPort(&ports_[index])) PumpAll(index);
}

void ConsoleHub::Drain() {
  for (size_t i = 0; i < ports_.size(); ++i) {
    // At most what fits into the ring, should the guest have left something that goes on writing.
    for (size_t reads = 0; reads < 2 * kConsoleRing / kConsoleChunk && ReadPort(&ports_[i]); ++reads) {
    }
    PumpAll(i);
  }
}

bool ConsoleHub::ReadPort(Port* port) {
  if (port->ring == nullptr) {
    void* memory = mmap(nullptr, kConsoleRing, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) port->ring = static_cast<char*>(memory);
  }
  char discard[256];
  char* to = discard;
  size_t room = sizeof discard;  // without memory the guest must not block either
  if (port->ring != nullptr) {
    const size_t offset = port->end % kConsoleRing;
    to = port->ring + offset;
    room = std::min(kConsoleRing - offset, kConsoleChunk);
  }
  const ssize_t got = read(port->terminal.master.get(), to, room);
  if (got < 0 && errno == EIO) {
    // The guest has hung its terminal up (vhangup(2), as getty does), our slave with it. A new one ends that state;
    // without one the master would report the hang-up for ever.
    port->terminal.slave.Reset(ioctl(port->terminal.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!port->terminal.slave) (void)epoll_ctl(epoll_, EPOLL_CTL_DEL, port->terminal.master.get(), nullptr);
  }
  if (got <= 0) return false;
  if (port->log.is_open()) port->log.Write(to, static_cast<size_t>(got));
  if (port->ring != nullptr) port->end += static_cast<uint64_t>(got);
  return true;
}

void ConsoleHub::PumpAll(size_t console) {
  for (size_t i = 0; i < clients_.size(); ++i) {
    if (clients_[i].socket && clients_[i].console == console) Pump(i);
  }
}

void ConsoleHub::Pump(size_t index) {
  Client& client = clients_[index];
  const Port& port = ports_[client.console];
  while (client.position < port.end) {
    const uint64_t oldest = port.end - std::min<uint64_t>(port.end, kConsoleRing);
    const uint64_t lost = client.position < oldest ? oldest - client.position : 0;
    const uint64_t begin = client.position + lost;
    const size_t offset = begin % kConsoleRing;
    const size_t size = std::min<uint64_t>({port.end - begin, kConsoleRing - offset, kConsoleChunk});
    char header[kOutputHeader];
    header[0] = static_cast<char>(ConsoleKind::kOutput);
    for (int i = 0; i < 8; ++i) header[1 + i] = static_cast<char>(lost >> (8 * i));
    iovec parts[2] = {{header, sizeof header}, {port.ring + offset, size}};
    msghdr message = {};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    if (sendmsg(client.socket.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return Drop(index);
      break;
    }
    client.position = begin + size;
  }
  Reconsider(index);
}

// Sets what the client is watched for: room when it is behind, input while the terminal takes some.
void ConsoleHub::Reconsider(size_t index) {
  Client& client = clients_[index];
  if (!client.socket) return;
  const Port& port = ports_[client.console];
  const uint32_t interest =
      (client.position < port.end ? uint32_t{EPOLLOUT} : 0) | (port.input.empty() ? uint32_t{EPOLLIN} : 0);
  if (interest == client.interest) return;
  if (!Watch(EPOLL_CTL_MOD, client.socket.get(), interest, Data(true, index))) return Drop(index);
  client.interest = interest;
}

void ConsoleHub::ReadClient(size_t index) {
  Client& client = clients_[index];
  Port& port = ports_[client.console];
  char bytes[kConsoleChunk + 1];
  const ssize_t got = recv(client.socket.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return Drop(index);
  if (bytes[0] == static_cast<char>(ConsoleKind::kInput) && got > 1) {
    port.input.assign(bytes + 1, static_cast<size_t>(got) - 1);
    port.input_done = 0;
    WritePort(client.console);
  } else if (bytes[0] == static_cast<char>(ConsoleKind::kResize) && got == 5) {
    const auto half = [&](int at) {
      return static_cast<unsigned short>(static_cast<unsigned char>(bytes[at]) |
                                         static_cast<unsigned char>(bytes[at + 1]) << 8);
    };
    winsize size = {};
    size.ws_col = half(1);
    size.ws_row = half(3);
    (void)ioctl(port.terminal.master.get(), TIOCSWINSZ, &size);  // a guest that has hung up its terminal misses nothing
  } else {
    Drop(index);
  }
}

void ConsoleHub::WritePort(size_t console) {
  Port& port = ports_[console];
  while (port.input_done < port.input.size()) {
    const ssize_t written =
        write(port.terminal.master.get(), port.input.data() + port.input_done, port.input.size() - port.input_done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) break;
    if (written < 0) {  // the terminal is gone, and what was typed with it
      port.input.clear();
      break;
    }
    port.input_done += static_cast<size_t>(written);
  }
  const bool waiting = port.input_done < port.input.size();
  if (!waiting) port.input.clear();
  (void)Watch(EPOLL_CTL_MOD, port.terminal.master.get(), EPOLLIN | (waiting ? uint32_t{EPOLLOUT} : 0),
              Data(false, console));
  for (size_t i = 0; i < clients_.size(); ++i) {
    if (clients_[i].socket && clients_[i].console == console) Reconsider(i);
  }
}

void ConsoleHub::Drop(size_t index) {
  clients_[index].socket.Reset();  // epoll forgets it by that
  clients_[index].interest = 0;
}

}  // namespace reeve::lxc
