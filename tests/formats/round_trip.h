// The rules that hold for every document: what was written is read again, the same. The fuzzer (tests/fuzz) and the round
// trips of suite formats try them on what they have. Pure functions, thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "formats/registry.h"

namespace reeve::formats {

struct RoundTrip {
  // Why the document is refused; OK when it was read.
  absl::Status refusal;
  // The document as we write it in XML; empty when it is refused.
  std::string xml;
  // The rule that does not hold, and the texts that show it; empty when all hold.
  std::string broken;
};

// Reads `text` and writes it as XML. Then
// - what was written is accepted and, once it went that way a second time, comes back byte for byte by way of xml, json and
//   textproto;
// - a domain of Xen that xen-xl, xen-xm or xen-sxpr can express is written there as before once it was read back: what these
//   formats do not say (the driver of a disk, a script, in xen-sxpr the machine) has become their default then. That a document
//   of these formats comes back as it was is for the cases of the corpus;
// - a refusal has a reason and a place in the document.
// `pool`: of a volume, as in ConvertOptions.
RoundTrip TryRoundTrip(Format format, Kind kind, absl::string_view text, absl::string_view pool = "");

}  // namespace reeve::formats
