#include "drivers/lxc/messages.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "drivers/lxc/codec.h"

namespace reeve::lxc {
namespace {

constexpr size_t kMaximumErrorText = 2048;

}  // namespace

template <typename Archive>
void Fields(Archive& archive, ExitRecord& record) {
  archive(record.kind);
  archive(record.code);
  archive(record.signal);
  archive(record.out_of_memory);
  archive(record.asked);
  archive(record.time_ns);
  archive(record.text);
}

template <typename Archive>
void Fields(Archive& archive, Message& message) {
  archive(message.kind);
  archive(message.pid);
  archive(message.start_time_ns);
  archive(message.number);
  archive(message.flag);
  archive(message.step);
  archive(message.error);
  archive(message.text);
  archive(message.exit);
}

namespace {

template <typename Structure>
std::string Encode(Structure& structure) {
  std::string bytes;
  Encoder encoder(&bytes);
  encoder(structure);
  return bytes;
}

bool Valid(const ExitRecord& record) {
  return record.kind >= ExitKind::kExited && record.kind <= ExitKind::kLaunchFailed;
}

}  // namespace

std::string EncodeMessage(Message message) {
  // Texts have names and paths of the guest in them: what is too long is cut, so that a message always fits.
  if (message.text.size() > kMaximumErrorText / 2) message.text.resize(kMaximumErrorText / 2);
  if (message.exit.text.size() > kMaximumErrorText) message.exit.text.resize(kMaximumErrorText);
  return Encode(message);
}

bool DecodeMessage(const char* bytes, size_t size, Message* message) {
  if (size > kMaximumMessage) return false;
  Decoder decoder(bytes, size);
  decoder(*message);
  return decoder.Done() && message->kind >= MessageKind::kGo && message->kind <= MessageKind::kLast &&
         message->step >= Step::kReadPlan && message->step <= Step::kLast && Valid(message->exit);
}

std::string EncodeExit(ExitRecord record) {
  if (record.text.size() > kMaximumErrorText) record.text.resize(kMaximumErrorText);
  return Encode(record);
}

bool DecodeExit(const char* bytes, size_t size, ExitRecord* record) {
  if (size > kMaximumMessage) return false;
  Decoder decoder(bytes, size);
  decoder(*record);
  return decoder.Done() && Valid(*record);
}

int SendMessage(int socket, Message message, int fd) {
  std::string bytes = EncodeMessage(std::move(message));
  iovec part = {bytes.data(), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  while (sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int ReceiveMessage(int socket, Message* message, int* fd, int flags) {
  *fd = -1;
  char bytes[kMaximumMessage];
  iovec part = {bytes, sizeof bytes};
  alignas(cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
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
      // One is all that any message has: what else came must not be leaked.
      if (*fd < 0) {
        *fd = received;
      } else {
        (void)close(received);
      }
    }
  }
  const bool bad = (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  if (got > 0 && !bad && DecodeMessage(bytes, static_cast<size_t>(got), message)) return 0;
  if (*fd >= 0) (void)close(*fd);
  *fd = -1;
  return got == 0 ? ECONNRESET : EBADMSG;
}

}  // namespace reeve::lxc
