#include "drivers/lxc/messages.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>
#include <set>

#include "drivers/lxc/steps.h"
#include "util/fd.h"

namespace reeve::lxc {
namespace {

TEST_CASE("a message always fits, however long its texts") {
  Message message;
  message.kind = MessageKind::kFailed;
  message.text = std::string(100000, 'x');
  message.exit.text = std::string(100000, 'y');
  const std::string bytes = EncodeMessage(message);
  CHECK(bytes.size() <= kMaximumMessage);
  Message back;
  REQUIRE(DecodeMessage(bytes.data(), bytes.size(), &back));
  CHECK(back.kind == MessageKind::kFailed);
}

TEST_CASE("kinds and steps that are none are refused") {
  std::string bytes = EncodeMessage(Message{});
  Message message;
  REQUIRE(DecodeMessage(bytes.data(), bytes.size(), &message));
  for (char kind : {'\0', static_cast<char>(static_cast<uint8_t>(MessageKind::kLast) + 1), '\xff'}) {
    std::string hostile = bytes;
    hostile[0] = kind;
    CHECK_FALSE(DecodeMessage(hostile.data(), hostile.size(), &message));
  }
  for (size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(DecodeMessage(bytes.data(), size, &message));
}

TEST_CASE("an exit record comes back, and a damaged one is refused") {
  ExitRecord record{ExitKind::kKilled, 0, 9, true, true, 12345, "text"};
  const std::string bytes = EncodeExit(record);
  ExitRecord back;
  REQUIRE(DecodeExit(bytes.data(), bytes.size(), &back));
  CHECK(back.signal == 9);
  CHECK(back.out_of_memory);
  CHECK(back.text == "text");
  CHECK_FALSE(DecodeExit(bytes.data(), bytes.size() - 1, &back));
  std::string hostile = bytes;
  hostile[0] = 99;
  CHECK_FALSE(DecodeExit(hostile.data(), hostile.size(), &back));
}

TEST_CASE("a descriptor goes along, and none is leaked by what is no message") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  util::UniqueFd near(ends[0]);
  util::UniqueFd far(ends[1]);
  Message message;
  message.kind = MessageKind::kAttach;
  message.number = 3;
  REQUIRE(SendMessage(near.get(), message, near.get()) == 0);
  Message received;
  int fd = -1;
  REQUIRE(ReceiveMessage(far.get(), &received, &fd) == 0);
  util::UniqueFd descriptor(fd);
  CHECK(received.number == 3);
  REQUIRE(descriptor);
  CHECK((fcntl(descriptor.get(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(send(near.get(), "garbage", 7, 0) == 7);
  CHECK(ReceiveMessage(far.get(), &received, &fd) == EBADMSG);
  CHECK(fd == -1);
  const std::string large(kMaximumMessage + 1, 'x');
  REQUIRE(send(near.get(), large.data(), large.size(), 0) == static_cast<ssize_t>(large.size()));
  CHECK(ReceiveMessage(far.get(), &received, &fd) == EBADMSG);
  CHECK(ReceiveMessage(far.get(), &received, &fd, MSG_DONTWAIT) == EAGAIN);
  descriptor.Reset();
  near.Reset();
  CHECK(ReceiveMessage(far.get(), &received, &fd) == ECONNRESET);
}

TEST_CASE("every step has words of its own") {
  std::set<std::string> texts;
  for (int step = 1; step <= static_cast<int>(Step::kLast); ++step) {
    CHECK(texts.insert(StepText(static_cast<Step>(step))).second);
  }
  CHECK(texts.count("do an unknown step") == 0);
  CHECK(std::string(StepText(static_cast<Step>(200))) == "do an unknown step");
}

}  // namespace
}  // namespace reeve::lxc
