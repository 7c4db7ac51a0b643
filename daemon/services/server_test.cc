// The one way into the API, over real sockets.
#include "daemon/services/server.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "daemon/services/session_service.h"
#include "daemon/services/testing/harness.h"
#include "proto/status.h"

namespace reeve::services {
namespace {

using testing::CallRaw;
using testing::CallUnary;
using testing::ClientStream;
using testing::Connect;
using testing::Harness;

constexpr char kWeb1[] = "hypervisors/test/domains/web1";

v1::DomainVerbRequest Verb(const std::string& name) {
  v1::DomainVerbRequest request;
  request.set_name(name);
  return request;
}

TEST_CASE("every call has the identity of its connection") {
  Harness harness;
  const auto one = Connect(harness.path());
  const auto other = Connect(harness.read_only_path());
  const auto first = CallUnary(one.get(), methods::kGetSession, {});
  const auto second = CallUnary(other.get(), methods::kGetSession, {});
  REQUIRE(first.ok());
  REQUIRE(second.ok());
  CHECK(first->connection() != second->connection());
  CHECK(first->pid() == ::getpid());
  CHECK(first->uid() == ::getuid());
  CHECK(first->transport() == v1::TRANSPORT_UNIX);
  CHECK_FALSE(first->read_only());
  CHECK(second->read_only());
  CHECK_FALSE(first->encrypted());
  CHECK(first->secure());
  CHECK(first->connect_time().seconds() > 1'600'000'000);
  CHECK(CallUnary(one.get(), methods::kGetSession, {})->connection() == first->connection());
}

TEST_CASE("a change is made on behalf of its caller, and is answered when the manager answers") {
  Harness harness;
  harness.manager.HoldChanges(true);
  const auto channel = Connect(harness.path());
  absl::StatusOr<v1::Domain> answer = absl::UnknownError("none yet");
  std::thread caller([&] { answer = CallUnary(channel.get(), methods::kShutdownDomain, Verb(kWeb1)); });
  REQUIRE(harness.manager.AwaitPending(1));
  // Meanwhile reads go on.
  CHECK(CallUnary(channel.get(), methods::kListDomains, {})->revision() == 7);
  auto pending = harness.manager.TakePending();
  CHECK(pending[0].caller.method == "/reeve.v1.DomainService/ShutdownDomain");
  CHECK(pending[0].caller.connection == CallUnary(channel.get(), methods::kGetSession, {})->connection());
  CHECK(pending[0].caller.identity == CallUnary(channel.get(), methods::kGetSession, {})->identity());
  v1::Domain domain;
  domain.set_etag("e1");
  pending[0].done(domain);
  caller.join();
  REQUIRE(answer.ok());
  CHECK(answer->etag() == "e1");
}

TEST_CASE("errors come with reason, message and metadata") {
  Harness harness;
  const auto channel = Connect(harness.path());
  v1::GetDomainRequest request;
  request.set_name("hypervisors/test/domains/none");
  const absl::Status status = CallUnary(channel.get(), methods::kGetDomain, request).status();
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(ReasonOf(status) == v1::REASON_DOMAIN_NOT_FOUND);
  CHECK(status.message() == "there is no domain hypervisors/test/domains/none");
}

TEST_CASE("a read-only connection may read and not change") {
  Harness harness;
  const auto channel = Connect(harness.read_only_path());
  CHECK(CallUnary(channel.get(), methods::kListDomains, {}).ok());
  const absl::Status status = CallUnary(channel.get(), methods::kDestroyDomain, Verb(kWeb1)).status();
  CHECK(ReasonOf(status) == v1::REASON_CONNECTION_READ_ONLY);
  CHECK(harness.manager.last_caller().method.empty());
  ClientStream console(channel.get(), methods::kAttachConsole.path);
  CHECK(ReasonOf(console.Finish()) == v1::REASON_CONNECTION_READ_ONLY);
}

TEST_CASE("what is refused is refused before it is parsed") {
  Harness harness;
  const auto channel = Connect(harness.read_only_path());
  const std::string garbage = "\xff\xff\xff\xff garbage";
  CHECK(ReasonOf(CallRaw(channel.get(), methods::kStartDomain.path, garbage).status()) ==
        v1::REASON_CONNECTION_READ_ONLY);
  CHECK(ReasonOf(CallRaw(channel.get(), methods::kGetDomain.path, garbage).status()) == v1::REASON_REQUEST_MALFORMED);
}

TEST_CASE("unknown methods and malformed requests are told from one another") {
  Harness harness;
  const auto channel = Connect(harness.path());
  for (const char* path : {"/reeve.v1.DomainService/Nothing", "/nothing", "/", "/reeve.v1.DomainService"}) {
    const absl::Status status = CallRaw(channel.get(), path, "").status();
    CHECK(ReasonOf(status) == v1::REASON_METHOD_UNKNOWN);
    CHECK(status.code() == absl::StatusCode::kUnimplemented);
  }
  CHECK(ReasonOf(CallRaw(channel.get(), methods::kWatch.path, "\xff\xff").status()) == v1::REASON_REQUEST_MALFORMED);
  // Fields that are not known are accepted: a newer client may send them.
  CHECK(CallRaw(channel.get(), methods::kListDomains.path, "\xfa\x3f\x01x").ok());
}

TEST_CASE("a call without a request is an error, not a hang") {
  Harness harness;
  const auto channel = Connect(harness.path());
  ClientStream call(channel.get(), methods::kGetDomain.path);
  REQUIRE(call.WritesDone());
  CHECK(ReasonOf(call.Finish()) == v1::REASON_REQUEST_MALFORMED);
}

TEST_CASE("a message over the limit is refused, one at the limit is taken") {
  Harness harness({.limits = {.max_request_bytes = 10000}});
  const auto channel = Connect(harness.path());
  v1::GetDomainRequest request;
  request.set_name(std::string(9997, 'x'));
  REQUIRE(request.ByteSizeLong() == 10000);
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kGetDomain, request).status()) == v1::REASON_DOMAIN_NOT_FOUND);
  request.set_name(std::string(9998, 'x'));
  const absl::Status status = CallUnary(channel.get(), methods::kGetDomain, request).status();
  CHECK(ReasonOf(status) == v1::REASON_MESSAGE_TOO_LARGE);
  CHECK(status.code() == absl::StatusCode::kResourceExhausted);
  // Far over it gRPC itself refuses, to guard its memory.
  request.set_name(std::string(20 << 20, 'x'));
  CHECK(CallUnary(channel.get(), methods::kGetDomain, request).status().code() == absl::StatusCode::kResourceExhausted);
  CHECK(CallUnary(channel.get(), methods::kGetSession, {}).ok());

