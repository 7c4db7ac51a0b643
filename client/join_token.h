// An enrollment ticket as a text that can be copied.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reeve/v1/enrollment_service.pb.h"

namespace reeve::client {

// "rjt1-" and the ticket with four bytes of its SHA-256 behind it, in URL-safe base64: no character of it means
// anything to a shell.
std::string FormatJoinToken(const v1::EnrollmentTicket& ticket);

// White space, as a mail program puts it in, is left out. INVALID_ARGUMENT says what is wrong: a part that is missing
// or mistyped is told before anybody is asked, and no error has anything of the text.
absl::StatusOr<v1::EnrollmentTicket> ParseJoinToken(absl::string_view text);

}  // namespace reeve::client
