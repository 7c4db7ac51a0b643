// The model in protobuf's own two text forms. Thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace reeve::formats {

// Reads a form into an empty message. DOCUMENT_MALFORMED for what is no such form, has fields that the type does not
// have or is larger than 4 MiB, with the places of up to 20 faults (JSON: the first, without); SPEC_INVALID for numbers
// of an enumeration that stand for nothing, with the field's path.
absl::Status ReadTextproto(absl::string_view text, google::protobuf::Message* message);
absl::Status ReadJson(absl::string_view text, google::protobuf::Message* message);

// With line ends and indentation.
std::string WriteTextproto(const google::protobuf::Message& message);
absl::StatusOr<std::string> WriteJson(const google::protobuf::Message& message);

}  // namespace reeve::formats
