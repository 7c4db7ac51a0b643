#include "drivers/xen/libvirt_image.h"

#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "formats/domain_name.h"
#include "formats/domain_xml.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/full_io.h"

namespace reeve::xen {
namespace {

constexpr absl::string_view kMagic("libvirt-xml\n \0 \r", 16);
constexpr size_t kHeadBytes = 64;
constexpr uint32_t kVersion = 2;

absl::Status Invalid(absl::string_view why) {
  return Error(v1::REASON_IMAGE_INVALID, why);
}

uint32_t Word(const std::string& head, size_t at) {
  uint32_t word = 0;
  std::memcpy(&word, head.data() + at, sizeof(word));
  return word;
}

}  // namespace

bool IsLibvirtImage(int descriptor) {
  char magic[kMagic.size()];
  return pread(descriptor, magic, sizeof(magic), 0) == sizeof(magic) &&
         absl::string_view(magic, sizeof(magic)) == kMagic;
}

absl::StatusOr<drivers::SavedImage> ReadLibvirtImageHead(int descriptor) {
  if (lseek(descriptor, 0, SEEK_SET) < 0) return util::ErrnoStatus("read the saved guest");
  absl::StatusOr<std::string> head = util::ReadUpTo(descriptor, kHeadBytes);
  if (!head.ok()) return head.status();
  if (head->size() < kHeadBytes || absl::string_view(*head).substr(0, kMagic.size()) != kMagic) {
    return Invalid("the file is no saved guest of libvirt, or its head ends early");
  }
  drivers::SavedImage image;
  image.producer = "libvirt";
  image.version = Word(*head, kMagic.size());
  const uint32_t length = Word(*head, kMagic.size() + 4);
  if (image.version != kVersion) {
    return Invalid(
        absl::StrCat("libvirt's file is of version ", image.version, ", only ", kVersion, " can be restored"));
  }
  if (length == 0 || length > formats::kMaxDomainXmlBytes + 1) {
    return Invalid(absl::StrCat("the document in libvirt's file has ", length, " bytes, it must have 1 to 1048577"));
  }
  absl::StatusOr<std::string> xml = util::ReadUpTo(descriptor, length);
  if (!xml.ok()) return xml.status();
  if (xml->size() < length || xml->back() != '\0') return Invalid("the document in libvirt's file is not whole");
  xml->pop_back();
  absl::StatusOr<v1::Domain> domain = formats::ParseDomainXml(*xml);
  if (!domain.ok()) return Invalid(absl::StrCat("the document in libvirt's file: ", domain.status().message()));
  const formats::DomainNameParts parts = formats::SplitDomainResourceName(domain->name());
  if (parts.hypervisor != "xen") return Invalid("the document in libvirt's file is of no Xen guest");
  if (domain->uid().empty()) return Invalid("the document in libvirt's file has no UUID");
  image.head.set_hypervisor("xen");
  image.head.set_name(std::string(parts.name));
  image.head.set_uid(domain->uid());
  image.head.mutable_spec()->Swap(domain->mutable_spec());
  return image;
}

}  // namespace reeve::xen
