// Proves to a daemon who the user is.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/sasl_client.h"
#include "client/uri.h"
#include "google/protobuf/message.h"

namespace reeve::client {

// One call on the connection that is to be authenticated.
using PlainCall = std::function<absl::Status(const char* path, const google::protobuf::Message& request,
                                             google::protobuf::Message* response)>;

// Does what the daemon wants, if anything: OK when the connection is authenticated then. The URI's parameter `auth`
// says how ("sasl", "sasl.MECH", "polkit"); else polkit where it is offered, else the first mechanism that can be used.
// Names and passwords come from the URI (the user), from the file of FindAuthFile (groups auth-reeve-HOST,
// auth-reeve-default, then auth-libvirt-HOST and auth-libvirt-default), and last from `ask`; null: there is nobody to
// ask. UNAUTHENTICATED says what is missing.
absl::Status Authenticate(const PlainCall& call, const Uri& uri, const CredentialSource& ask);

}  // namespace reeve::client