  ClientStream console(channel.get(), methods::kAttachConsole.path);
  console.Write(std::string(10001, 'x'));
  CHECK(ReasonOf(console.Finish()) == v1::REASON_MESSAGE_TOO_LARGE);
}

TEST_CASE("a client has so many calls in flight and no more; another client is not touched by it") {
  Harness harness({.limits = {.calls_per_client = 3, .streams_per_client = 3}});
  const auto channel = Connect(harness.path());
  std::vector<std::unique_ptr<ClientStream>> watches;
  for (int i = 0; i < 3; ++i) {
    watches.push_back(std::make_unique<ClientStream>(channel.get(), methods::kWatch.path));
    REQUIRE(watches.back()->Write(""));
    REQUIRE(watches.back()->AwaitBegun());
  }
  const absl::Status status = CallUnary(channel.get(), methods::kGetSession, {}).status();
  CHECK(ReasonOf(status) == v1::REASON_TOO_MANY_CALLS);
  const auto other = Connect(harness.path());
  CHECK(CallUnary(other.get(), methods::kGetSession, {}).ok());
  const auto clients = CallUnary(other.get(), methods::kListClients, {});
  REQUIRE(clients.ok());
  REQUIRE(clients->clients_size() == 2);
  CHECK(clients->clients(0).calls_in_flight() == 3);
  CHECK(clients->clients(0).calls() == 4);
  CHECK(clients->clients(1).calls_in_flight() == 1);  // this one: what has been answered is over
  // A place comes free when a stream ends.
  const auto feed = harness.manager.AwaitFeeds(3).at(0);
  watches.clear();
  REQUIRE(feed->AwaitEnded());
}

