// One request of rtnetlink(7) and the kernel's answer. libnl is not linked into the supervisor, which must stay small.
#pragma once

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

namespace reeve::lxc {

// Attributes are appended. All that we send fits by far: names, addresses, numbers, a short program. Not thread-safe.
class Request {
 public:
  template <typename Body>
  Request(uint16_t type, uint16_t flags, const Body& body) {
    header()->nlmsg_len = NLMSG_LENGTH(sizeof body);
    header()->nlmsg_type = type;
    header()->nlmsg_flags = static_cast<uint16_t>(flags | NLM_F_REQUEST | NLM_F_ACK);
    memcpy(NLMSG_DATA(header()), &body, sizeof body);
  }

  rtattr* Add(uint16_t type, const void* data, size_t size) {
    rtattr* attribute = reinterpret_cast<rtattr*>(End());
    attribute->rta_type = type;
    attribute->rta_len = static_cast<uint16_t>(RTA_LENGTH(size));
    if (size > 0) memcpy(RTA_DATA(attribute), data, size);
    header()->nlmsg_len = NLMSG_ALIGN(header()->nlmsg_len) + RTA_ALIGN(attribute->rta_len);
    return attribute;
  }
  void Add(uint16_t type, uint32_t number) { Add(type, &number, sizeof number); }
  void Add(uint16_t type, const std::string& text) { Add(type, text.data(), text.size()); }
  void AddName(uint16_t type, const std::string& text) { Add(type, text.c_str(), text.size() + 1); }
  rtattr* Open(uint16_t type) { return Add(type, nullptr, 0); }
  void Close(rtattr* nest) { nest->rta_len = static_cast<uint16_t>(End() - reinterpret_cast<char*>(nest)); }
  // Raw bytes inside a nest.
  template <typename Body>
  void Append(const Body& body) {
    memcpy(End(), &body, sizeof body);
    header()->nlmsg_len = NLMSG_ALIGN(header()->nlmsg_len) + NLMSG_ALIGN(sizeof body);
  }

  // Sends it and returns the kernel's answer: 0 or an errno value.
  int Exchange(int socket) {
    if (send(socket, header(), header()->nlmsg_len, 0) < 0) return errno;
    alignas(nlmsghdr) char answer[4096];
    for (;;) {
      const ssize_t got = recv(socket, answer, sizeof answer, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno;
      const auto* reply = reinterpret_cast<const nlmsghdr*>(answer);
      if (static_cast<size_t>(got) < NLMSG_LENGTH(sizeof(nlmsgerr)) || reply->nlmsg_type != NLMSG_ERROR) continue;
      return -static_cast<const nlmsgerr*>(NLMSG_DATA(reply))->error;
    }
  }

 private:
  nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(buffer_); }
  char* End() { return buffer_ + NLMSG_ALIGN(header()->nlmsg_len); }

  alignas(nlmsghdr) char buffer_[4096] = {};
};

}  // namespace reeve::lxc
