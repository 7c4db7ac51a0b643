// A whole server on real sockets, and clients for it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/authority.h"
#include "daemon/connections/acceptor.h"
#include "daemon/connections/testing/sockets.h"
#include "daemon/services/authentication.h"
#include "daemon/services/enrollment.h"
#include "daemon/services/register.h"
#include "daemon/services/server.h"
#include "daemon/services/testing/fake_manager.h"
#include "daemon/services/testing/fake_migrations.h"
#include "proto/methods.h"

namespace reeve::services::testing {

// Test controls that remember nothing.
class FakeTestControls final : public test_driver::TestControls {
 public:
  absl::StatusOr<uint32_t> SetWedge(const std::string&, bool) override { return 0; }
  void ReleaseAll() override {}
  absl::Status EndGuest(const std::string& domain, v1::EndGuestRequest::How) override {
    last_domain = domain;
    return absl::OkStatus();
  }
  std::string last_domain;
};

// Reeve's services over a FakeManager, served on a read-write and a read-only socket.
class Harness {
 public:
  struct Options {
    Limits limits;
    connections::ClientLimits clients;
    Server::Options server;
  };
  explicit Harness(Options options = {});
  ~Harness();

  const std::string& path() const { return path_; }
  const std::string& read_only_path() const { return read_only_path_; }

  FakeManager manager;
  FakeMigrations migrations;
  FakeTestControls controls;
  Health health;
  connections::Table table{&util::Clock::Real()};
  auth::PolicySource policy{
      auth::Policy::Create({}, [](const std::string&) -> std::optional<gid_t> { return std::nullopt; })};
  std::unique_ptr<util::Timers> timers = util::MakeTimers();
  Authentication authentication{
      {.policy = &policy, .table = &table, .timers = timers.get(), .clock = &util::Clock::Real()}, {}};
  Dispatcher dispatcher;
  WorkerPool workers{2};
  std::unique_ptr<Enrollment> enrollment;
  std::unique_ptr<Server> server;
  std::unique_ptr<connections::Acceptor> acceptor;

 private:
  connections::testing::SocketDirectory directory_;
  std::string path_;
  std::string read_only_path_;
};

// A connection of its own, whatever other channels there are.
std::shared_ptr<grpc::Channel> Connect(const std::string& path);

// One blocking unary call with raw bytes; the error has Reeve's reason. Ten seconds at most.
absl::StatusOr<std::string> CallRaw(grpc::Channel* channel, const std::string& path, const std::string& request);

template <typename Request, typename Response>
absl::StatusOr<Response> CallUnary(grpc::Channel* channel, UnaryMethod<Request, Response> method,
                                   const Request& request) {
  const absl::StatusOr<std::string> bytes = CallRaw(channel, method.path, request.SerializeAsString());
  if (!bytes.ok()) return bytes.status();
  Response response;
  if (!response.ParseFromString(*bytes)) return absl::DataLossError("the response does not parse");
  return response;
}

// A blocking client of a stream. Every step takes ten seconds at most.
class ClientStream {
 public:
  ClientStream(grpc::Channel* channel, const std::string& path);
  ~ClientStream();
  bool Write(const std::string& message);
  bool WritesDone();
  // False: the stream has ended.
  bool Read(std::string* message);
  // Waits until the server has begun the stream.
  bool AwaitBegun();
  void Cancel();
  absl::Status Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What a client makes of gRPC's status.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace reeve::services::testing
