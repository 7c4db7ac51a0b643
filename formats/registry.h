// All formats and kinds of documents, and the one way from one to another. A new format is a row in registry.cc. Pure
// functions, thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"

namespace reeve::formats {

enum class Format {
  kXml,        // "xml": libvirt's
  kJson,       // "json": protobuf's JSON form of the model
  kTextproto,  // "textproto": protobuf's text form of the model
  kXenXl,      // "xen-xl": xl.cfg(5)
  kXenXm,      // "xen-xm": xm's configuration
  kXenSxpr,    // "xen-sxpr": xend's S-expressions
  kLxcTools,   // "lxc-tools": lxc.container.conf(5)
};

enum class Kind {
  kDomain,         // "domain"
  kNetwork,        // "network"
  kPool,           // "pool"
  kVolume,         // "volume"
  kInterface,      // "interface"
  kNodeDevice,     // "nodedev"
  kSecret,         // "secret"
  kNetworkFilter,  // "nwfilter"
};

// By the names above; nothing for others.
std::optional<Format> FormatFromName(absl::string_view name);
std::optional<Kind> KindFromName(absl::string_view name);
absl::string_view NameOf(Format format);
absl::string_view NameOf(Kind kind);

// All of them, in the order above.
std::vector<Format> AllFormats();
std::vector<Kind> AllKinds();

// Whether Convert can read a kind from a format, or write it to one.
bool CanRead(Format format, Kind kind);
bool CanWrite(Format format, Kind kind);

struct ConvertOptions {
  // The pool that a volume belongs to, as XML: its type decides which formats there are. Empty: a directory.
  absl::string_view pool;
  // Gives a UUID to an object that has none, from its name. Unset: the object stays without.
  std::function<std::string(absl::string_view name)> make_uuid;
  // Receives what was accepted without effect.
  std::vector<Warning>* warnings = nullptr;
};

// Reads `text` and writes it in another format. Errors: SPEC_UNSUPPORTED where a format does not have the kind, and
// those of the reader (DOCUMENT_MALFORMED, DOCUMENT_UNKNOWN, SPEC_INVALID), with line and column.
absl::StatusOr<std::string> Convert(Format from, Format to, Kind kind, absl::string_view text,
                                    const ConvertOptions& options = {});

}  // namespace reeve::formats
