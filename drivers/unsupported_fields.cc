#include "drivers/unsupported_fields.h"

#include <google/protobuf/message.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace reeve::drivers {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsSupported(const FieldDescriptor& field, absl::Span<const absl::string_view> supported) {
  const std::string name = absl::StrCat(field.containing_type()->name(), ".", field.name());
  return std::binary_search(supported.begin(), supported.end(), absl::string_view(name));
}

// What libvirt writes into every definition and asks for nothing.
bool AsksForNothing(const Message& message) {
  if (const auto* placement = dynamic_cast<const v1::CpuPlacement*>(&message)) {
    return placement->mode() == "static" && placement->cpuset().empty() && !placement->has_current();
  }
  if (const auto* label = dynamic_cast<const v1::SecurityLabel*>(&message)) return label->type() == "none";
  return message.ByteSizeLong() == 0;
}

void Walk(const Message& message, const std::string& prefix, absl::Span<const absl::string_view> supported_fields, size_t limit,
          std::vector<std::string>* found) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string path = absl::StrCat(prefix, field->name());
    const bool supported = IsSupported(*field, supported_fields);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!supported) found->push_back(path);
    } else if (!field->is_repeated()) {
      const Message& child = reflection.GetMessage(message, field);
      if (supported) Walk(child, absl::StrCat(path, "."), supported_fields, limit, found);
      if (!supported && !AsksForNothing(child)) found->push_back(path);
    } else {
      for (int i = 0; i < reflection.FieldSize(message, field) && found->size() < limit; ++i) {
        const Message& child = reflection.GetRepeatedMessage(message, field, i);
        const std::string place = absl::StrCat(path, "[", i, "]");
        if (supported) Walk(child, absl::StrCat(place, "."), supported_fields, limit, found);
        if (!supported && !AsksForNothing(child)) found->push_back(place);
      }
    }
    if (found->size() >= limit) return found->resize(limit);
  }
}

}  // namespace

std::vector<std::string> UnsupportedFields(const v1::DomainSpec& spec, absl::Span<const absl::string_view> supported,
                                           size_t limit) {
  std::vector<std::string> found;
  Walk(spec, "", supported, limit, &found);
  return found;
}

}  // namespace reeve::drivers
