#include "auth/permissions.h"

#include <catch2/catch.hpp>

#include "proto/status.h"

namespace reeve::auth {
namespace {

const Subject kWriter{.identity = "unix:alice(1000)", .uid = 1000, .read_only = false};
const Subject kReader{.identity = "unix:root(0)", .uid = 0, .read_only = true};

TEST_CASE("a read-write connection may do everything") {
  const SocketPermissions permissions;
  CHECK(permissions.Check(kWriter, "domain.list", v1::ACCESS_READ).ok());
  CHECK(permissions.Check(kWriter, "domain.start", v1::ACCESS_WRITE).ok());
}

TEST_CASE("a read-only connection may read, whoever it is") {
  const SocketPermissions permissions;
  CHECK(permissions.Check(kReader, "domain.list", v1::ACCESS_READ).ok());
  const absl::Status refused = permissions.Check(kReader, "domain.start", v1::ACCESS_WRITE);
  CHECK(refused.code() == absl::StatusCode::kPermissionDenied);
  CHECK(ReasonOf(refused) == v1::REASON_CONNECTION_READ_ONLY);
}

TEST_CASE("a method without access is refused to all") {
  const SocketPermissions permissions;
  for (const Subject& subject : {kWriter, kReader}) {
    CHECK(ReasonOf(permissions.Check(subject, "domain.x", v1::ACCESS_UNSPECIFIED)) == v1::REASON_PERMISSION_DENIED);
    CHECK(ReasonOf(permissions.Check(subject, "domain.x", static_cast<v1::Access>(77))) ==
          v1::REASON_PERMISSION_DENIED);
  }
}

}  // namespace
}  // namespace reeve::auth
