#include "formats/message_difference.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/message_differencer.h"

namespace reeve::formats {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

struct Search {
  size_t limit;
  std::vector<std::string> found;

  bool full() const { return found.size() >= limit; }
};

// Whether one field of plain values is the same in both.
bool SameField(const Message& left, const Message& right, const FieldDescriptor* field) {
  MessageDifferencer differencer;
  const std::vector<const FieldDescriptor*> fields = {field};
  return differencer.CompareWithFields(left, right, fields, fields);
}

void Compare(const Message& left, const Message& right, const std::string& path, Search* search);

void CompareLists(const Message& left, const Message& right, const FieldDescriptor* field, const std::string& path,
                  Search* search) {
  const int left_size = left.GetReflection()->FieldSize(left, field);
  const int right_size = right.GetReflection()->FieldSize(right, field);
  const size_t before = search->found.size();
  for (int i = 0; i < std::min(left_size, right_size) && !search->full(); ++i) {
    Compare(left.GetReflection()->GetRepeatedMessage(left, field, i),
            right.GetReflection()->GetRepeatedMessage(right, field, i), absl::StrCat(path, "[", i, "]"), search);
  }
  if (left_size == right_size || search->found.size() != before || search->full()) return;
  search->found.push_back(left_size > right_size ? absl::StrCat(path, "[", right_size, "]") : path);
}

void Compare(const Message& left, const Message& right, const std::string& path, Search* search) {
  const auto* descriptor = left.GetDescriptor();
  for (int i = 0; i < descriptor->field_count() && !search->full(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    const std::string name = absl::StrCat(path, ".", std::string(field->name()));
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!SameField(left, right, field)) search->found.push_back(name);
    } else if (field->is_repeated()) {
      CompareLists(left, right, field, name, search);
    } else {
      Compare(left.GetReflection()->GetMessage(left, field), right.GetReflection()->GetMessage(right, field), name,
              search);
    }
  }
}

}  // namespace

std::vector<std::string> FindDifferences(const Message& left, const Message& right, absl::string_view path,
                                         size_t limit) {
  Search search{limit, {}};
  Compare(left, right, std::string(path), &search);
  return std::move(search.found);
}

}  // namespace reeve::formats
