#include "daemon/services/method_table.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/status.h"

namespace reeve::services {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;

// "/package.Service/Method" as "package.Service.Method".
std::string FullName(absl::string_view path) {
  if (!path.empty()) path.remove_prefix(1);
  return absl::StrReplaceAll(path, {{"/", "."}});
}

// The fields below `message` that name objects in this way. Those of repeated fields cannot be followed:
// descriptors_test would not find the method's scope to agree either.
void FindNames(const google::protobuf::Descriptor& message, v1::Naming naming, FieldPath* path,
               std::vector<FieldPath>* found) {
  constexpr size_t kMaxDepth = 4;
  if (path->size() >= kMaxDepth) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* field = message.field(i);
    if (field->is_repeated()) continue;
    path->push_back(field);
    if (field->options().GetExtension(v1::naming) == naming) found->push_back(*path);
    if (field->message_type() != nullptr) FindNames(*field->message_type(), naming, path, found);
    path->pop_back();
  }
}

std::vector<FieldPath> NamesIn(const google::protobuf::Descriptor& message, v1::Naming naming) {
  std::vector<FieldPath> found;
  FieldPath path;
  FindNames(message, naming, &path, &found);
  return found;
}

}  // namespace

absl::Status MethodTable::Add(Method method, const google::protobuf::Descriptor* request,
                              const google::protobuf::Descriptor* response) {
  const auto fault = [&method](absl::string_view what) {
    return Error(v1::REASON_INTERNAL, absl::StrCat("register ", method.path, ": ", what), {{"method", method.path}});
  };
  const MethodDescriptor* descriptor = DescriptorPool::generated_pool()->FindMethodByName(FullName(method.path));
  if (descriptor == nullptr) return fault("there is no such method");
  if (descriptor->input_type() != request || descriptor->output_type() != response) {
    return fault("the handler has other message types");
  }
  const int handlers = (method.unary ? 1 : 0) + (method.server_stream ? 1 : 0) + (method.bidirectional ? 1 : 0);
  if (handlers != 1) return fault("it has no handler, or more than one");
  if (descriptor->client_streaming() != static_cast<bool>(method.bidirectional) ||
      descriptor->server_streaming() != (method.bidirectional || method.server_stream)) {
    return fault("the handler streams otherwise than the method");
  }
  method.permission = descriptor->options().GetExtension(v1::permission);
  method.access = descriptor->options().GetExtension(v1::access);
  if (method.permission.empty()) return fault("it has no permission");
  if (method.access != v1::ACCESS_READ && method.access != v1::ACCESS_WRITE) return fault("it has no access");
  method.scope = descriptor->options().GetExtension(v1::scope);
  if (method.scope == v1::SCOPE_UNSPECIFIED) return fault("it has no scope");
  // A list: what else needs no permission must not be open to everybody on the network by mistake.
  method.before_proof = method.scope == v1::SCOPE_SESSION &&
                        (method.permission == "session.read" || method.permission == "session.authenticate" ||
                         method.permission == "enrollment.redeem");
  method.exact_names = NamesIn(*request, v1::NAMING_EXACT);
  const bool names = !method.exact_names.empty() || !NamesIn(*request, v1::NAMING_LOOKED_UP).empty();
  // A permission for the node as a whole is one for each object.
  if (names ? method.scope != v1::SCOPE_OBJECT && method.scope != v1::SCOPE_NODE : method.scope == v1::SCOPE_OBJECT) {
    return fault("its scope and the objects that it names do not agree");
  }
  if (descriptor->client_streaming() && !method.exact_names.empty()) {
    return fault("names in a stream of requests can only be looked up by its handler");
  }
  method.request_id = request->FindFieldByName("request_id");
  std::string path = method.path;
  const bool added = methods_.emplace(path, std::make_unique<Method>(std::move(method))).second;
  if (!added) return Error(v1::REASON_INTERNAL, absl::StrCat("register ", path, ": it is registered already"));
  return absl::OkStatus();
}

const Method* MethodTable::Find(absl::string_view path) const {
  const auto found = methods_.find(path);
  return found == methods_.end() ? nullptr : found->second.get();
}

std::vector<std::string> MethodTable::Services() const {
  std::set<std::string> names;
  for (const auto& [path, method] : methods_) names.insert(path.substr(1, path.rfind('/') - 1));
  return {names.begin(), names.end()};
}

}  // namespace reeve::services