TEST_CASE("a client has so many streams and no more, and may still call; the limit can be changed") {
  Harness harness({.limits = {.calls_per_client = 10, .streams_per_client = 2}});
  const auto channel = Connect(harness.path());
  const auto open = [&] {
    auto watch = std::make_unique<ClientStream>(channel.get(), methods::kWatch.path);
    REQUIRE(watch->Write(""));
    return watch;
  };
  // One after the other, so that the first feed is the first stream's. A stream begins before it has its feed.
  auto first = open();
  REQUIRE(first->AwaitBegun());
  const auto feed = harness.manager.AwaitFeeds(1).at(0);
  const auto second = open();
  REQUIRE(second->AwaitBegun());
  ClientStream refused(channel.get(), methods::kWatch.path);
  (void)refused.Write("");  // or it has been refused already
  CHECK(ReasonOf(refused.Finish()) == v1::REASON_TOO_MANY_STREAMS);
  CHECK(CallUnary(channel.get(), methods::kGetSession, {}).ok());
  const auto other = Connect(harness.path());
  ClientStream its_own(other.get(), methods::kWatch.path);
  CHECK(its_own.AwaitBegun());
  // A place comes free when a stream ends.
  first.reset();
  REQUIRE(feed->AwaitEnded());
  harness.dispatcher.SetLimits({.calls_per_client = 10, .streams_per_client = 3});
  const auto third = open();
  const auto fourth = open();
  CHECK(third->AwaitBegun());
  CHECK(fourth->AwaitBegun());
}

TEST_CASE("a client has so many bytes in flight and no more, but for a call that is its only one") {
  Harness harness({.limits = {.bytes_per_client = 10'000}});
  harness.manager.HoldChanges(true);
  const auto channel = Connect(harness.path());
  v1::CreateDomainRequest request;
  request.set_parent("hypervisors/test");
  request.mutable_document()->set_text(std::string(20'000, 'x'));
  absl::StatusOr<v1::Domain> answer;
  std::thread caller([&] { answer = CallUnary(channel.get(), methods::kCreateDomain, request); });
  REQUIRE(harness.manager.AwaitPending(1));
  // What is there fills it: a further one of any size is refused, and another client has its own.
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kCreateDomain, request).status()) == v1::REASON_TOO_MANY_BYTES);
  const auto other = Connect(harness.path());
  CHECK(CallUnary(other.get(), methods::kGetSession, {}).ok());
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kGetSession, {}).status()) == v1::REASON_TOO_MANY_BYTES);
  harness.manager.TakePending()[0].done(v1::Domain());
  caller.join();
  CHECK(answer.ok());
  CHECK(CallUnary(channel.get(), methods::kGetSession, {}).ok());
  for (const auto& connection : harness.table.List()) CHECK(connection->bytes_in_flight < 10'000);
}

// Run in a process of its own by the test below.
TEST_CASE("a client that watches until it is killed", "[.client]") {
  const char* path = ::getenv("REEVE_TEST_SOCKET");
  REQUIRE(path != nullptr);
  const auto channel = Connect(path);
  ClientStream watch(channel.get(), methods::kWatch.path);
  REQUIRE(watch.Write(""));
  std::string message;
  watch.Read(&message);
}

TEST_CASE("another process is another client, and when it is killed its streams end at once") {
  Harness harness;
  ::setenv("REEVE_TEST_SOCKET", harness.path().c_str(), 1);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/proc/self/exe", "client", "[.client]", nullptr);
    ::_exit(127);
  }
  const auto feed = harness.manager.AwaitFeeds(1).at(0);
  const auto channel = Connect(harness.path());
  const auto clients = CallUnary(channel.get(), methods::kListClients, {});
  REQUIRE(clients.ok());
  REQUIRE(clients->clients_size() == 2);
  CHECK(clients->clients(0).session().pid() == child);
  CHECK(clients->clients(0).session().command() == "client [.client]");
  CHECK(clients->clients(1).session().pid() == ::getpid());
  REQUIRE(::kill(child, SIGKILL) == 0);
  CHECK(feed->AwaitEnded());
  REQUIRE(::waitpid(child, nullptr, 0) == child);
}

