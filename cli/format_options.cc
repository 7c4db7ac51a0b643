#include "cli/format_options.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace reeve::cli {
namespace {

using formats::Format;
using formats::Kind;

// Options keep pointers: the names live as long as the program.
template <typename Value>
std::vector<const char*> Names(const std::vector<Value>& values) {
  static const auto* names = [&values] {
    auto* made = new std::vector<std::string>;
    for (const Value value : values) made->emplace_back(NameOf(value));
    return made;
  }();
  std::vector<const char*> words;
  for (const std::string& name : *names) words.push_back(name.c_str());
  return words;
}

std::string Joined(Kind kind, bool (*can)(Format, Kind)) {
  std::vector<absl::string_view> names;
  for (const Format format : formats::AllFormats()) {
    if (can(format, kind)) names.push_back(NameOf(format));
  }
  return absl::StrJoin(names, ", ");
}

// "xml, xen-sxpr (read only)".
std::string FormatsOf(Kind kind) {
  std::vector<std::string> parts;
  for (const Format format : formats::AllFormats()) {
    const bool read = CanRead(format, kind);
    const bool write = CanWrite(format, kind);
    if (!read && !write) continue;
    parts.push_back(absl::StrCat(NameOf(format), read && write ? "" : (read ? " (read only)" : " (written only)")));
  }
  return absl::StrJoin(parts, ", ");
}

}  // namespace

Option FormatOption(const char* name, const char* help) {
  Option option = Value(name, "FORMAT", help);
  option.completion = Completion::kWords;
  option.words = Names(formats::AllFormats());
  return option;
}

Option KindOption() {
  Option option = Value("kind", "KIND", "what the document describes; without it a domain");
  option.completion = Completion::kWords;
  option.words = Names(formats::AllKinds());
  return option;
}

formats::Strictness StrictnessOf(const Arguments& arguments, formats::Strictness otherwise) {
  if (arguments.Has("lenient")) return formats::Strictness::kLenient;
  return arguments.Has("strict") ? formats::Strictness::kStrict : otherwise;
}

std::string ReadableFormats(Kind kind) {
  return Joined(kind, formats::CanRead);
}

std::string WritableFormats(Kind kind) {
  return Joined(kind, formats::CanWrite);
}

std::string FormatsByKind() {
  // Kinds with the same formats share a sentence.
  std::vector<std::pair<std::string, std::string>> sentences;
  for (const Kind kind : formats::AllKinds()) {
    const std::string list = FormatsOf(kind);
    if (!sentences.empty() && sentences.back().second == list) {
      absl::StrAppend(&sentences.back().first, ", ", NameOf(kind));
    } else {
      sentences.emplace_back(NameOf(kind), list);
    }
  }
  return absl::StrJoin(sentences, ". ", absl::PairFormatter(": "));
}

}  // namespace reeve::cli
