// What the tests of XML readers share.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/rpc/status.pb.h"
#include "proto/status.h"

namespace reeve::formats {

// A document that is refused, why, and the begin of the message: "line 1 column 2: ...".
struct Refusal {
  std::string text;
  v1::Reason reason;
  std::string message;
};

template <typename Parse>
void CheckRefusals(const std::vector<Refusal>& refusals, Parse parse) {
  for (const Refusal& refusal : refusals) {
    INFO(refusal.text);
    const absl::Status status = parse(refusal.text);
    CHECK(v1::Reason_Name(ReasonOf(status)) == v1::Reason_Name(refusal.reason));
    CHECK(std::string(status.message()).substr(0, refusal.message.size()) == refusal.message);
  }
}

// Every begin of a document, and the document with each byte replaced, is refused or read, and never more than that.
template <typename Parse>
void TryDamaged(absl::string_view text, Parse parse) {
  for (size_t i = 0; i < text.size(); ++i) {
    CHECK(!parse(std::string(text.substr(0, i))).ok());
    for (const char replacement : {'\0', '<', '\'', '9', '\xff'}) {
      std::string damaged(text);
      damaged[i] = replacement;
      const absl::Status status = parse(damaged);
      if (!status.ok()) CHECK(status.message().substr(0, 5) == "line ");
    }
  }
}

}  // namespace reeve::formats
