// Documents from files.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/context.h"
#include "formats/registry.h"
#include "formats/warning.h"
#include "reeve/v1/domain_service.pb.h"

namespace reeve::cli {

// What the file has; "-" is the standard input. At most 1 MiB, as the daemon takes (Document.text), and UTF-8.
// CANCELLED: a signal came while it was read.
absl::StatusOr<std::string> ReadText(const std::string& file);

// A domain that is to be defined.
struct DomainDocument {
  v1::Document document;
  formats::Format format = formats::Format::kXml;  // of the file
  bool guessed = false;                            // and nobody had said it
  std::vector<formats::Warning> warnings = {};     // of a lenient reading
};

// The options of ReadDomainDocument: --format, --strict and --lenient.
std::vector<Option> DomainDocumentOptions();

// The file, read as ReadText does, as the daemon takes it. Without --format its format is guessed (guess_format.h). The
// daemon reads strictly: with --lenient it is read here, and what is not known is left out with a warning each.
absl::StatusOr<DomainDocument> ReadDomainDocument(const std::string& file, const Arguments& arguments);

// Tells of the warnings on the standard error.
void PrintWarnings(Context& context, const std::string& file, const DomainDocument& document);

// "web1.cfg", with the format where it was guessed and is not XML: "web1.cfg (lxc-tools)".
std::string SourceWords(const std::string& file, const DomainDocument& document);

}  // namespace reeve::cli
