// What the daemon has the supervisor do inside of a guest that runs: commands, files, queries. Each has a socket of its
// own (SOCK_SEQPACKET), whose other end goes along with MessageKind::kTask; the request lies in it already, with
// descriptors. Plain data, shared by both sides.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "util/fd.h"

namespace reeve::lxc {

// A request is at most this long, encoded; a report too.
inline constexpr size_t kMaximumTaskRequest = 192 * 1024;
inline constexpr size_t kMaximumTaskReport = 60 * 1024;
inline constexpr size_t kTaskDescriptors = 3;

enum class TaskKind : uint8_t {
  kExecute = 1,  // descriptors: input, output, error output; none with a terminal or detached
  kPushFile,     // descriptor: the file's bytes
  kPullFile,     // descriptor: where the file's bytes go
  kHostname,     // kText
  kAddresses,    // kText, once or more
  kInitctl,      // number: the runlevel
  // Changes of the guest's devices, one in `devices`, also while it is paused.
  kAttachNode,  // descriptor, if any: what keeps the device there
  kDetachNode,
  kAttachFilesystem,  // likewise
  kDetachFilesystem,
  kAttachInterface,
  kDetachInterface,
  kUpdateInterface,  // link state, bridge and rates
  kLast = kUpdateInterface,
};

struct TaskRequest {
  uint16_t version = 1;
  TaskKind kind = TaskKind::kExecute;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // "NAME=value"
  std::string directory;
  std::string user;   // empty: that of the first process
  std::string group;  // empty: the user's
  bool terminal = false;
  uint16_t columns = 80;
  uint16_t rows = 24;
  bool detach = false;
  std::string path;
  uint32_t mode = 0644;
  uint32_t user_id = 0;
  uint32_t group_id = 0;
  bool no_replace = false;
  uint32_t number = 0;
  std::string devices;  // EncodeDevices
};

// To the supervisor, behind the request: one byte, or two.
enum class TaskWord : char {
  kSignal = 's',  // and the number: to the command
  kCommit = 'c',  // the file is whole
};

enum class TaskReportKind : uint8_t {
  kStarted = 1,  // pid; descriptor: the terminal's master, if there is one
  kFile,         // size, mode, user_id, group_id, time_ns
  kText,         // text
  kEnded,        // code or signal of a command; 0 of what else has been done
  kFailed,       // text: the step and its object; error: errno, 0: the text says all
  kLast = kFailed,
};

struct TaskReport {
  TaskReportKind kind = TaskReportKind::kEnded;
  int64_t pid = 0;
  uint64_t size = 0;
  uint32_t mode = 0;
  uint32_t user_id = 0;
  uint32_t group_id = 0;
  int64_t time_ns = 0;
  int32_t code = 0;
  int32_t signal = 0;
  int32_t error = 0;
  std::string text;
};

std::string EncodeTaskRequest(TaskRequest request);
bool DecodeTaskRequest(const char* bytes, size_t size, TaskRequest* request);
std::string EncodeTaskReport(TaskReport report);
bool DecodeTaskReport(const char* bytes, size_t size, TaskReport* report);

// Sends bytes with up to kTaskDescriptors descriptors. Never waits when `flags` has MSG_DONTWAIT. 0 or an errno value.
int SendWithDescriptors(int socket, const std::string& bytes, const std::vector<int>& descriptors, int flags);
// Receives at most `limit` bytes, and the descriptors that came along. 0 or an errno value: ECONNRESET at the end,
// EBADMSG for what is longer or has more descriptors.
int ReceiveWithDescriptors(int socket, size_t limit, std::string* bytes, std::vector<util::UniqueFd>* descriptors,
                           int flags);

}  // namespace reeve::lxc