TEST_CASE("a client can be thrown out") {
  Harness harness;
  const auto victim = Connect(harness.path());
  const auto admin = Connect(harness.path());
  const uint64_t number = CallUnary(victim.get(), methods::kGetSession, {})->connection();
  ClientStream watch(victim.get(), methods::kWatch.path);
  REQUIRE(watch.Write(""));
  const auto feed = harness.manager.AwaitFeeds(1).at(0);
  v1::DisconnectClientRequest request;
  request.set_connection(number);
  REQUIRE(CallUnary(admin.get(), methods::kDisconnectClient, request).ok());
  CHECK(feed->AwaitEnded());
  CHECK(watch.Finish().code() == absl::StatusCode::kUnavailable);
  CHECK(CallUnary(admin.get(), methods::kListClients, {})->clients_size() == 1);
  CHECK(ReasonOf(CallUnary(admin.get(), methods::kDisconnectClient, request).status()) == v1::REASON_CLIENT_NOT_FOUND);
  // gRPC's channel comes back by itself, as somebody new.
  CHECK(CallUnary(victim.get(), methods::kGetSession, {})->connection() > number);
}

TEST_CASE("a connection that is not in the table is nobody's") {
  Harness harness;
  const auto channel = Connect(harness.path());
  REQUIRE(CallUnary(channel.get(), methods::kGetSession, {}).ok());
  const auto connection = harness.table.List().at(0);
  std::const_pointer_cast<connections::Connection>(connection)->closed = true;
  const absl::Status status = CallUnary(channel.get(), methods::kGetSession, {}).status();
  CHECK(ReasonOf(status) == v1::REASON_CONNECTION_UNKNOWN);
  CHECK(status.code() == absl::StatusCode::kUnauthenticated);
}

TEST_CASE("a handler that throws, or that forgets its answer, is a fault of the daemon and does not end it") {
  Harness harness;
  const auto channel = Connect(harness.path());
  v1::GetDomainRequest request;
  request.set_name("throw");
  const absl::Status thrown = CallUnary(channel.get(), methods::kGetDomain, request).status();
  CHECK(ReasonOf(thrown) == v1::REASON_INTERNAL);
  CHECK(thrown.message().find("a bug") != absl::string_view::npos);
  v1::StartDomainRequest start;
  start.set_name("drop");
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kStartDomain, start).status()) == v1::REASON_INTERNAL);
  CHECK(CallUnary(channel.get(), methods::kGetSession, {}).ok());
}

TEST_CASE("a call that its client cancels is over, whatever the driver still does") {
  Harness harness;
  harness.manager.HoldChanges(true);
  const auto channel = Connect(harness.path());
  auto call = std::make_unique<ClientStream>(channel.get(), methods::kShutdownDomain.path);
  REQUIRE(call->Write(Verb(kWeb1).SerializeAsString()));
  REQUIRE(harness.manager.AwaitPending(1));
  call->Cancel();
  CHECK(call->Finish().code() == absl::StatusCode::kCancelled);
  auto pending = harness.manager.TakePending();
  pending[0].done(v1::Domain());  // too late, and harmless
  CHECK(CallUnary(channel.get(), methods::kGetSession, {}).ok());
}

TEST_CASE("a server that drains finishes what it has and takes nothing new") {
  Harness harness;
  harness.manager.HoldChanges(true);
  const auto channel = Connect(harness.path());
  ClientStream watch(channel.get(), methods::kWatch.path);
  REQUIRE(watch.Write(""));
  REQUIRE(watch.AwaitBegun());
  ClientStream console(channel.get(), methods::kAttachConsole.path);
  REQUIRE(console.AwaitBegun());
  absl::StatusOr<v1::Domain> answer = absl::UnknownError("none yet");
  std::thread caller([&] { answer = CallUnary(channel.get(), methods::kShutdownDomain, Verb(kWeb1)); });
  REQUIRE(harness.manager.AwaitPending(1));
  CHECK(harness.server->streams() == 2);

  harness.server->Drain();
  CHECK(ReasonOf(watch.Finish()) == v1::REASON_DAEMON_DRAINING);
  CHECK(ReasonOf(console.Finish()) == v1::REASON_DAEMON_DRAINING);
  const absl::Status refused = CallUnary(channel.get(), methods::kGetSession, {}).status();
  CHECK(ReasonOf(refused) == v1::REASON_DAEMON_DRAINING);
  CHECK(refused.code() == absl::StatusCode::kUnavailable);
  harness.manager.TakePending()[0].done(v1::Domain());
  caller.join();
  CHECK(answer.ok());
}

