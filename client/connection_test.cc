#include "client/connection.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <set>

#include "client/fake_daemon.h"
#include "client/wakeup.h"
#include "client/watch.h"
#include "proto/status.h"

namespace reeve::client {
namespace {

std::unique_ptr<Connection> Open(const FakeDaemon& daemon, const ConnectionOptions& options = {}) {
  auto connection = Connection::Open(*ParseUri(daemon.uri()), options);
  INFO(connection.status());
  REQUIRE(connection.ok());
  return *std::move(connection);
}

template <typename Response, typename AnyStream>
Taken WaitTake(AnyStream* stream, Response* response) {
  while (true) {
    const Taken taken = stream->Take(response);
    if (taken != Taken::kNothing) return taken;
    pollfd polled{stream->ready_fd(), POLLIN, 0};
    REQUIRE(::poll(&polled, 1, 10'000) == 1);
  }
}

TEST_CASE("a call carries request and answer") {
  FakeDaemon daemon;
  daemon.On<v1::GetDomainRequest, v1::Domain>(methods::kGetDomain, [](const auto& request, v1::Domain* domain) {
    domain->set_name(request.name());
    return absl::OkStatus();
  });
  daemon.Start();
  auto connection = Open(daemon);
  v1::GetDomainRequest request;
  request.set_name("hypervisors/test/domains/web1");
  auto domain = connection->Call(methods::kGetDomain, request);
  REQUIRE(domain.ok());
  CHECK(domain->name() == "hypervisors/test/domains/web1");
  CHECK(connection->Hypervisor() == "hypervisors/test");
}

TEST_CASE("an error comes back with reason and details") {
  FakeDaemon daemon;
  daemon.On<v1::StartDomainRequest, v1::Domain>(methods::kStartDomain, [](const auto&, v1::Domain*) {
    absl::Status status = Error(v1::REASON_DOMAIN_STATE, "start web1: it is running", {{"state", "running"}});
    AddPreconditionViolation(&status, "STATE", "web1", "is running");
    return status;
  });
  daemon.Start();
  auto domain = Open(daemon)->Call(methods::kStartDomain, v1::StartDomainRequest());
  REQUIRE_FALSE(domain.ok());
  CHECK(domain.status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(domain.status().message() == "start web1: it is running");
  CHECK(ReasonOf(domain.status()) == v1::REASON_DOMAIN_STATE);
  CHECK(domain.status().GetPayload("type.googleapis.com/google.rpc.PreconditionFailure"));
  CHECK_FALSE(IsConnectionLost(domain.status()));
}

TEST_CASE("a method that the daemon lacks is told, and is no lost connection") {
  FakeDaemon daemon;
  daemon.Start();
  auto node = Open(daemon)->Call(methods::kGetNode, v1::GetNodeRequest());
  CHECK(node.status().code() == absl::StatusCode::kUnimplemented);
}

TEST_CASE("every mutation gets a fresh request id, and keeps one that it has") {
  FakeDaemon daemon;
  std::set<std::string> ids;
  daemon.On<v1::DomainVerbRequest, v1::Domain>(methods::kSuspendDomain, [&ids](const auto& request, v1::Domain*) {
    ids.insert(request.request_id());
    return absl::OkStatus();
  });
  daemon.Start();
  auto connection = Open(daemon);
  REQUIRE(connection->Call(methods::kSuspendDomain, v1::DomainVerbRequest()).ok());
  REQUIRE(connection->Call(methods::kSuspendDomain, v1::DomainVerbRequest()).ok());
  v1::DomainVerbRequest own;
  own.set_request_id("mine");
  REQUIRE(connection->Call(methods::kSuspendDomain, own).ok());
  CHECK(ids.size() == 3);
  CHECK(ids.count("mine") == 1);
  CHECK(ids.count("") == 0);
}

TEST_CASE("connecting fails with what to do") {
  auto absent = Connection::Open(*ParseUri("lxc:///?socket=/nonexistent/reeve.sock"), {});
  CHECK(absent.status().message() ==
        "cannot connect to /nonexistent/reeve.sock: No such file or directory; is reeved running?");
  CHECK(absent.status().code() == absl::StatusCode::kUnavailable);

  auto remote = Connection::Open(*ParseUri("lxc://host.example/"), {});
  CHECK(remote.status().code() == absl::StatusCode::kNotFound);
  CHECK_THAT(std::string(remote.status().message()), Catch::Contains("no certificate of an authority"));

  auto lengthy = Connection::Open(*ParseUri("lxc:///?socket=/" + std::string(200, 'x')), {});
  CHECK_THAT(std::string(lengthy.status().message()), Catch::Contains("at most 107"));

  FakeDaemon daemon;
  daemon.Start();
  daemon.Stop();  // gRPC removes the socket; a file without a listener refuses
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  daemon.socket().copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  auto refused = Connection::Open(*ParseUri(daemon.uri()), {});
  CHECK_THAT(std::string(refused.status().message()), Catch::Contains("Connection refused; is reeved running?"));
  ::close(listener);
}

TEST_CASE("a read-only connection refuses to write before it asks the daemon") {
  FakeDaemon daemon;
  std::atomic<int> calls = 0;
  daemon.On<v1::DomainVerbRequest, v1::Domain>(methods::kDestroyDomain, [&calls](const auto&, v1::Domain*) {
    ++calls;
    return absl::OkStatus();
  });
  daemon.On<v1::GetNodeRequest, v1::Node>(methods::kGetNode, [](const auto&, v1::Node*) { return absl::OkStatus(); });
  daemon.Start();
  auto connection = Open(daemon, {.read_only = true});
  CHECK(connection->Call(methods::kGetNode, v1::GetNodeRequest()).ok());
  auto destroyed = connection->Call(methods::kDestroyDomain, v1::DomainVerbRequest());
  CHECK(ReasonOf(destroyed.status()) == v1::REASON_CONNECTION_READ_ONLY);
  CHECK(ReasonOf(connection->Start(methods::kAttachConsole).status()) == v1::REASON_CONNECTION_READ_ONLY);
  CHECK(calls == 0);
}

TEST_CASE("a call ends at its timeout, and when it is interrupted") {
  FakeDaemon daemon;
  daemon.OnStream(methods::kGetNode.path,
                  [](const std::string*, const FakeDaemon::StreamControl&) {});  // never answers
  daemon.Start();
  auto wakeup = Wakeup::Create();
  REQUIRE(wakeup.ok());
  auto connection = Open(daemon, {.interrupt_fd = wakeup->fd()});
  auto late = connection->Call(methods::kGetNode, v1::GetNodeRequest(), absl::Milliseconds(20));
  CHECK(late.status().code() == absl::StatusCode::kDeadlineExceeded);
  CHECK_THAT(std::string(late.status().message()), Catch::StartsWith("no answer within 20ms"));
  wakeup->Set();
  auto interrupted = connection->Call(methods::kGetNode, v1::GetNodeRequest());
  CHECK(interrupted.status().code() == absl::StatusCode::kCancelled);
  CHECK(interrupted.status().message() == "interrupted");
}

TEST_CASE("after a restart of the daemon the next call connects again") {
  FakeDaemon daemon;
  daemon.On<v1::GetNodeRequest, v1::Node>(methods::kGetNode, [](const auto&, v1::Node*) { return absl::OkStatus(); });
  daemon.Start();
  auto connection = Open(daemon);
  REQUIRE(connection->Call(methods::kGetNode, v1::GetNodeRequest()).ok());
  daemon.Stop();
  auto gone = connection->Call(methods::kGetNode, v1::GetNodeRequest());
  CHECK_THAT(std::string(gone.status().message()), Catch::Contains("is reeved running?"));
  daemon.Start();
  CHECK(connection->Call(methods::kGetNode, v1::GetNodeRequest()).ok());
}

TEST_CASE("a stream carries messages both ways and ends with its status") {
  FakeDaemon daemon;
  daemon.OnStream(methods::kAttachConsole.path,
                  [](const std::string* message, const FakeDaemon::StreamControl& control) {
                    if (message == nullptr) return control.finish(Error(v1::REASON_CONSOLE_NOT_FOUND, "no console 3"));
                    v1::AttachConsoleRequest request;
                    request.ParseFromString(*message);
                    v1::AttachConsoleResponse response;
                    response.set_output(request.input());
                    control.send(response.SerializeAsString());
                  });
  daemon.Start();
  auto connection = Open(daemon);
  auto stream = connection->Start(methods::kAttachConsole);
  REQUIRE(stream.ok());
  for (int i = 0; i < 500; ++i) {  // more than is read ahead
    v1::AttachConsoleRequest request;
    request.set_input(std::to_string(i));
    (*stream)->Write(request);
  }
  (*stream)->WritesDone();
  v1::AttachConsoleResponse response;
  for (int i = 0; i < 500; ++i) {
    REQUIRE(WaitTake(stream->get(), &response) == Taken::kMessage);
    CHECK(response.output() == std::to_string(i));
  }
  REQUIRE(WaitTake(stream->get(), &response) == Taken::kEnded);
  CHECK(ReasonOf((*stream)->status()) == v1::REASON_CONSOLE_NOT_FOUND);
  CHECK((*stream)->queued_bytes() == 0);
}

TEST_CASE("a stream that is destroyed is cancelled") {
  FakeDaemon daemon;
  daemon.OnStream(methods::kWatch.path, [](const std::string* message, const FakeDaemon::StreamControl& control) {
    if (message != nullptr) control.send("");
  });
  daemon.Start();
  auto connection = Open(daemon);
  auto stream = connection->Start(methods::kWatch, v1::WatchRequest());
  REQUIRE(stream.ok());
  v1::WatchResponse response;
  REQUIRE(WaitTake(stream->get(), &response) == Taken::kMessage);
  stream->reset();  // returns; daemon's Stop would hang or abort otherwise
}

TEST_CASE("a malformed message ends a stream") {
  FakeDaemon daemon;
  daemon.OnStream(methods::kWatch.path, [](const std::string* message, const FakeDaemon::StreamControl& control) {
    if (message != nullptr) control.send("\xff\xff\xff");
  });
  daemon.Start();
  auto connection = Open(daemon);
  auto stream = connection->Start(methods::kWatch, v1::WatchRequest());
  REQUIRE(stream.ok());
  v1::WatchResponse response;
  CHECK(WaitTake(stream->get(), &response) == Taken::kEnded);
  CHECK_THAT(std::string((*stream)->status().message()), Catch::Contains("malformed reeve.v1.WatchResponse"));
}

TEST_CASE("a watch continues behind what it has seen") {
  FakeDaemon daemon;
  std::vector<int64_t> starts;
  daemon.OnStream(methods::kWatch.path,
                  [&starts](const std::string* message, const FakeDaemon::StreamControl& control) {
                    if (message == nullptr) return;
                    v1::WatchRequest request;
                    request.ParseFromString(*message);
                    starts.push_back(request.start_revision());
                    v1::WatchResponse response;
                    response.set_revision(starts.size() < 3 ? 7 : 8);
                    response.set_snapshot_done(starts.size() == 2);
                    control.send(response.SerializeAsString());
                    control.finish(absl::UnavailableError("gone"));
                  });
  daemon.Start();
  auto connection = Open(daemon);
  auto watch = Watch::Start(connection.get(), v1::WatchRequest());
  REQUIRE(watch.ok());
  v1::WatchResponse response;
  REQUIRE(WaitTake(watch->get(), &response) == Taken::kMessage);
  CHECK((*watch)->revision() == 0);  // part of a snapshot
  REQUIRE(WaitTake(watch->get(), &response) == Taken::kEnded);
  REQUIRE((*watch)->Resume().ok());
  REQUIRE(WaitTake(watch->get(), &response) == Taken::kMessage);
  CHECK((*watch)->revision() == 7);
  REQUIRE(WaitTake(watch->get(), &response) == Taken::kEnded);
  REQUIRE((*watch)->Resume().ok());
  REQUIRE(WaitTake(watch->get(), &response) == Taken::kMessage);
  CHECK((*watch)->revision() == 8);
  CHECK(starts == std::vector<int64_t>{0, 0, 8});
}

}  // namespace
}  // namespace reeve::client
