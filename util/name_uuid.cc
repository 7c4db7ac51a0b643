#include "util/name_uuid.h"

#include <openssl/evp.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace reeve::util {

absl::StatusOr<std::string> NameUuid(const UuidBytes& name_space, absl::string_view name) {
  std::string text(name_space.begin(), name_space.end());
  absl::StrAppend(&text, name);
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) != 1 || size < 16) {
    return absl::InternalError("OpenSSL does not offer SHA-1");
  }
  std::string bytes(digest, digest + 16);
  bytes[6] = static_cast<char>((digest[6] & 0x0F) | 0x50);
  bytes[8] = static_cast<char>((digest[8] & 0x3F) | 0x80);
  std::string uuid = absl::BytesToHexString(bytes);
  for (const size_t place : {8, 13, 18, 23}) uuid.insert(place, 1, '-');
  return uuid;
}

}  // namespace reeve::util
