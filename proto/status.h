// Errors of Reeve: an absl::Status whose code follows from a reason of the registry (reeve/v1/reasons.proto) and which
// carries a google.rpc.ErrorInfo, and where it helps a BadRequest or PreconditionFailure, as payloads. All functions
// are pure and thread-safe.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/rpc/status.pb.h"
#include "reeve/v1/reasons.pb.h"

namespace reeve {

// A new error. `message` is one English sentence without a full stop that names the object and the cause; `metadata`
// repeats its dynamic parts. The code is the reason's canonical_code.
absl::Status Error(v1::Reason reason, absl::string_view message,
                   std::initializer_list<std::pair<absl::string_view, absl::string_view>> metadata = {});

// `status` with "clause: " before its message; code and details stay. OK stays OK. Each layer adds one clause.
absl::Status WithContext(absl::string_view clause, const absl::Status& status);

// `status` as an error of Reeve: unchanged if it has a reason, else `reason` (and its code) is given to it.
absl::Status WithReason(v1::Reason reason, const absl::Status& status);

// Adds a field violation to an error: `field` is a field path or "line 12 column 4".
void AddFieldViolation(absl::Status* status, absl::string_view field, absl::string_view description);

// The field violations of an error, in their order: field and description.
std::vector<std::pair<std::string, std::string>> FieldViolationsOf(const absl::Status& status);

// Adds a violated precondition to an error, e.g. "STATE", "hypervisors/lxc/domains/web1", "is running".
void AddPreconditionViolation(absl::Status* status, absl::string_view type, absl::string_view subject,
                              absl::string_view description);

// The reason of an error; REASON_UNSPECIFIED for OK and for foreign errors.
v1::Reason ReasonOf(const absl::Status& status);

// The wire form; an error without a reason gets REASON_INTERNAL.
google::rpc::Status ToRpcStatus(const absl::Status& status);

// The way back; details that are not understood are kept as payloads.
absl::Status FromRpcStatus(const google::rpc::Status& status);

}  // namespace reeve
