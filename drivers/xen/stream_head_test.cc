#include "drivers/xen/stream_head.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "util/fd.h"

namespace reeve::xen {
namespace {

const std::string kHead("LibxlFmt\0\0\0\2\0\0\0\0", 16);

// What a file with a page before these bytes says, and where it stands then.
absl::Status InFile(const std::string& bytes) {
  const util::UniqueFd file(memfd_create("image", MFD_CLOEXEC));
  REQUIRE(file);
  const std::string all = std::string(4096, 'x') + bytes;
  REQUIRE(write(file.get(), all.data(), all.size()) == static_cast<ssize_t>(all.size()));
  REQUIRE(lseek(file.get(), 4096, SEEK_SET) == 4096);
  absl::Status status = CheckStreamHead(file.get());
  CHECK(lseek(file.get(), 0, SEEK_CUR) == 4096);
  return status;
}

absl::Status OnSocket(const std::string& bytes) {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const util::UniqueFd reading(ends[0]);
  util::UniqueFd writing(ends[1]);
  REQUIRE(write(writing.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  writing.Reset();
  absl::Status status = CheckStreamHead(reading.get());
  std::string rest(bytes.size() + 1, '\0');
  CHECK(read(reading.get(), rest.data(), rest.size()) == static_cast<ssize_t>(bytes.size()));
  return status;
}

TEST_CASE("A stream's head is known, in a file and on a socket, and stays where it is") {
  for (const auto look : {InFile, OnSocket}) {
    CHECK(look(kHead).ok());
    CHECK(look(kHead + "more").ok());
  }
}

TEST_CASE("What is none is refused before anybody dies of it") {
  for (const auto look : {InFile, OnSocket}) {
    for (size_t size = 0; size < kHead.size(); ++size) {
      CHECK_THAT(std::string(look(kHead.substr(0, size)).message()), Catch::Matchers::Contains("is missing"));
    }
    for (size_t i = 0; i < kHead.size(); ++i) {
      std::string other = kHead;
      other[i] = static_cast<char>(other[i] ^ 1);
      CHECK_THAT(std::string(look(other).message()), Catch::Matchers::Contains("no stream of libxenlight"));
    }
  }
}

}  // namespace
}  // namespace reeve::xen
