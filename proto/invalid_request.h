// The refusal of a request for what one of its fields says.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proto/status.h"

namespace reeve {

// REQUEST_INVALID with a violation of `field`; `description` goes on from it ("is missing").
inline absl::Status Invalid(absl::string_view field, absl::string_view description) {
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, absl::StrCat(field, " ", description));
  AddFieldViolation(&status, field, description);
  return status;
}

}  // namespace reeve
