#include "drivers/saved_image.h"

#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "formats/domain_name.h"
#include "formats/uuid.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/full_io.h"
#include "util/log.h"

namespace reeve::drivers {
namespace {

constexpr uint32_t kVersion = 1;
constexpr size_t kFixedBytes = kImageMagic.size() + 4 + 8;
constexpr size_t kAlignment = 4096;
constexpr uint64_t kMaximumHead = 4 << 20;

std::string LittleEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xff);
  return text;
}

uint64_t Number(absl::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

size_t MemoryStart(uint64_t head_bytes) {
  return (kFixedBytes + head_bytes + kAlignment - 1) / kAlignment * kAlignment;
}

absl::Status Invalid(absl::string_view why) {
  return Error(v1::REASON_IMAGE_INVALID, why);
}

absl::Status Check(const store::v1::ImageHead& head, absl::string_view hypervisor) {
  if (head.hypervisor() != hypervisor) {
    return Invalid(absl::StrCat("the file is a saved guest of hypervisor ",
                                util::EscapeControlCharacters(absl::string_view(head.hypervisor()).substr(0, 64)),
                                ", not of ", hypervisor));
  }
  if (!head.has_spec()) return Invalid("the head of the saved guest has no specification");
  if (absl::Status status = formats::CheckDomainName(head.name()); !status.ok()) {
    return Invalid(absl::StrCat("the head of the saved guest: ", status.message()));
  }
  if (auto uid = formats::ParseUuid(head.uid()); !uid.ok() || *uid != head.uid()) {
    return Invalid("the head of the saved guest has a bad UUID");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteImageHead(int descriptor, const store::v1::ImageHead& head) {
  const std::string bytes = head.SerializeAsString();
  std::string text = absl::StrCat(kImageMagic, LittleEndian(kVersion, 4), LittleEndian(bytes.size(), 8), bytes);
  text.resize(MemoryStart(bytes.size()), '\0');
  return util::WriteFully(descriptor, text);
}

absl::StatusOr<SavedImage> ReadImageHead(int descriptor, absl::string_view hypervisor) {
  if (lseek(descriptor, 0, SEEK_SET) < 0) return util::ErrnoStatus("read the saved guest");
  absl::StatusOr<std::string> fixed = util::ReadUpTo(descriptor, kFixedBytes);
  if (!fixed.ok()) return fixed.status();
  absl::string_view view = *fixed;
  if (view.substr(0, kImageMagic.size()) != kImageMagic) return Invalid("the file is no saved guest");
  if (view.size() < kFixedBytes) return Invalid("the head of the saved guest ends early");
  view.remove_prefix(kImageMagic.size());
  SavedImage image;
  image.version = static_cast<uint32_t>(Number(view.substr(0, 4)));
  if (image.version != kVersion) {
    return Invalid(absl::StrCat("the saved guest is of version ", image.version, ", this is ", kVersion));
  }
  const uint64_t size = Number(view.substr(4, 8));
  if (size > kMaximumHead) return Invalid("the head of the saved guest is too long");
  absl::StatusOr<std::string> bytes = util::ReadUpTo(descriptor, size);
  if (!bytes.ok()) return bytes.status();
  if (bytes->size() < size) return Invalid("the head of the saved guest ends early");
  if (!image.head.ParseFromString(*bytes)) return Invalid("the head of the saved guest is damaged");
  if (absl::Status status = Check(image.head, hypervisor); !status.ok()) return status;
  if (lseek(descriptor, static_cast<off_t>(MemoryStart(size)), SEEK_SET) < 0) {
    return util::ErrnoStatus("read the saved guest");
  }
  return image;
}

}  // namespace reeve::drivers
