#include "formats/identity.h"

#include "util/name_uuid.h"
#include "util/uuid.h"

namespace reeve::formats {
namespace {

// The name space. Chosen once by chance; a change would give every object another UUID.
constexpr util::UuidBytes kNameSpace = {0xad, 0xdf, 0x1c, 0xde, 0x5f, 0x6c, 0x44, 0x49,
                                        0xb0, 0x93, 0x2f, 0xa2, 0x27, 0x4e, 0x6a, 0xa6};

}  // namespace

std::function<absl::StatusOr<std::string>(absl::string_view)> UuidMaker(bool deterministic) {
  if (!deterministic) return [](absl::string_view) { return util::NewUuid(); };
  return [](absl::string_view what) { return util::NameUuid(kNameSpace, what); };
}

}  // namespace reeve::formats
