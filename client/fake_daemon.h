// A daemon for tests of clients: it listens on a Unix socket in a directory of its own and answers as the test says.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "proto/methods.h"

namespace reeve::client {

// Handlers are set before Start; they are called on threads of gRPC. Stop and the destructor end all calls.
class FakeDaemon {
 public:
  FakeDaemon();
  ~FakeDaemon();

  template <typename Request, typename Response>
  void On(const UnaryMethod<Request, Response>& method,
          std::function<absl::Status(const Request&, Response*)> handler) {
    SetUnary(method.path, [handler](const std::string& bytes, std::string* answer) {
      Request request;
      Response response;
      if (!request.ParseFromString(bytes)) return absl::InvalidArgumentError("malformed");
      absl::Status status = handler(request, &response);
      *answer = response.SerializeAsString();
      return status;
    });
  }

  // What a stream's handler may do.
  struct StreamControl {
    std::function<void(std::string)> send;
    std::function<void(absl::Status)> finish;  // behind what was sent
  };
  // Called for every message of the client, and with nullptr when it has closed its half.
  using StreamHandler = std::function<void(const std::string* message, const StreamControl& control)>;
  // By path, e.g. methods::kWatch.path.
  void OnStream(const char* path, StreamHandler handler);

  void Start();
  void Stop();
  const std::string& socket() const { return socket_; }
  // "test+unix:///default?socket=..."
  std::string uri() const;

 private:
  using UnaryHandler = std::function<absl::Status(const std::string&, std::string*)>;
  class Service;
  void SetUnary(const char* path, UnaryHandler handler);

  std::string directory_;
  std::string socket_;
  std::unique_ptr<Service> service_;
};

}  // namespace reeve::client
