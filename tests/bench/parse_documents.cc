// How many documents a second are read: parse_documents SECONDS FILE... Reads each domain XML in turn, on one core, from its
// text to a checked specification, and prints {"documents": N, "seconds": S}. Exits with 1 where a document is refused.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "formats/domain_xml.h"

namespace {

using Clock = std::chrono::steady_clock;

int Fail(const std::string& text) {
  std::cerr << "parse_documents: " << text << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  double wanted = 0;
  if (argc < 3 || !absl::SimpleAtod(argv[1], &wanted)) return Fail("usage: parse_documents SECONDS FILE...");
  std::vector<std::string> documents;
  for (int i = 2; i < argc; ++i) {
    std::ifstream file(argv[i]);
    documents.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  const Clock::time_point start = Clock::now();
  long read = 0;
  double seconds = 0;
  while (seconds < wanted) {
    for (const std::string& document : documents) {
      const auto domain = reeve::formats::ParseDomainXml(document);
      if (!domain.ok()) return Fail(std::string(domain.status().message()));
      ++read;
    }
    seconds = std::chrono::duration<double>(Clock::now() - start).count();
  }
  std::cout << "{\"documents\": " << read << ", \"seconds\": " << seconds << "}\n";
  return 0;
}
