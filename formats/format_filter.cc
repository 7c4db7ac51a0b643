// Converts a document from standard input to standard output: format_filter --from xml --to xml --kind network
// [--pool FILE]. For comparing with documents from elsewhere. Exits with 0, with 1 when the document is refused, or
// with 2 when the command line is.
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "formats/registry.h"
#include "proto/status.h"

namespace {

std::string ReadAll(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), {}};
}

int Usage(absl::string_view cause) {
  std::cerr << "format_filter: " << cause << "\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::string from = "xml";
  std::string to = "xml";
  std::string kind = "domain";
  std::string pool;
  for (int i = 1; i < argc; i += 2) {
    const std::string option = argv[i];
    if (i + 1 == argc) return Usage("option " + option + " has no value");
    if (option == "--from") {
      from = argv[i + 1];
    } else if (option == "--to") {
      to = argv[i + 1];
    } else if (option == "--kind") {
      kind = argv[i + 1];
    } else if (option == "--pool") {
      std::ifstream file(argv[i + 1]);
      if (!file) return Usage("the file of the pool cannot be read");
      pool = ReadAll(file);
    } else {
      return Usage("option " + option + " is not known");
    }
  }
  const auto source = reeve::formats::FormatFromName(from);
  const auto target = reeve::formats::FormatFromName(to);
  const auto what = reeve::formats::KindFromName(kind);
  if (!source || !target || !what) return Usage("a format or kind is not known");
  std::vector<reeve::formats::Warning> warnings;
  reeve::formats::ConvertOptions options;
  options.pool = pool;
  options.warnings = &warnings;
  const auto result = reeve::formats::Convert(*source, *target, *what, ReadAll(std::cin), options);
  for (const auto& warning : warnings) {
    std::cerr << "warning: line " << warning.line << " column " << warning.column << ": " << warning.message << "\n";
  }
  if (!result.ok()) {
    std::cerr << "error: " << result.status().message() << " ("
              << reeve::v1::Reason_Name(reeve::ReasonOf(result.status())) << ")\n";
    return 1;
  }
  std::cout << *result;
  return 0;
}
