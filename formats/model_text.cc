#include "formats/model_text.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "formats/json_places.h"
#include "formats/text_place.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

using google::protobuf::Message;

constexpr size_t kMaxBytes = 4 << 20;
constexpr size_t kMaxFaults = 20;
constexpr int kMaxDepth = 64;

absl::Status CheckSize(absl::string_view text) {
  if (text.size() <= kMaxBytes) return absl::OkStatus();
  return Error(v1::REASON_DOCUMENT_MALFORMED, "the document is larger than 4 MiB");
}

// What the text form found.
class Faults : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (count_++ >= kMaxFaults) return;
    const std::string place = ToString(TextPlace{line + 1, column + 1});
    if (status_.ok()) status_ = Error(v1::REASON_DOCUMENT_MALFORMED, absl::StrCat(place, ": ", message));
    AddFieldViolation(&status_, place, message);
  }
  const absl::Status& status() const { return status_; }

 private:
  size_t count_ = 0;
  absl::Status status_;
};

// The path of the first field that has a number no name of its enumeration stands for, or nothing: the forms take any
// number, and no document could have said it. Recursion is bounded by the parsers' own bound of depth.
std::string FindUnknownEnum(const Message& message) {
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_ENUM) {
        const int value = field->is_repeated() ? reflection->GetRepeatedEnumValue(message, field, i)
                                               : reflection->GetEnumValue(message, field);
        if (field->enum_type()->FindValueByNumber(value) == nullptr) return field->name();
      } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
        const Message& inner = field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                                    : reflection->GetMessage(message, field);
        const std::string path = FindUnknownEnum(inner);
        if (!path.empty()) return absl::StrCat(field->name(), ".", path);
      }
    }
  }
  return "";
}

absl::Status CheckEnums(const Message& message) {
  const std::string path = FindUnknownEnum(message);
  if (path.empty()) return absl::OkStatus();
  return Error(v1::REASON_SPEC_INVALID, absl::StrCat("the field ", path, " has a number that stands for nothing"),
               {{"field", path}});
}

// What protobuf says of JSON: "(PATH) KEY: CAUSE" or, at the top, "KEY: CAUSE" of a key that it does not know, "(PATH): CAUSE" of
// a value, PATH with "[N]" for the places of lists.
absl::Status JsonFault(absl::string_view text, const std::string& said) {
  absl::string_view head = absl::string_view(said).substr(0, said.find(": "));
  std::string path;
  if (absl::ConsumePrefix(&head, "(")) {
    const size_t end = head.find(')');
    path = std::string(head.substr(0, end));
    head.remove_prefix(end == absl::string_view::npos ? head.size() : end + 1);
  }
  head = absl::StripAsciiWhitespace(head);
  if (!head.empty()) absl::StrAppend(&path, path.empty() ? "" : ".", head);
  // A value of a list has no key: the list's is next to it.
  const size_t list = absl::EndsWith(path, "]") ? path.rfind('[') : std::string::npos;
  const std::string place =
      ToString(PlaceOf(text, FindJsonKey(text, absl::string_view(path).substr(0, list)).value_or(0)));
  absl::Status status = Error(v1::REASON_DOCUMENT_MALFORMED, absl::StrCat(place, ": ", said));
  AddFieldViolation(&status, place, said);
  return status;
}

}  // namespace

absl::Status ReadTextproto(absl::string_view text, Message* message) {
  if (absl::Status status = CheckSize(text); !status.ok()) return status;
  Faults faults;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&faults);
  parser.SetRecursionLimit(kMaxDepth);
  if (!parser.ParseFromString(std::string(text), message)) return faults.status();
  return CheckEnums(*message);
}

absl::Status ReadJson(absl::string_view text, Message* message) {
  if (absl::Status status = CheckSize(text); !status.ok()) return status;
  if (absl::Status status = CheckJson(text); !status.ok()) return status;
  const auto status = google::protobuf::util::JsonStringToMessage(std::string(text), message);
  if (!status.ok()) return JsonFault(text, std::string(status.message()));
  return CheckEnums(*message);
}

std::string WriteTextproto(const Message& message) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(message, &text);
  return text;
}

absl::StatusOr<std::string> WriteJson(const Message& message) {
  std::string text;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!status.ok()) return Error(v1::REASON_INTERNAL, std::string(status.message()));
  return text;
}

}  // namespace reeve::formats
