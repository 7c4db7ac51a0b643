#include "cli/split.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace reeve::cli {
namespace {

// Reads words one after the other.
class Splitter {
 public:
  explicit Splitter(absl::string_view text) {
    for (size_t i = 0; i < text.size(); ++i) Take(text, &i);
  }

  // Ends the last word and command.
  absl::StatusOr<std::vector<WordList>> Finish() {
    if (quote_ != '\0')
      return absl::InvalidArgumentError(absl::StrCat("a quote ", std::string(1, quote_), " is not closed"));
    if (escaped_) return absl::InvalidArgumentError("a backslash ends the line");
    EndCommand();
    return std::move(commands_);
  }

  WordList LastWords() {
    words_.push_back(word_);
    return std::move(words_);
  }

 private:
  void Take(absl::string_view text, size_t* i) {
    const char c = text[*i];
    if (escaped_) {
      escaped_ = false;
      Add(c);
    } else if (c == '\\' && quote_ != '\'') {
      escaped_ = in_word_ = true;
    } else if (quote_ != '\0') {
      if (c == quote_) {
        quote_ = '\0';
      } else {
        Add(c);
      }
    } else if (c == '\'' || c == '"') {
      quote_ = c;
      in_word_ = true;  // '' is an empty word
    } else if (c == ';' || c == '\n') {
      EndCommand();
    } else if (absl::ascii_isspace(static_cast<unsigned char>(c))) {
      EndWord();
    } else if (c == '#' && !in_word_) {
      while (*i + 1 < text.size() && text[*i + 1] != '\n') ++*i;
    } else {
      Add(c);
    }
  }
  void Add(char c) {
    word_ += c;
    in_word_ = true;
  }
  void EndWord() {
    if (in_word_) words_.push_back(std::move(word_));
    word_.clear();
    in_word_ = false;
  }
  void EndCommand() {
    EndWord();
    if (!words_.empty()) commands_.push_back(std::move(words_));
    words_.clear();
  }

  std::vector<WordList> commands_;
  WordList words_;
  std::string word_;
  bool in_word_ = false;
  bool escaped_ = false;
  char quote_ = '\0';
};

}  // namespace

absl::StatusOr<std::vector<WordList>> SplitCommands(absl::string_view text) {
  return Splitter(text).Finish();
}

WordList WordsForCompletion(absl::string_view text) {
  return Splitter(text).LastWords();
}

std::string Quoted(absl::string_view text) {
  const bool plain = !text.empty() && text[0] != '#' && std::none_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isspace(static_cast<unsigned char>(c)) ||
           absl::string_view("'\"\\;").find(c) != absl::string_view::npos;
  });
  if (plain) return std::string(text);
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

}  // namespace reeve::cli
