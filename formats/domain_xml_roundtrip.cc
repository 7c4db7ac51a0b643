// Reads a domain document from standard input and writes what Reeve understood of it, or why it refuses it. For
// operators who want to know what a document says, and for comparing with documents from elsewhere.
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "formats/domain_xml.h"
#include "google/rpc/error_details.pb.h"
#include "proto/status.h"

int main() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  std::vector<reeve::formats::Warning> warnings;
  const auto domain = reeve::formats::ParseDomainXml(text, &warnings);
  for (const auto& warning : warnings) {
    std::cerr << "warning: line " << warning.line << " column " << warning.column << ": " << warning.message << "\n";
  }
  if (domain.ok()) {
    std::cout << reeve::formats::WriteDomainXml(*domain);
    return 0;
  }
  std::cerr << "error: " << reeve::v1::Reason_Name(reeve::ReasonOf(domain.status())) << "\n";
  const google::rpc::Status status = reeve::ToRpcStatus(domain.status());
  for (const auto& detail : status.details()) {
    google::rpc::BadRequest violations;
    if (detail.type_url() != "type.googleapis.com/google.rpc.BadRequest" ||
        !violations.ParseFromString(detail.value())) {
      continue;
    }
    for (const auto& violation : violations.field_violations()) {
      std::cerr << violation.field() << ": " << violation.description() << "\n";
    }
  }
  return 1;
}
