#include "drivers/xen/libvirt_image.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "util/full_io.h"

namespace reeve::xen {
namespace {

constexpr char kXml[] =
    "<domain type='xen'><name>web1</name><uuid>8c2f1f2e-5d8f-4f4e-9f4b-6f1f2e3d4c5b</uuid>"
    "<memory unit='KiB'>65536</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='xenpv'>linux</type>"
    "<kernel>/boot/vmlinuz</kernel></os></domain>";

struct File {
  explicit File(const std::string& bytes) { REQUIRE(util::WriteFully(fd(), bytes).ok()); }
  int fd() const { return fileno(file.get()); }
  std::unique_ptr<FILE, int (*)(FILE*)> file{tmpfile(), fclose};
};

std::string Word(uint32_t word) {
  return std::string(reinterpret_cast<const char*>(&word), sizeof(word));
}

std::string Image(const std::string& xml, uint32_t version = 2, int64_t length = -1) {
  std::string bytes("libvirt-xml\n \0 \r", 16);
  absl::StrAppend(&bytes, Word(version), Word(static_cast<uint32_t>(length < 0 ? xml.size() + 1 : length)),
                  std::string(40, '\0'), xml, std::string(1, '\0'), "stream");
  return bytes;
}

v1::Reason Refused(const std::string& bytes) {
  const File file(bytes);
  return ReasonOf(ReadLibvirtImageHead(file.fd()).status());
}

TEST_CASE("a file of libvirt's is read, and the stream begins behind its document") {
  const File file(Image(kXml));
  CHECK(IsLibvirtImage(file.fd()));
  const auto image = ReadLibvirtImageHead(file.fd());
  REQUIRE(image.ok());
  CHECK(image->producer == "libvirt");
  CHECK(image->version == 2);
  CHECK(image->head.name() == "web1");
  CHECK(image->head.uid() == "8c2f1f2e-5d8f-4f4e-9f4b-6f1f2e3d4c5b");
  CHECK(image->head.spec().memory_kib() == 65536);
  CHECK_FALSE(image->head.paused());
  CHECK(*util::ReadUpTo(file.fd(), 100) == "stream");
}

TEST_CASE("what is not whole, of another version or another hypervisor is refused") {
  CHECK_FALSE(IsLibvirtImage(File("libvirt-xml").fd()));
  const std::string whole = Image(kXml);
  for (size_t size = 0; size < 64 + sizeof(kXml); ++size) {
    INFO(size);
    REQUIRE(Refused(whole.substr(0, size)) == v1::REASON_IMAGE_INVALID);
  }
  CHECK(Refused(Image(kXml, 1)) == v1::REASON_IMAGE_INVALID);
  CHECK(Refused(Image(kXml, 3)) == v1::REASON_IMAGE_INVALID);
  CHECK(Refused(Image(kXml, 2, 0)) == v1::REASON_IMAGE_INVALID);
  CHECK(Refused(Image(kXml, 2, UINT32_MAX)) == v1::REASON_IMAGE_INVALID);
  CHECK(Refused(Image(kXml, 2, (1 << 20) + 2)) == v1::REASON_IMAGE_INVALID);
  CHECK(Refused(Image(kXml, 2, sizeof(kXml) - 1)) == v1::REASON_IMAGE_INVALID);
  CHECK(Refused(Image("<domain type='xen'>")) == v1::REASON_IMAGE_INVALID);
  CHECK(Refused(Image("<domain type='lxc'><name>web1</name><memory>1024</memory><os><type>exe</type>"
                      "<init>/sbin/init</init></os></domain>")) == v1::REASON_IMAGE_INVALID);
}

}  // namespace
}  // namespace reeve::xen
