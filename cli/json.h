// Messages as JSON: names are those of the .proto files, enums their full names, 64-bit numbers texts
// (https://protobuf.dev/programming-guides/json), fields at their defaults are left out.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace reeve::cli {

// The message over several lines, with a line end.
std::string ToJson(const google::protobuf::Message& message);

// The message in one line, with a line end: for streams of them.
std::string ToJsonLine(const google::protobuf::Message& message);

// The text as JSON writes it, in quotes; what is not UTF-8 is escaped first, as Escape does.
std::string JsonText(absl::string_view text);

// {"error":{"code":...,"message":...,"details":[...]}} in one line: google.rpc.Status with the details that are known.
std::string ErrorToJson(const absl::Status& status);

}  // namespace reeve::cli