TEST_CASE("a call that hangs does not keep the server from ending") {
  auto harness = std::make_unique<Harness>();
  harness->manager.HoldChanges(true);
  const auto channel = Connect(harness->path());
  absl::StatusOr<v1::Domain> answer = absl::UnknownError("none yet");
  std::thread caller([&] { answer = CallUnary(channel.get(), methods::kShutdownDomain, Verb(kWeb1)); });
  REQUIRE(harness->manager.AwaitPending(1));
  harness->server->Shutdown(absl::Now());
  caller.join();
  CHECK_FALSE(answer.ok());
  harness->manager.TakePending()[0].done(v1::Domain());
}

TEST_CASE("a client that does not answer a farewell does not keep the server from ending") {
  Harness harness;
  const util::UniqueFd client = connections::testing::Connect(harness.path());
  // The preface and empty SETTINGS (RFC 9113, 3.4), and no word more.
  const std::string opening = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\0\0\0\4\0\0\0\0\0", 9);
  REQUIRE(::write(client.get(), opening.data(), opening.size()) == static_cast<ssize_t>(opening.size()));
  char byte = 0;
  REQUIRE(::read(client.get(), &byte, 1) == 1);  // the server's own: the connection stands
  harness.server->Shutdown(absl::Now() + absl::Hours(1));
}

TEST_CASE("a client that never reads holds back itself only") {
  Harness harness;
  const auto slow = Connect(harness.path());
  const auto quick = Connect(harness.path());
  auto slow_watch = std::make_unique<ClientStream>(slow.get(), methods::kWatch.path);
  REQUIRE(slow_watch->Write(""));
  const auto slow_feed = harness.manager.AwaitFeeds(1).at(0);
  ClientStream quick_watch(quick.get(), methods::kWatch.path);
  REQUIRE(quick_watch.Write(""));
  const auto quick_feed = harness.manager.AwaitFeeds(2).at(1);

  // More than all buffers between the two take.
  const auto message = std::make_shared<const std::string>(1 << 20, 'x');
  for (int i = 0; i < 64; ++i) slow_feed->Push(message);
  for (int i = 0; i < 64; ++i) quick_feed->Push(message);
  std::string received;
  for (int i = 0; i < 64; ++i) {
    REQUIRE(quick_watch.Read(&received));
    CHECK(received.size() == message->size());
  }
  CHECK(slow_feed->waiting() > 32);
  // It still ends properly, and what was written comes before the end.
  slow_watch.reset();
  CHECK(slow_feed->AwaitEnded());
}

TEST_CASE("connections that say nothing cost a place and no more") {
  Harness harness({.clients = {.max_clients = 40}});
  std::vector<util::UniqueFd> silent;
  for (int i = 0; i < 39; ++i) silent.push_back(connections::testing::Connect(harness.path()));
  const auto channel = Connect(harness.path());
  CHECK(CallUnary(channel.get(), methods::kGetSession, {}).ok());
  const util::UniqueFd refused = connections::testing::Connect(harness.path());
  CHECK(connections::testing::SeesEnd(refused.get()));
  CHECK(CallUnary(channel.get(), methods::kListClients, {})->clients_size() == 40);
}

TEST_CASE("what is not HTTP/2 is cut off and leaves the table") {
  Harness harness;
  const util::UniqueFd client = connections::testing::Connect(harness.path());
  const std::string garbage(4096, '\xff');
  REQUIRE(::write(client.get(), garbage.data(), garbage.size()) == static_cast<ssize_t>(garbage.size()));
  // gRPC may answer with a GOAWAY before it closes.
  char buffer[4096];
  while (::read(client.get(), buffer, sizeof(buffer)) > 0) {
  }
  const auto channel = Connect(harness.path());
  CHECK(CallUnary(channel.get(), methods::kGetSession, {}).ok());
}

TEST_CASE("a server whose methods are not sound does not start") {
  connections::Table table(&util::Clock::Real());
  Dispatcher dispatcher(&table, {});
  RegisterSessionService(&dispatcher, nullptr);
  RegisterSessionService(&dispatcher, nullptr);  // twice
  CHECK_FALSE(Server::Start(&dispatcher, &table, {}).ok());
}

}  // namespace
}  // namespace reeve::services
