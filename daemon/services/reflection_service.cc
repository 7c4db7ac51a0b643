#include "daemon/services/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace reeve::services {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using grpc::reflection::v1alpha::ServerReflectionRequest;
using grpc::reflection::v1alpha::ServerReflectionResponse;

const DescriptorPool& Pool() {
  return *DescriptorPool::generated_pool();
}

// Adds a file behind all it imports, each once.
void AddWithImports(const FileDescriptor& file, std::set<const FileDescriptor*>* added,
                    grpc::reflection::v1alpha::FileDescriptorResponse* response) {
  if (!added->insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddWithImports(*file.dependency(i), added, response);
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  response->add_file_descriptor_proto(proto.SerializeAsString());
}

void SetError(ServerReflectionResponse* response, absl::StatusCode code, absl::string_view message) {
  response->mutable_error_response()->set_error_code(static_cast<int>(code));
  response->mutable_error_response()->set_error_message(std::string(message));
}

void SetFile(ServerReflectionResponse* response, const FileDescriptor* file, absl::string_view what) {
  if (file == nullptr) return SetError(response, absl::StatusCode::kNotFound, absl::StrCat("there is no ", what));
  std::set<const FileDescriptor*> added;
  AddWithImports(*file, &added, response->mutable_file_descriptor_response());
}

const FileDescriptor* FileOfExtension(const std::string& type, int number) {
  const Descriptor* descriptor = Pool().FindMessageTypeByName(type);
  if (descriptor == nullptr) return nullptr;
  const FieldDescriptor* extension = Pool().FindExtensionByNumber(descriptor, number);
  return extension == nullptr ? nullptr : extension->file();
}

void SetExtensionNumbers(ServerReflectionResponse* response, const std::string& type) {
  const Descriptor* descriptor = Pool().FindMessageTypeByName(type);
  if (descriptor == nullptr) {
    return SetError(response, absl::StatusCode::kNotFound, absl::StrCat("there is no message ", type));
  }
  std::vector<const FieldDescriptor*> extensions;
  Pool().FindAllExtensions(descriptor, &extensions);
  auto* numbers = response->mutable_all_extension_numbers_response();
  numbers->set_base_type_name(type);
  for (const FieldDescriptor* extension : extensions) numbers->add_extension_number(extension->number());
}

class ReflectionHandler final : public StreamHandler {
 public:
  ReflectionHandler(const Dispatcher* dispatcher, std::shared_ptr<ServerStream> stream)
      : dispatcher_(dispatcher), stream_(std::move(stream)) {}

  void OnMessage(std::string message, std::function<void()> next) override {
    ServerReflectionRequest request;
    if (!request.ParseFromString(message)) {
      return stream_->Finish(Error(v1::REASON_REQUEST_MALFORMED, "the message is not a ServerReflectionRequest"));
    }
    stream_->Write(
        std::make_shared<const std::string>(Reflect(request, dispatcher_->methods().Services()).SerializeAsString()),
        [next = std::move(next)](bool ok) {
          if (ok) next();
        });
  }
  void OnClientDone() override { stream_->Finish(absl::OkStatus()); }
  void OnEnd() override {}

 private:
  const Dispatcher* const dispatcher_;
  const std::shared_ptr<ServerStream> stream_;
};

}  // namespace

ServerReflectionResponse Reflect(const ServerReflectionRequest& request, const std::vector<std::string>& services) {
  // Names go back to the client twice, and into a message: no real one comes near this.
  constexpr size_t kLimit = 4096;
  ServerReflectionResponse response;
  if (request.ByteSizeLong() > kLimit) {
    SetError(&response, absl::StatusCode::kInvalidArgument, "the question has more than 4096 bytes");
    return response;
  }
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      SetFile(&response, Pool().FindFileByName(request.file_by_filename()),
              absl::StrCat("file ", request.file_by_filename()));
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      SetFile(&response, Pool().FindFileContainingSymbol(request.file_containing_symbol()),
              absl::StrCat("symbol ", request.file_containing_symbol()));
      break;
    case ServerReflectionRequest::kFileContainingExtension: {
      const auto& extension = request.file_containing_extension();
      SetFile(&response, FileOfExtension(extension.containing_type(), extension.extension_number()),
              absl::StrCat("extension ", extension.extension_number(), " of ", extension.containing_type()));
      break;
    }
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      SetExtensionNumbers(&response, request.all_extension_numbers_of_type());
      break;
    case ServerReflectionRequest::kListServices:
      for (const std::string& service : services)
        response.mutable_list_services_response()->add_service()->set_name(service);
      break;
    default:
      SetError(&response, absl::StatusCode::kInvalidArgument, "the question is empty or not known");
  }
  return response;
}

void RegisterReflectionService(Dispatcher* dispatcher) {
  dispatcher->Bidirectional(methods::kReflection, [dispatcher](CallPointer, std::shared_ptr<ServerStream> stream) {
    return std::make_unique<ReflectionHandler>(dispatcher, std::move(stream));
  });
}

}  // namespace reeve::services
