#include "formats/json_places.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "formats/text_place.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

using Json = nlohmann::json;

// The bytes of a text; tells how many the parser has taken.
class CountedBytes {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountedBytes(const char* byte, size_t* taken) : byte_(byte), taken_(taken) {}
  const char& operator*() const { return *byte_; }
  CountedBytes& operator++() {
    ++byte_;
    ++*taken_;
    return *this;
  }
  bool operator==(const CountedBytes& other) const { return byte_ == other.byte_; }
  bool operator!=(const CountedBytes& other) const { return byte_ != other.byte_; }

 private:
  const char* byte_;
  size_t* taken_;
};

// Protobuf takes memoryKib and memory_kib for the same field, and names it in its messages by the latter.
std::string Normal(absl::string_view path) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(path, {{"_", ""}}));
}

// Hears what the parser finds: the first fault, and where the key of a path is.
class Listener {
 public:
  Listener(absl::string_view wanted, const size_t* taken) : wanted_(Normal(wanted)), taken_(taken) {}

  std::optional<size_t> found;
  std::optional<size_t> fault;
  std::string cause;

  bool null() { return Value(); }
  bool boolean(bool) { return Value(); }
  bool number_integer(Json::number_integer_t) { return Value(); }
  bool number_unsigned(Json::number_unsigned_t) { return Value(); }
  bool number_float(Json::number_float_t, const std::string&) { return Value(); }
  bool string(std::string&) { return Value(); }
  bool binary(Json::binary_t&) { return Value(); }
  bool start_object(size_t) { return Open(false); }
  bool start_array(size_t) { return Open(true); }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }

  bool key(const std::string& name) {
    path_.resize(levels_.back().path_bytes);
    absl::StrAppend(&path_, path_.empty() ? "" : ".", Normal(name));
    // The parser has just read the quotation mark after it.
    if (path_ == wanted_) found = *taken_ - std::min(*taken_, name.size() + 2);
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception& error) {
    fault = position == 0 ? 0 : position - 1;
    const absl::string_view text = error.what();
    const size_t start = text.find(": ");
    cause = std::string(start == absl::string_view::npos ? text : text.substr(start + 2));
    return false;
  }

 private:
  struct Level {
    bool is_array = false;
    size_t path_bytes = 0;
    size_t next = 0;
  };

  // A value begins: one of an array adds its number to the path.
  bool Value() {
    if (levels_.empty() || !levels_.back().is_array) return true;
    path_.resize(levels_.back().path_bytes);
    absl::StrAppend(&path_, "[", levels_.back().next++, "]");
    return true;
  }

  bool Open(bool is_array) {
    Value();
    levels_.push_back({is_array, path_.size(), 0});
    return true;
  }

  bool Close() {
    path_.resize(levels_.back().path_bytes);
    levels_.pop_back();
    return true;
  }

  const std::string wanted_;
  const size_t* const taken_;
  std::string path_;
  std::vector<Level> levels_;
};

Listener Listen(absl::string_view text, absl::string_view path) {
  size_t taken = 0;
  Listener listener(path, &taken);
  Json::sax_parse(CountedBytes(text.data(), &taken), CountedBytes(text.data() + text.size(), &taken), &listener);
  return listener;
}

}  // namespace

absl::Status CheckJson(absl::string_view text) {
  const Listener listener = Listen(text, "");
  if (!listener.fault) return absl::OkStatus();
  const std::string place = ToString(PlaceOf(text, *listener.fault));
  absl::Status status = Error(v1::REASON_DOCUMENT_MALFORMED, absl::StrCat(place, ": ", listener.cause));
  AddFieldViolation(&status, place, listener.cause);
  return status;
}

std::optional<size_t> FindJsonKey(absl::string_view text, absl::string_view path) {
  const Listener listener = Listen(text, path);
  return listener.fault ? std::nullopt : listener.found;
}

}  // namespace reeve::formats
