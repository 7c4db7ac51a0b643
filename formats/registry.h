// All formats and kinds of documents, and the one way from one to another. A new format is a row in registry.cc. Pure
// functions, thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "google/protobuf/message.h"
#include "reeve/v1/convert_service.pb.h"
#include "reeve/v1/domain_service.pb.h"

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
  kDomain,              // "domain"
  kNetwork,             // "network"
  kPool,                // "pool"
  kVolume,              // "volume"
  kInterface,           // "interface"
  kNodeDevice,          // "nodedev"
  kSecret,              // "secret"
  kNetworkFilter,       // "nwfilter"
  kCapabilities,        // "capabilities"
  kDomainCapabilities,  // "domcapabilities"
};

// By the names above; nothing for others.
std::optional<Format> FormatFromName(absl::string_view name);
std::optional<Kind> KindFromName(absl::string_view name);
absl::string_view NameOf(Format format);
absl::string_view NameOf(Kind kind);

// By their numbers in the API; nothing for those that are not known. A kind that is not said is a domain.
std::optional<Format> FormatFromProto(int format);
std::optional<Kind> KindFromProto(int kind);
v1::Document::Format ToProto(Format format);
v1::DocumentKind ToProto(Kind kind);

// All of them, in the order above.
std::vector<Format> AllFormats();
std::vector<Kind> AllKinds();

// Whether Convert can read a kind from a format, or write it to one.
bool CanRead(Format format, Kind kind);
bool CanWrite(Format format, Kind kind);

// How Convert reads a format unless told: XML and the model strictly; the other formats leniently, as the tools that
// they are of and libvirt do, which pass over keys that they do not know.
Strictness DefaultStrictness(Format format);

struct ConvertOptions {
  Strictness strictness = Strictness::kStrict;
  // The pool that a volume belongs to, as XML: its type decides which formats there are. Empty: a directory.
  absl::string_view pool;
  // <capabilities> of the host that a domain is for, as XML: what its document leaves open, or its format cannot say,
  // becomes what the host has (host_defaults.h). Empty: what libvirt has on x86_64, where a format needs it.
  absl::string_view capabilities;
  // Makes what an object lacks: UUIDs of objects and MAC addresses of the interfaces of a domain, these from UUIDs,
  // too. `what` is "domain/web1", or "domain/web1/interface/0". Unset: the object stays without.
  std::function<absl::StatusOr<std::string>(absl::string_view what)> make_uuid;
  // Keeps what belongs to a running domain: its id, the names of its interfaces on the host. For conversions, which set
  // it, not for definitions.
  bool keep_running = false;
  // Receives what was accepted without effect or, by a lenient reading, left out. A lenient reading needs it.
  std::vector<Warning>* warnings = nullptr;
};

using MessagePointer = std::unique_ptr<google::protobuf::Message>;

// Reads `text`. Errors: SPEC_UNSUPPORTED where the format does not have the kind, and those of the reader
// (DOCUMENT_MALFORMED, DOCUMENT_UNKNOWN, SPEC_INVALID), with line and column.
absl::StatusOr<MessagePointer> ReadDocument(Format format, Kind kind, absl::string_view text,
                                            const ConvertOptions& options = {});

// Writes a message of the kind's type. SPEC_UNSUPPORTED where the format does not have the kind or cannot express it.
absl::StatusOr<std::string> WriteDocument(Format format, Kind kind, const google::protobuf::Message& message);

// Reads and writes.
absl::StatusOr<std::string> Convert(Format from, Format to, Kind kind, absl::string_view text,
                                    const ConvertOptions& options = {});

}  // namespace reeve::formats
