// The words by which xm configurations and xend's S-expressions say what a serial or parallel port is joined to:
// "none", "null", "vc", "pty", "stdio", "/dev/ttyS0", "file:PATH", "pipe:PATH", "unix:PATH[,server[,nowait]]",
// "tcp:HOST:PORT[,server[,nowait]]", "telnet:" alike, and "udp:HOST:PORT[@HOST:PORT]" (the first is sent to, the second
// listened at). Pure functions, thread-safe.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reeve/v1/domain_character_device.pb.h"

namespace reeve::formats {

// The host's end of a port: CharacterDevice.type and CharacterDevice.source.
struct XenCharacter {
  std::string type;
  v1::CharacterSource source;
};

// Nothing for "none" and for an empty text. A host in brackets, as IPv6 addresses are written, is kept without them.
// Errors: SPEC_INVALID with a cause that fits behind "the serial port "; the caller knows the place.
absl::StatusOr<std::optional<XenCharacter>> ParseXenCharacterText(absl::string_view text);

// An empty type is "pty". A server never waits for its client. Errors: SPEC_UNSUPPORTED for what the words have no form
// for, with a cause as above.
absl::StatusOr<std::string> WriteXenCharacterText(absl::string_view type, const v1::CharacterSource& source);

}  // namespace reeve::formats
