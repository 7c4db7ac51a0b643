// A helper process of the supervisor, which does one task inside of the guest.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/lxc/guest_task.h"
#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/failure.h"
#include "util/fd.h"

namespace reeve::lxc {

// Numbers of the descriptors that a helper has, beside the standard streams; everything else of the supervisor is
// closed before the guest is entered.
inline constexpr int kTaskStatus = 3;   // to the supervisor, SOCK_SEQPACKET: reports and, of kExecute, ChildFound
inline constexpr int kTaskGuest = 4;    // pidfd of the guest's first process
inline constexpr int kTaskSelf = 5;     // the host's /proc/self/fd
inline constexpr int kTaskStreams = 6;  // and following: what came with the request

// What a helper says of the process that will be the command, with its pidfd: the byte and its pid.
inline constexpr char kChildFound = 'p';

// What a task works with.
struct TaskContext {
  const LaunchPlan* plan;
  const TaskRequest* request;
  pid_t guest;
  size_t streams;
  std::vector<uint64_t> host_inits;  // device and inode of each, one behind the other
};

// Sends a report to the supervisor; one that cannot be sent has nobody to hear it.
void ReportTask(TaskReport report, int descriptor = -1);
// Reports that the task is done.
void ReportEnd();
// Reports a failure: "open /etc/x" and the errno.
bool FailTask(const std::string& what, int error);
bool FailTask(const Failure& failure);

// Runs in the helper, which is in the guest's v2 group where the task is a command, and joins its v1 groups then; never
// returns. `descriptors` are in the order of the numbers above.
[[noreturn]] void RunTask(const LaunchPlan& plan, const TaskRequest& request, pid_t guest,
                          const std::vector<int>& descriptors);

// The tasks. In the guest's namespaces, as its root user with the capabilities that the guest has. False: reported.
bool ExecuteCommand(const TaskContext& context);
bool PushFile(const TaskContext& context);
bool PullFile(const TaskContext& context);
bool TellHostname(const TaskContext& context);
bool TellAddresses(const TaskContext& context);
bool AskInit(const TaskContext& context);
// Attaches or detaches a file system; enters the guest itself, by the next two.
bool ChangeFilesystem(const TaskContext& context);
// The namespaces of the guest that are not ours: also those that it shares with other guests. CLONE_NEW* flags.
bool FindNamespaces(pid_t guest, int* namespaces);
// Enters them, as the guest's root user with all capabilities there.
bool EnterGuest(const LaunchPlan& plan, int namespaces);
// Notes the host's files that AskInit must not write to; before the guest is entered.
void NoteHostInits(std::vector<uint64_t>* inits);

}  // namespace reeve::lxc
