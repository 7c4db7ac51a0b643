#include "proto/secrets.h"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "reeve/v1/options.pb.h"

namespace reeve {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The fields of a type that are secrets or may have secrets inside.
using Fields = std::vector<const FieldDescriptor*>;

bool IsSecret(const FieldDescriptor* field) {
  return field->options().GetExtension(v1::secret);
}

bool MayHold(const Descriptor* type, absl::flat_hash_set<const Descriptor*>* seen) {
  if (!seen->insert(type).second) return false;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (IsSecret(field) || (field->message_type() != nullptr && MayHold(field->message_type(), seen))) return true;
  }
  return false;
}

const Fields& FieldsOf(const Descriptor* type) {
  static auto* mutex = new std::mutex;
  static auto* known = new absl::flat_hash_map<const Descriptor*, std::unique_ptr<const Fields>>;
  const std::lock_guard<std::mutex> lock(*mutex);
  std::unique_ptr<const Fields>& entry = (*known)[type];
  if (entry == nullptr) {
    Fields fields;
    for (int i = 0; i < type->field_count(); ++i) {
      absl::flat_hash_set<const Descriptor*> seen;
      const FieldDescriptor* field = type->field(i);
      if (IsSecret(field) || (field->message_type() != nullptr && MayHold(field->message_type(), &seen))) {
        fields.push_back(field);
      }
    }
    entry = std::make_unique<const Fields>(std::move(fields));
  }
  return *entry;
}

bool IsSet(const Message& message, const Reflection& reflection, const FieldDescriptor* field) {
  return field->is_repeated() ? reflection.FieldSize(message, field) > 0 : reflection.HasField(message, field);
}

}  // namespace

bool HasSecrets(const Message& message) {
  const Reflection& reflection = *message.GetReflection();
  for (const FieldDescriptor* field : FieldsOf(message.GetDescriptor())) {
    if (!IsSet(message, reflection, field)) continue;
    if (IsSecret(field)) return true;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (HasSecrets(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                          : reflection.GetMessage(message, field))) {
        return true;
      }
    }
  }
  return false;
}

void ClearSecrets(Message* message) {
  const Reflection& reflection = *message->GetReflection();
  for (const FieldDescriptor* field : FieldsOf(message->GetDescriptor())) {
    if (!IsSet(*message, reflection, field)) continue;
    if (IsSecret(field)) {
      reflection.ClearField(message, field);
      continue;
    }
    const int count = field->is_repeated() ? reflection.FieldSize(*message, field) : 1;
    for (int i = 0; i < count; ++i) {
      ClearSecrets(field->is_repeated() ? reflection.MutableRepeatedMessage(message, field, i)
                                        : reflection.MutableMessage(message, field));
    }
  }
}

}  // namespace reeve
