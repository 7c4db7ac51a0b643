// Commands and files of guests, and statistics, as a client sees them.
#include <catch2/catch.hpp>

#include "daemon/services/testing/harness.h"
#include "proto/status.h"

namespace reeve::services {
namespace {

using testing::ClientStream;
using testing::Connect;
using testing::FakeGuestProcess;
using testing::Harness;

v1::ExecRequest Start(const std::string& domain) {
  v1::ExecRequest request;
  request.mutable_start()->set_domain(domain);
  request.mutable_start()->add_arguments("ls");
  return request;
}

// Waits until the process is attached, and gives its reader.
drivers::GuestProcessReader ReaderOf(FakeGuestProcess::State& state) {
  REQUIRE(state.Await([&state]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return state.reader.on_end != nullptr; }));
  const absl::MutexLock lock(&state.mutex);
  return state.reader;
}

TEST_CASE("a command: input, output, size, signal, and its end last") {
  Harness harness;
  const auto channel = Connect(harness.path());
  FakeGuestProcess::State& state = *harness.manager.process;
  ClientStream stream(channel.get(), methods::kExec.path);
  REQUIRE(stream.Write(Start("web1").SerializeAsString()));
  const drivers::GuestProcessReader reader = ReaderOf(state);
  reader.on_started(77);
  v1::ExecRequest request;
  request.set_input("typed");
  REQUIRE(stream.Write(request.SerializeAsString()));
  request.mutable_size()->set_columns(80);
  request.mutable_size()->set_rows(24);
  REQUIRE(stream.Write(request.SerializeAsString()));
  request.set_signal(15);
  REQUIRE(stream.Write(request.SerializeAsString()));
  request.mutable_input_end();
  REQUIRE(stream.Write(request.SerializeAsString()));
  REQUIRE(state.Await([&state]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return state.input_ended; }));
  {
    const absl::MutexLock lock(&state.mutex);
    CHECK(state.input == "typed");
    CHECK(state.signals == std::vector<uint32_t>{15});
    CHECK(state.sizes.size() == 1);
  }
  reader.on_output("out", false);
  reader.on_output("err", true);
  v1::ExitStatus exit;
  exit.set_code(3);
  reader.on_end(exit);
  std::string message;
  v1::ExecResponse response;
  REQUIRE(stream.Read(&message));
  REQUIRE(response.ParseFromString(message));
  CHECK(response.started().pid() == 77);
  REQUIRE(stream.Read(&message));
  REQUIRE(response.ParseFromString(message));
  CHECK(response.output() == "out");
  REQUIRE(stream.Read(&message));
  REQUIRE(response.ParseFromString(message));
  CHECK(response.error_output() == "err");
  REQUIRE(stream.Read(&message));
  REQUIRE(response.ParseFromString(message));
  CHECK(response.exited().code() == 3);
  CHECK(stream.Finish().ok());
}

TEST_CASE("a process is let go when its client leaves") {
  Harness harness;
  const auto channel = Connect(harness.path());
  FakeGuestProcess::State& state = *harness.manager.process;
  {
    ClientStream stream(channel.get(), methods::kExec.path);
    REQUIRE(stream.Write(Start("web1").SerializeAsString()));
    (void)ReaderOf(state);
  }
  CHECK(state.Await([&state]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return state.gone; }));
}

TEST_CASE("what is wrong in the messages of a command is told") {
  Harness harness;
  const auto channel = Connect(harness.path());
  const auto failure = [&](const v1::ExecRequest& first, const v1::ExecRequest* second) {
    ClientStream stream(channel.get(), methods::kExec.path);
    REQUIRE(stream.Write(first.SerializeAsString()));
    if (second != nullptr) {
      REQUIRE(stream.Write(second->SerializeAsString()));
    }
    return ReasonOf(stream.Finish());
  };
  v1::ExecRequest request;
  CHECK(failure(request, nullptr) == v1::REASON_REQUEST_INVALID);
  CHECK(failure(Start("none"), nullptr) == v1::REASON_DOMAIN_NOT_FOUND);
  const v1::ExecRequest start = Start("web1");
  CHECK(failure(start, &start) == v1::REASON_REQUEST_INVALID);
  CHECK(failure(start, &request) == v1::REASON_REQUEST_INVALID);
  request.set_signal(65);
  CHECK(failure(start, &request) == v1::REASON_REQUEST_INVALID);
  request.mutable_size();
  CHECK(failure(start, &request) == v1::REASON_REQUEST_INVALID);
  request.set_input(std::string((64 << 10) + 1, 'x'));
  CHECK(failure(start, &request) == v1::REASON_REQUEST_INVALID);
}

TEST_CASE("a file in pieces, and the end of it") {
  Harness harness;
  const auto channel = Connect(harness.path());
  FakeGuestProcess::State& state = *harness.manager.process;
  ClientStream stream(channel.get(), methods::kPushFile.path);
  v1::PushFileRequest request;
  request.mutable_start()->set_domain("web1");
  REQUIRE(stream.Write(request.SerializeAsString()));
  const std::string data(200000, 'd');
  request.set_data(data);
  REQUIRE(stream.Write(request.SerializeAsString()));
  REQUIRE(state.Await([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return state.input == data; }));
  ReaderOf(state).on_end(v1::ExitStatus());
  std::string message;
  v1::PushFileResponse response;
  REQUIRE(stream.Read(&message));
  REQUIRE(response.ParseFromString(message));
  CHECK(response.bytes() == 200000);
  CHECK(stream.Finish().ok());
}

TEST_CASE("rounds of statistics are numbered, and end when they are to") {
  Harness harness;
  const auto channel = Connect(harness.path());
  v1::WatchStatisticsRequest request;
  request.mutable_interval()->set_nanos(100000000);
  request.set_rounds(1);
  ClientStream stream(channel.get(), methods::kWatchStatistics.path);
  REQUIRE(stream.Write(request.SerializeAsString()));
  std::string message;
  v1::WatchStatisticsResponse response;
  REQUIRE(stream.Read(&message));
  REQUIRE(response.ParseFromString(message));
  CHECK(response.round() == 1);
  CHECK_FALSE(response.complete());
  REQUIRE(stream.Read(&message));
  REQUIRE(response.ParseFromString(message));
  CHECK(response.complete());
  CHECK(stream.Finish().ok());

  const auto refusal = [&](const v1::WatchStatisticsRequest& wrong) {
    ClientStream refused(channel.get(), methods::kWatchStatistics.path);
    REQUIRE(refused.Write(wrong.SerializeAsString()));
    return ReasonOf(refused.Finish());
  };
  request.mutable_interval()->set_nanos(99999999);
  CHECK(refusal(request) == v1::REASON_REQUEST_INVALID);
  request.mutable_interval()->set_seconds(3601);
  CHECK(refusal(request) == v1::REASON_REQUEST_INVALID);
  request.clear_interval();
  request.set_parent("none");
  CHECK(refusal(request) == v1::REASON_NAME_INVALID);
}

}  // namespace
}  // namespace reeve::services
