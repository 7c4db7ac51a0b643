#include "drivers/lxc/guest_task.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "drivers/lxc/codec.h"

namespace reeve::lxc {

template <typename Archive>
void Fields(Archive& archive, TaskRequest& request) {
  archive(request.version);
  archive(request.kind);
  archive(request.arguments);
  archive(request.environment);
  archive(request.directory);
  archive(request.user);
  archive(request.group);
  archive(request.terminal);
  archive(request.columns);
  archive(request.rows);
  archive(request.detach);
  archive(request.path);
  archive(request.mode);
  archive(request.user_id);
  archive(request.group_id);
  archive(request.no_replace);
  archive(request.number);
  archive(request.devices);
}

template <typename Archive>
void Fields(Archive& archive, TaskReport& report) {
  archive(report.kind);
  archive(report.pid);
  archive(report.size);
  archive(report.mode);
  archive(report.user_id);
  archive(report.group_id);
  archive(report.time_ns);
  archive(report.code);
  archive(report.signal);
  archive(report.error);
  archive(report.text);
}

namespace {

constexpr size_t kMaximumReportText = 48 * 1024;

template <typename Structure>
std::string Encode(Structure& structure) {
  std::string bytes;
  Encoder encoder(&bytes);
  encoder(structure);
  return bytes;
}

}  // namespace

std::string EncodeTaskRequest(TaskRequest request) {
  return Encode(request);
}

bool DecodeTaskRequest(const char* bytes, size_t size, TaskRequest* request) {
  if (size > kMaximumTaskRequest) return false;
  Decoder decoder(bytes, size);
  decoder(*request);
  return decoder.Done() && request->version == TaskRequest().version && request->kind >= TaskKind::kExecute &&
         request->kind <= TaskKind::kLast;
}

std::string EncodeTaskReport(TaskReport report) {
  if (report.text.size() > kMaximumReportText) report.text.resize(kMaximumReportText);
  return Encode(report);
}

bool DecodeTaskReport(const char* bytes, size_t size, TaskReport* report) {
  if (size > kMaximumTaskReport) return false;
  Decoder decoder(bytes, size);
  decoder(*report);
  return decoder.Done() && report->kind >= TaskReportKind::kStarted && report->kind <= TaskReportKind::kLast;
}

int SendWithDescriptors(int socket, const std::string& bytes, const std::vector<int>& descriptors, int flags) {
  iovec part = {const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(kTaskDescriptors * sizeof(int))] = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (descriptors.size() > kTaskDescriptors) return EINVAL;
  if (!descriptors.empty()) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size() * sizeof(int));
  }
  while (sendmsg(socket, &header, MSG_NOSIGNAL | flags) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int ReceiveWithDescriptors(int socket, size_t limit, std::string* bytes, std::vector<util::UniqueFd>* descriptors,
                           int flags) {
  bytes->resize(limit);
  iovec part = {bytes->data(), limit};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * kTaskDescriptors * sizeof(int))];
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t got;
  do {
    got = recvmsg(socket, &header, flags | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno;
  for (cmsghdr* rights = CMSG_FIRSTHDR(&header); rights != nullptr; rights = CMSG_NXTHDR(&header, rights)) {
    if (rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS) continue;
    for (size_t i = 0; i < (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i) {
      int received;
      memcpy(&received, CMSG_DATA(rights) + i * sizeof(int), sizeof received);
      descriptors->emplace_back(received);
    }
  }
  bytes->resize(static_cast<size_t>(got));
  if (got == 0) return ECONNRESET;
  const bool bad = (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || descriptors->size() > kTaskDescriptors;
  return bad ? EBADMSG : 0;
}

}  // namespace reeve::lxc
