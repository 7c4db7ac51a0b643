// What daemon and supervisor say to each other, one SOCK_SEQPACKET message each; file descriptors go along with
// SCM_RIGHTS. Plain data, shared by both sides.
#pragma once

#include <cstdint>
#include <string>

#include "drivers/lxc/steps.h"

namespace reeve::lxc {

// A control message is at most this long, encoded.
inline constexpr size_t kMaximumMessage = 4096;

enum class MessageKind : uint8_t {
  // To the supervisor.
  kGo = 1,   // launch; descriptor: the group's v2 directory, if there is one
  kProceed,  // execute init, of a guest that is started paused
  kSignal,   // number: send it to init (0: nothing) and remember that the guest has been asked to end
  kReboot,   // number: send it to init (0: nothing) and launch it again when it ends
  kAttach,   // number: the console; flag: with what the ring holds; descriptor: the client's end
  // From the supervisor. Each of the first three has init's pidfd.
  kReady,     // init waits for kProceed
  kStarted,   // init runs
  kRebooted,  // init runs again; flag: as asked for
  kHello,     // first message on a new connection: init runs
  kFailed,    // the launch failed and is undone; step, error, text
  kExited,    // the guest has ended; exit
  // To the supervisor. Numbers stay as they are: supervisors outlive daemons of other versions.
  kTask,  // descriptor: the far end of a task's socket (guest_task.h)
  kPass,  // before kGo; descriptor: the next of the open files that init gets from 3 on
  kLast = kPass,
};

enum class ExitKind : uint8_t {
  kExited = 1,    // code
  kKilled,        // signal
  kHalted,        // power-off or halt by reboot(2)
  kRestarted,     // restart by reboot(2), and the specification wants no restart
  kLaunchFailed,  // a reboot, or the exec of a guest that was started paused; text
};

// How a guest ended; also the file "exit" of the run directory.
struct ExitRecord {
  ExitKind kind = ExitKind::kExited;
  int32_t code = 0;
  int32_t signal = 0;
  bool out_of_memory = false;  // killed, and the kernel killed something of the group for want of memory
  bool asked = false;          // it had been asked to end
  int64_t time_ns = 0;         // CLOCK_REALTIME
  std::string text;
};

struct Message {
  MessageKind kind = MessageKind::kGo;
  int64_t pid = 0;            // init's
  int64_t start_time_ns = 0;  // CLOCK_REALTIME
  uint32_t number = 0;
  bool flag = false;
  Step step = Step::kReadPlan;
  int32_t error = 0;  // errno; 0: the text says all
  std::string text;
  ExitRecord exit;
};

std::string EncodeMessage(Message message);
bool DecodeMessage(const char* bytes, size_t size, Message* message);
std::string EncodeExit(ExitRecord record);
bool DecodeExit(const char* bytes, size_t size, ExitRecord* record);

// Sends one message, with `fd` when it is not -1. Never waits. Returns 0 or an errno value; EAGAIN when the peer has
// left too much unread.
int SendMessage(int socket, Message message, int fd = -1);
// Receives one message, and a descriptor into `fd` (close-on-exec; -1: none came), which the caller owns. `flags` as
// for recvmsg(2). Returns 0 or an errno value: ECONNRESET at the end, EBADMSG for what is no message.
int ReceiveMessage(int socket, Message* message, int* fd, int flags = 0);

// Descriptors of a supervisor: the control connection, the run directory, and from the third on those that it holds.
inline constexpr int kControlDescriptor = 3;
inline constexpr int kRunDirectoryDescriptor = 4;
inline constexpr int kFirstHeldDescriptor = 5;

// Console sockets: SOCK_SEQPACKET, first byte is the kind.
enum class ConsoleKind : uint8_t {
  kOutput = 1,  // u64 number of bytes lost before, little-endian; bytes
  kInput,       // bytes
  kResize,      // u16 columns, u16 rows, little-endian
};
inline constexpr size_t kConsoleChunk = 4096;  // most bytes of output or input in one message
inline constexpr size_t kConsoleRing = 64 * 1024;

}  // namespace reeve::lxc
