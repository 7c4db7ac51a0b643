// Converts a document from standard input to standard output: format_filter --from xml --to xml --kind network
// [--pool FILE]. With --update FILE it changes a network instead: --update-command add-last --update-section
// ip-dhcp-host --update-index -1. For comparing with documents from elsewhere. Exits with 0, with 1 when the document
// is refused, or with 2 when the command line is.
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "formats/network_update.h"
#include "formats/network_xml.h"
#include "formats/registry.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

std::string ReadAll(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), {}};
}

int Usage(absl::string_view cause) {
  std::cerr << "format_filter: " << cause << "\n";
  return 2;
}

struct Arguments {
  std::map<std::string, std::string> values = {
      {"--from", "xml"}, {"--to", "xml"},          {"--kind", "domain"},     {"--pool", ""},
      {"--update", ""},  {"--update-command", ""}, {"--update-section", ""}, {"--update-index", "-1"},
  };
};

// The content of a file that an option names; empty without the option.
bool ReadFile(const std::string& path, std::string* text) {
  if (path.empty()) return true;
  std::ifstream file(path);
  if (!file) return false;
  *text = ReadAll(file);
  return true;
}

int Finish(const absl::StatusOr<std::string>& result) {
  if (result.ok()) {
    std::cout << *result;
    return 0;
  }
  std::cerr << "error: " << result.status().message() << " ("
            << reeve::v1::Reason_Name(reeve::ReasonOf(result.status())) << ")\n";
  return 1;
}

absl::StatusOr<std::string> Update(absl::string_view text, UpdateCommand command, UpdateSection section, int index,
                                   absl::string_view xml) {
  auto network = ParseNetworkXml(text);
  if (!network.ok()) return network.status();
  const absl::Status status = ApplyNetworkUpdate(&*network, command, section, index, xml);
  if (!status.ok()) return status;
  return WriteNetworkXml(*network);
}

int RunUpdate(std::map<std::string, std::string>& values, const std::string& xml) {
  const auto command = UpdateCommandFromName(values["--update-command"]);
  const auto section = UpdateSectionFromName(values["--update-section"]);
  int index = 0;
  if (!command || !section || !absl::SimpleAtoi(values["--update-index"], &index))
    return Usage("the update is not known");
  return Finish(Update(ReadAll(std::cin), *command, *section, index, xml));
}

int RunConvert(std::map<std::string, std::string>& values, const std::string& pool) {
  const auto source = FormatFromName(values["--from"]);
  const auto target = FormatFromName(values["--to"]);
  const auto kind = KindFromName(values["--kind"]);
  if (!source || !target || !kind) return Usage("a format or kind is not known");
  std::vector<Warning> warnings;
  ConvertOptions options;
  options.strictness = DefaultStrictness(*source);
  options.pool = pool;
  options.warnings = &warnings;
  const auto result = Convert(*source, *target, *kind, ReadAll(std::cin), options);
  for (const Warning& warning : warnings) {
    std::cerr << "warning: line " << warning.line << " column " << warning.column << ": " << warning.message << "\n";
  }
  return Finish(result);
}

}  // namespace
}  // namespace reeve::formats

int main(int argc, char** argv) {
  reeve::formats::Arguments arguments;
  for (int i = 1; i < argc; i += 2) {
    const auto option = arguments.values.find(argv[i]);
    if (option == arguments.values.end()) return reeve::formats::Usage("an option is not known");
    if (i + 1 == argc) return reeve::formats::Usage("the last option has no value");
    option->second = argv[i + 1];
  }
  std::string pool;
  std::string update;
  if (!reeve::formats::ReadFile(arguments.values["--pool"], &pool) ||
      !reeve::formats::ReadFile(arguments.values["--update"], &update)) {
    return reeve::formats::Usage("a file cannot be read");
  }
  if (!arguments.values["--update"].empty()) return reeve::formats::RunUpdate(arguments.values, update);
  return reeve::formats::RunConvert(arguments.values, pool);
}
