#include "client/fake_daemon.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <stdlib.h>
#include <unistd.h>

#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::client {
namespace {

using UnaryHandler = std::function<absl::Status(const std::string&, std::string*)>;

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()),
                      ToRpcStatus(status).SerializeAsString());
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

grpc::ByteBuffer ToBuffer(const std::string& text) {
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

class UnaryReactor : public grpc::ServerGenericBidiReactor {
 public:
  explicit UnaryReactor(UnaryHandler handler) : handler_(std::move(handler)) { StartRead(&request_); }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "no request"));
    std::string answer;
    const absl::Status status = handler_(ToString(request_), &answer);
    if (!status.ok()) return Finish(ToGrpc(status));
    response_ = ToBuffer(answer);
    StartWriteAndFinish(&response_, {}, grpc::Status::OK);
  }
  void OnDone() override { delete this; }

 private:
  const UnaryHandler handler_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

class StreamReactor : public grpc::ServerGenericBidiReactor {
 public:
  explicit StreamReactor(FakeDaemon::StreamHandler handler) : handler_(std::move(handler)) { StartRead(&incoming_); }

  void OnReadDone(bool ok) override {
    const FakeDaemon::StreamControl control{[this](std::string message) { Send(std::move(message)); },
                                            [this](absl::Status status) { End(std::move(status)); }};
    const std::string message = ok ? ToString(incoming_) : "";
    handler_(ok ? &message : nullptr, control);
    if (ok) StartRead(&incoming_);
  }
  void OnWriteDone(bool) override {
    std::lock_guard lock(mutex_);
    writing_ = false;
    Next();
  }
  void OnCancel() override { End(absl::CancelledError("cancelled")); }
  void OnDone() override { delete this; }

 private:
  void Send(std::string message) {
    std::lock_guard lock(mutex_);
    outgoing_.push_back(std::move(message));
    Next();
  }
  void End(absl::Status status) {
    std::lock_guard lock(mutex_);
    if (!end_) end_ = std::move(status);
    Next();
  }
  void Next() {
    if (writing_ || finished_) return;
    if (!outgoing_.empty()) {
      writing_ = true;
      buffer_ = ToBuffer(outgoing_.front());
      outgoing_.pop_front();
      StartWrite(&buffer_);
    } else if (end_) {
      finished_ = true;
      Finish(ToGrpc(*end_));
    }
  }

  const FakeDaemon::StreamHandler handler_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer buffer_;
  std::mutex mutex_;
  std::deque<std::string> outgoing_;
  std::optional<absl::Status> end_;
  bool writing_ = false;
  bool finished_ = false;
};

}  // namespace

class FakeDaemon::Service {
 public:
  // gRPC takes a generic service for one server only, so every start has its own.
  class Generic : public grpc::CallbackGenericService {
   public:
    explicit Generic(Service* owner) : owner_(owner) {}
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
      if (auto unary = owner_->unary.find(context->method()); unary != owner_->unary.end()) {
        return new UnaryReactor(unary->second);
      }
      if (auto stream = owner_->streams.find(context->method()); stream != owner_->streams.end()) {
        return new StreamReactor(stream->second);
      }
      return CallbackGenericService::CreateReactor(context);
    }

   private:
    Service* const owner_;
  };

  std::map<std::string, UnaryHandler> unary;
  std::map<std::string, StreamHandler> streams;
  std::unique_ptr<Generic> generic;
  std::unique_ptr<grpc::Server> server;
};

FakeDaemon::FakeDaemon() : service_(std::make_unique<Service>()) {
  char directory[] = "/tmp/reeve-fake-XXXXXX";
  if (::mkdtemp(directory) == nullptr) std::abort();
  directory_ = directory;
  socket_ = directory_ + "/reeve.sock";
}

FakeDaemon::~FakeDaemon() {
  Stop();
  (void)::unlink(socket_.c_str());
  (void)::rmdir(directory_.c_str());
}

void FakeDaemon::SetUnary(const char* path, UnaryHandler handler) {
  service_->unary[path] = std::move(handler);
}
void FakeDaemon::OnStream(const char* path, StreamHandler handler) {
  service_->streams[path] = std::move(handler);
}

void FakeDaemon::Start() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
  service_->generic = std::make_unique<Service::Generic>(service_.get());
  builder.RegisterCallbackGenericService(service_->generic.get());
  service_->server = builder.BuildAndStart();
  if (service_->server == nullptr) std::abort();
}

void FakeDaemon::Stop() {
  if (service_->server == nullptr) return;
  service_->server->Shutdown(std::chrono::system_clock::now());
  service_->server->Wait();
  service_->server.reset();
}

std::string FakeDaemon::uri() const {
  return absl::StrCat("test+unix:///default?socket=", socket_);
}

}  // namespace reeve::client
