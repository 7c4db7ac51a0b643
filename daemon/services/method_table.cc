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
using google::protobuf::MethodDescriptor;

// "/package.Service/Method" as "package.Service.Method".
std::string FullName(absl::string_view path) {
  if (!path.empty()) path.remove_prefix(1);
  return absl::StrReplaceAll(path, {{"/", "."}});
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
