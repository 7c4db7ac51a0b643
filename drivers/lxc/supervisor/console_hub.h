// The consoles of a guest: drains their terminals always, so that a guest never blocks on output nobody reads, keeps
// the newest output of each and gives it to those who are attached.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/lxc/messages.h"
#include "drivers/lxc/supervisor/console_log.h"
#include "drivers/lxc/supervisor/prepare.h"
#include "util/fd.h"

namespace reeve::lxc {

// Not thread-safe. Uses an epoll instance of the caller, whose events' data it fills in with `tag` in the highest byte;
// the caller hands events with that tag to Handle.
class ConsoleHub {
 public:
  ConsoleHub(int epoll, uint8_t tag) : epoll_(epoll), tag_(tag) {}

  // Opens the logs; before the first launch.
  bool OpenLogs(const std::vector<ConsoleLogPlan>& plans, Failure* failure);
  // Takes the terminals of a launch, in place of those of an earlier one; attached clients stay. False: errno.
  bool Adopt(std::vector<Terminal> terminals);
  // Attaches a client; when that cannot be (no such console, too many clients), its socket is closed.
  void AddClient(uint32_t console, bool replay, util::UniqueFd socket);
  void Handle(uint64_t data, uint32_t events);
  // Takes what the terminals still hold and gives it to the clients, as far as they take it.
  void Drain();

 private:
  struct Port {
    Terminal terminal;
    char* ring = nullptr;  // kConsoleRing bytes, mapped at the first output
    uint64_t end = 0;      // bytes of output ever
    ConsoleLog log;
    std::string input;     // what the terminal did not take yet; while there is some, no client is read
    size_t input_done = 0;
  };
  struct Client {
    util::UniqueFd socket;  // empty: free
    uint32_t console = 0;
    uint64_t position = 0;  // in the output; behind it is read
    uint32_t interest = 0;
  };

  uint64_t Data(bool client, size_t index) const;
  bool Watch(int operation, int fd, uint32_t events, uint64_t data) const;
  // One read; false when there is nothing more now.
  bool ReadPort(Port* port);
  void WritePort(size_t index);
  void Pump(size_t client);
  void PumpAll(size_t console);
  void ReadClient(size_t client);
  void Reconsider(size_t client);
  void Drop(size_t client);

  int epoll_;
  uint8_t tag_;
  std::vector<Port> ports_;
  std::vector<Client> clients_;
};

}  // namespace reeve::lxc
