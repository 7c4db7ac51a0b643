// Fields that are secrets: those with the option `secret` (reeve/v1/options.proto), in messages however deep. What a
// message type can hold of them is found in its descriptor once; types without secrets cost a look-up. Thread-safe.
#pragma once

#include "google/protobuf/message.h"

namespace reeve {

// Whether a secret is set somewhere in the message.
bool HasSecrets(const google::protobuf::Message& message);

// Clears every secret in the message, as if it had never been set.
void ClearSecrets(google::protobuf::Message* message);

}  // namespace reeve
