#include "drivers/saved_image.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <memory>

#include "proto/status.h"
#include "util/full_io.h"

namespace reeve::drivers {
namespace {

constexpr char kUid[] = "8c2f1f2e-5d8f-4f4e-9f4b-6f1f2e3d4c5b";

struct File {
  std::unique_ptr<FILE, int (*)(FILE*)> file{tmpfile(), fclose};
  int fd() const { return fileno(file.get()); }
  void Put(const std::string& bytes) const {
    REQUIRE(ftruncate(fd(), 0) == 0);
    REQUIRE(lseek(fd(), 0, SEEK_SET) == 0);
    REQUIRE(util::WriteFully(fd(), bytes).ok());
  }
  std::string All() const {
    REQUIRE(lseek(fd(), 0, SEEK_SET) == 0);
    return *util::ReadUpTo(fd(), 1 << 20);
  }
};

store::v1::ImageHead Head() {
  store::v1::ImageHead head;
  head.set_hypervisor("test");
  head.set_name("web1");
  head.set_uid(kUid);
  head.mutable_spec()->set_memory_kib(65536);
  head.set_paused(true);
  return head;
}

TEST_CASE("what is written is read, and the memory begins behind it") {
  const File file;
  REQUIRE(WriteImageHead(file.fd(), Head()).ok());
  CHECK(lseek(file.fd(), 0, SEEK_CUR) == 4096);
  REQUIRE(util::WriteFully(file.fd(), "memory").ok());
  auto image = ReadImageHead(file.fd(), "test");
  REQUIRE(image.ok());
  CHECK(image->head.SerializeAsString() == Head().SerializeAsString());
  CHECK(image->producer == "reeve");
  CHECK(image->version == 1);
  CHECK(*util::ReadUpTo(file.fd(), 100) == "memory");
}

TEST_CASE("every file that ends early, and every that has a wrong byte in its frame, is refused") {
  const File file;
  REQUIRE(WriteImageHead(file.fd(), Head()).ok());
  const std::string whole = file.All();
  const size_t frame = kImageMagic.size() + 4 + 8;
  for (size_t size = 0; size < frame + Head().ByteSizeLong(); ++size) {
    INFO(size);
    file.Put(whole.substr(0, size));
    CHECK(ReasonOf(ReadImageHead(file.fd(), "test").status()) == v1::REASON_IMAGE_INVALID);
  }
  for (size_t at = 0; at < frame; ++at) {
    INFO(at);
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x40);
    file.Put(changed);
    CHECK(ReasonOf(ReadImageHead(file.fd(), "test").status()) == v1::REASON_IMAGE_INVALID);
  }
}

TEST_CASE("heads that are of another hypervisor or have bad contents are refused") {
  const File file;
  const auto refused = [&](const store::v1::ImageHead& head) {
    file.Put("");
    REQUIRE(lseek(file.fd(), 0, SEEK_SET) == 0);
    REQUIRE(WriteImageHead(file.fd(), head).ok());
    return ReasonOf(ReadImageHead(file.fd(), "test").status()) == v1::REASON_IMAGE_INVALID;
  };
  CHECK_FALSE(refused(Head()));
  store::v1::ImageHead head = Head();
  head.set_hypervisor("xen");
  CHECK(refused(head));
  head = Head();
  head.set_name("../web1");
  CHECK(refused(head));
  head = Head();
  head.set_uid("none");
  CHECK(refused(head));
  head = Head();
  head.clear_spec();
  CHECK(refused(head));
}

}  // namespace
}  // namespace reeve::drivers
