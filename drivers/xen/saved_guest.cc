#include "drivers/xen/saved_guest.h"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "util/errno.h"

namespace reeve::xen {
namespace {

constexpr absl::string_view kMagic = "reeve-xen-save\n";
constexpr uint32_t kVersion = 1;
constexpr size_t kHeadBytes = kMagic.size() + 4 + 8;
constexpr size_t kAlignment = 4096;
constexpr uint64_t kMaximumSpec = 4 << 20;

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

size_t StreamStart(uint64_t spec_bytes) {
  return (kHeadBytes + spec_bytes + kAlignment - 1) / kAlignment * kAlignment;
}

absl::Status ReadFully(int file, char* buffer, size_t count) {
  while (count > 0) {
    const ssize_t got = read(file, buffer, count);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return util::ErrnoStatus("read the saved guest");
    if (got == 0) return absl::DataLossError("the file of the saved guest ends early");
    buffer += got;
    count -= static_cast<size_t>(got);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteSavedHead(const util::UniqueFd& file, const v1::DomainSpec& spec) {
  const std::string bytes = spec.SerializeAsString();
  std::string head = absl::StrCat(kMagic, LittleEndian(kVersion, 4), LittleEndian(bytes.size(), 8), bytes);
  head.resize(StreamStart(bytes.size()), '\0');
  absl::string_view rest = head;
  while (!rest.empty()) {
    const ssize_t written = write(file.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return util::ErrnoStatus("write the saved guest");
    rest.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::DomainSpec> ReadSavedHead(const util::UniqueFd& file) {
  if (lseek(file.get(), 0, SEEK_SET) < 0) return util::ErrnoStatus("read the saved guest");
  char head[kHeadBytes];
  if (absl::Status status = ReadFully(file.get(), head, sizeof(head)); !status.ok()) return status;
  absl::string_view view(head, sizeof(head));
  if (view.substr(0, kMagic.size()) != kMagic) return absl::DataLossError("the file is no saved guest");
  view.remove_prefix(kMagic.size());
  const uint64_t version = Number(view.substr(0, 4));
  if (version != kVersion) {
    return absl::DataLossError(absl::StrCat("the saved guest is of version ", version, ", this is ", kVersion));
  }
  const uint64_t size = Number(view.substr(4, 8));
  if (size > kMaximumSpec) return absl::DataLossError("the specification of the saved guest is too long");
  std::string bytes(size, '\0');
  if (absl::Status status = ReadFully(file.get(), bytes.data(), bytes.size()); !status.ok()) return status;
  v1::DomainSpec spec;
  if (!spec.ParseFromString(bytes)) return absl::DataLossError("the specification of the saved guest is damaged");
  if (lseek(file.get(), static_cast<off_t>(StreamStart(size)), SEEK_SET) < 0) {
    return util::ErrnoStatus("read the saved guest");
  }
  return spec;
}

}  // namespace reeve::xen
