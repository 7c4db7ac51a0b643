// Documents from files.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "reeve/v1/domain_service.pb.h"

namespace reeve::cli {

// What the file has; "-" is the standard input. At most 1 MiB, as the daemon takes (Document.text), and UTF-8.
// CANCELLED: a signal came while it was read.
absl::StatusOr<std::string> ReadText(const std::string& file);

// The file as libvirt domain XML, read as ReadText does.
absl::StatusOr<v1::Document> ReadDocument(const std::string& file);

}  // namespace reeve::cli
