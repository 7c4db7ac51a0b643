// Getting a certificate for a token.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reeve/v1/enrollment_service.pb.h"

namespace reeve::client {

// All PEM.
struct Enrolled {
  std::string certificate;
  std::string key;        // made here; nobody else has it
  std::string authority;  // the one that the ticket names
  std::string address;    // of the server that answered, "node1.example.org:16520"
};

// Tries the ticket's addresses in their order. A first connection only looks at the certificates that the server shows
// and sends nothing; on the second one the server must prove, by the authority whose fingerprint the ticket has, to be
// the host that the address names, before it is sent the secret. While `interrupt_fd` (-1: none) is readable,
// connecting is given up. Errors: UNAVAILABLE when nobody answers, UNAUTHENTICATED when it is another server or the
// token is not good (any more). Blocks.
absl::StatusOr<Enrolled> Enroll(const v1::EnrollmentTicket& ticket, int interrupt_fd);

}  // namespace reeve::client
