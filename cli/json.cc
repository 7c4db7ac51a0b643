#include "cli/json.h"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/wrappers.pb.h>

#include "absl/strings/str_cat.h"
#include "cli/text.h"
#include "google/rpc/error_details.pb.h"
#include "proto/descriptors.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

std::string Convert(const google::protobuf::Message& message, bool lines) {
  NeedDescriptors();  // what is in an Any is looked up by the name of its type
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = lines;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) return "{}";  // only for an Any of an unknown type, which ErrorToJson takes out before
  return json;
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message) {
  std::string json = Convert(message, true);
  if (json.empty() || json.back() != '\n') json += '\n';
  return json;
}

std::string ToJsonLine(const google::protobuf::Message& message) {
  return Convert(message, false) + "\n";
}

std::string JsonText(absl::string_view text) {
  google::protobuf::StringValue value;
  value.set_value(IsUtf8(text) ? std::string(text) : Escape(text));
  return Convert(value, false);
}

std::string ErrorToJson(const absl::Status& status) {
  google::rpc::Status known;
  // An error of this program, or of a foreign peer, has no reason: none is better than a wrong one.
  if (ReasonOf(status) != v1::REASON_UNSPECIFIED) known = ToRpcStatus(status);
  known.set_code(static_cast<int>(status.code()));
  known.set_message(std::string(status.message()));
  NeedDescriptors();
  // The JSON of an Any needs its type to be linked in: these are.
  google::rpc::ErrorInfo::descriptor();
  auto* details = known.mutable_details();
  for (int i = details->size() - 1; i >= 0; --i) {
    const std::string& url = details->Get(i).type_url();
    const std::string name = url.substr(url.rfind('/') + 1);
    if (google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name) == nullptr) {
      details->DeleteSubrange(i, 1);
    }
  }
  return absl::StrCat("{\"error\":", Convert(known, false), "}\n");
}

}  // namespace reeve::cli
