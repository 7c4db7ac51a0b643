// Tries the round trips of many documents: round_trip_filter DIRECTORY < LIST. A line of the list is FORMAT, KIND, FILE and,
// of a volume, POOL, with tabs between. Writes a line for each, "ok", "refused: CAUSE" or "broken: RULE", and the XML of the
// N-th document as DIRECTORY/N.xml. Exits with 2 when a line is wrong or a file cannot be read, or else with 0.
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/formats/round_trip.h"

namespace reeve::formats {
namespace {

// A line end after a backslash joins lines of the corpus.
std::optional<std::string> ReadFile(const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path);
  if (!file) return std::nullopt;
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return absl::StrReplaceAll(text, {{"\\\n", ""}});
}

int Run(const std::string& directory) {
  std::string line;
  for (int number = 1; std::getline(std::cin, line); ++number) {
    std::vector<std::string> words = absl::StrSplit(line, '\t');
    words.resize(4);
    const auto format = FormatFromName(words[0]);
    const auto kind = KindFromName(words[1]);
    const auto text = ReadFile(words[2]);
    const auto pool = ReadFile(words[3]);
    if (!format || !kind || !text || !pool) {
      std::cerr << "round_trip_filter: line " << number << " names no format, kind or file\n";
      return 2;
    }
    const RoundTrip trip = TryRoundTrip(*format, *kind, *text, *pool);
    if (!trip.broken.empty()) {
      std::cout << "broken: " << absl::StrReplaceAll(trip.broken, {{"\n", "\\n"}}) << "\n";
    } else if (!trip.refusal.ok()) {
      std::cout << "refused: " << absl::StrReplaceAll(trip.refusal.message(), {{"\n", " "}}) << "\n";
    } else {
      std::cout << "ok\n";
      std::ofstream(absl::StrCat(directory, "/", number, ".xml")) << trip.xml;
    }
  }
  return 0;
}

}  // namespace
}  // namespace reeve::formats

int main(int argc, char** argv) {
  if (argc == 2) return reeve::formats::Run(argv[1]);
  std::cerr << "usage: round_trip_filter DIRECTORY < LIST\n";
  return 2;
}
