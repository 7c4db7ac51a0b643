#include "formats/domain_spec_bounds.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "formats/text.h"

namespace reeve::formats {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The longest that has a meaning: session data of launch security, and arguments of the first program, in bytes.
constexpr size_t kMaxTextBytes = 65536;
// More than a document of 1 MiB has of anything that takes more than a few bytes.
constexpr int kMaxEntries = 16384;

// XML, which has a check of its own.
bool IsMetadata(const FieldDescriptor* field) {
  return field->number() == v1::DomainSpec::kMetadataFieldNumber &&
         field->containing_type() == v1::DomainSpec::descriptor();
}

class Walk {
 public:
  explicit Walk(std::vector<SpecFault>* faults) : faults_(faults) {}

  // Recursion is bounded by protobuf's own bound of depth.
  void Look(const Message& message, const std::string& path) {
    const auto* reflection = message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (faults_->size() >= kMaxSpecFaults) return;
      const std::string name = absl::StrCat(path, ".", field->name());
      if (!field->is_repeated()) {
        LookAt(message, field, -1, name);
        continue;
      }
      const int count = reflection->FieldSize(message, field);
      if (count > kMaxEntries) {
        Fail(name, absl::StrCat("has ", count, " entries, at most ", kMaxEntries, " are allowed"));
        continue;
      }
      for (int i = 0; i < count; ++i) LookAt(message, field, i, name);
    }
  }

 private:
  void LookAt(const Message& message, const FieldDescriptor* field, int index, const std::string& name) {
    const auto* reflection = message.GetReflection();
    const auto full_name = [&] { return index < 0 ? name : absl::StrCat(name, "[", index, "]"); };
    std::string scratch;
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        Look(index < 0 ? reflection->GetMessage(message, field) : reflection->GetRepeatedMessage(message, field, index),
             full_name());
        break;
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string& text = index < 0 ? reflection->GetStringReference(message, field, &scratch)
                                            : reflection->GetRepeatedStringReference(message, field, index, &scratch);
        if (IsMetadata(field)) break;
        if (text.size() > kMaxTextBytes) {
          Fail(full_name(), absl::StrCat("has ", text.size(), " bytes, at most ", kMaxTextBytes, " are allowed"));
        } else if (HasControlCharacterInLines(text)) {
          Fail(full_name(), "has a control character");
        }
        break;
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int number = index < 0 ? reflection->GetEnumValue(message, field)
                                     : reflection->GetRepeatedEnumValue(message, field, index);
        if (field->enum_type()->FindValueByNumber(number) == nullptr) Fail(full_name(), "is not known");
        break;
      }
      default:
        break;
    }
  }

  void Fail(const std::string& field, std::string cause) {
    for (const SpecFault& fault : *faults_) {
      if (fault.field == field) return;  // the checks that know the field have told
    }
    if (faults_->size() < kMaxSpecFaults) faults_->push_back({field, std::move(cause)});
  }

  std::vector<SpecFault>* const faults_;
};

}  // namespace

void AddBoundFaults(const v1::DomainSpec& spec, std::vector<SpecFault>* faults) {
  Walk(faults).Look(spec, "spec");
}

}  // namespace reeve::formats
