// What is wrong with a specification, gathered so that all of it is told at once.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::drivers {

// Not thread-safe.
class Violations {
 public:
  // `field` is a path below the specification ("devices.disks[0].source"); `why` goes on from it ("is missing").
  void Invalid(std::string field, std::string why) { invalid_.emplace_back(std::move(field), std::move(why)); }
  void Unsupported(std::string field, std::string why) { unsupported_.emplace_back(std::move(field), std::move(why)); }
  bool empty() const { return invalid_.empty() && unsupported_.empty(); }

  // OK when there are none; SPEC_INVALID, or SPEC_UNSUPPORTED where nothing is invalid, with one violation for each.
  absl::Status ToStatus() const {
    if (empty()) return absl::OkStatus();
    const auto& first = invalid_.empty() ? unsupported_.front() : invalid_.front();
    absl::Status status = Error(invalid_.empty() ? v1::REASON_SPEC_UNSUPPORTED : v1::REASON_SPEC_INVALID,
                                absl::StrCat(first.first, ": ", first.second), {{"field", first.first}});
    for (const auto& [field, why] : invalid_) AddFieldViolation(&status, field, why);
    for (const auto& [field, why] : unsupported_) AddFieldViolation(&status, field, why);
    return status;
  }

 private:
  std::vector<std::pair<std::string, std::string>> invalid_;
  std::vector<std::pair<std::string, std::string>> unsupported_;
};

}  // namespace reeve::drivers
