// Parts of libvirt's domain XML on their own: one device, one element of metadata. Pure functions, thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reeve/v1/domain_devices.pb.h"

namespace reeve::formats {

// Reads one element that may stand below <devices>. The result has that one device and is not checked yet
// (CheckDomainSpec). Errors as of ParseDomainXml.
absl::StatusOr<v1::Devices> ParseDeviceXml(absl::string_view text);

// An element of XML put into a namespace, as virDomainSetMetadata does: "<a><b/></a>", "app", "urn:x" gives
// "<app:a xmlns:app='urn:x'><app:b/></app:a>". Names that have a prefix already are left alone. DOCUMENT_MALFORMED for
// what is not one element, SPEC_INVALID for a key or uri that cannot be written.
absl::StatusOr<std::string> PutIntoNamespace(absl::string_view element, absl::string_view key, absl::string_view uri);
// The way back: without the declaration and the prefix.
absl::StatusOr<std::string> TakeFromNamespace(absl::string_view element);
// The namespace of an element as DomainSpec.metadata keeps it; empty when there is none.
std::string NamespaceOf(absl::string_view element);

}  // namespace reeve::formats
