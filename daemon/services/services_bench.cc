// What a call, an idle connection and an event cost. Server and clients are processes of their own; prints a table and
// JSON.
//
//   services_bench [calls] [connections]
#include <grpcpp/generic/generic_stub.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "daemon/services/testing/harness.h"
#include "util/log.h"

namespace reeve::services {
namespace {

using std::chrono::steady_clock;
using testing::ClientStream;
using testing::Connect;
using testing::Harness;

double Microseconds(steady_clock::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

double At(std::vector<double> sorted, double quantile) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(quantile * static_cast<double>(sorted.size())))];
}

void RaiseDescriptorLimit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 20000);
  (void)::setrlimit(RLIMIT_NOFILE, &files);  // the default is enough for a smaller run
}

// The server: commands come on stdin, a line each: "event N BYTES" waits for N watches and gives them one message.
int Serve() {
  RaiseDescriptorLimit();
  util::SetLogLevel(util::LogLevel::kError);
  Harness harness({.limits = {.calls_per_client = 10000}});
  std::cout << harness.path() << std::endl;
  std::string command;
  size_t count = 0;
  size_t bytes = 0;
  while (std::cin >> command >> count >> bytes) {
    const auto feeds = harness.manager.AwaitFeeds(count);
    const auto message = std::make_shared<const std::string>(bytes, 'x');
    std::cout << "go" << std::endl;
    for (size_t i = feeds.size() - count; i < feeds.size(); ++i) feeds[i]->Push(message);
  }
  return 0;
}

// The server's process.
class Child {
 public:
  Child() {
    int to[2];
    int from[2];
    if (::pipe(to) != 0 || ::pipe(from) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(to[0], 0);
      ::dup2(from[1], 1);
      for (const int fd : {to[0], to[1], from[0], from[1]}) ::close(fd);
      ::execl("/proc/self/exe", "services_bench", "serve", nullptr);
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    in_ = ::fdopen(from[0], "r");
    out_ = ::fdopen(to[1], "w");
    path_ = Line();
  }
  ~Child() {
    std::fclose(out_);
    std::fclose(in_);
    ::waitpid(pid_, nullptr, 0);
  }
  std::string Line() {
    char buffer[256] = "";
    if (std::fgets(buffer, sizeof(buffer), in_) == nullptr) std::abort();
    buffer[std::strcspn(buffer, "\n")] = '\0';
    return buffer;
  }
  void Event(size_t count, size_t bytes) {
    std::fprintf(out_, "event %zu %zu\n", count, bytes);
    std::fflush(out_);
    (void)Line();
  }
  uint64_t ResidentKib() const {
    std::ifstream status(absl::StrCat("/proc/", pid_, "/status"));
    std::string line;
    while (std::getline(status, line)) {
      if (line.rfind("VmRSS:", 0) == 0) return std::strtoull(line.c_str() + 6, nullptr, 10);
    }
    return 0;
  }
  const std::string& path() const { return path_; }

 private:
  pid_t pid_ = 0;
  FILE* in_ = nullptr;
  FILE* out_ = nullptr;
  std::string path_;
};

struct Figures {
  double unary_p50_us = 0, unary_p99_us = 0;
  double connection_kib = 0;
  double one_p50_us = 0, one_p99_us = 0;
  double many_p50_ms = 0, many_p99_ms = 0;
};

void MeasureUnary(Child* server, int calls, Figures* figures) {
  const auto channel = Connect(server->path());
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  v1::GetDomainRequest request;
  request.set_name("hypervisors/test/domains/web1");
  const grpc::Slice slice(request.SerializeAsString());
  const grpc::ByteBuffer bytes(&slice, 1);
  std::vector<double> times;
  for (int i = 0; i < calls + calls / 10; ++i) {
    grpc::ClientContext context;
    grpc::ByteBuffer response;
    grpc::Status status;
    const auto start = steady_clock::now();
    const auto call = stub.PrepareUnaryCall(&context, methods::kGetDomain.path, bytes, &queue);
    call->StartCall();
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    if (!status.ok()) std::abort();
    if (i >= calls / 10) times.push_back(Microseconds(steady_clock::now() - start));
  }
  queue.Shutdown();
  std::sort(times.begin(), times.end());
  figures->unary_p50_us = At(times, 0.5);
  figures->unary_p99_us = At(times, 0.99);
}

void MeasureConnections(Child* server, int count, Figures* figures) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  const auto open = [&](int n) {
    for (int i = 0; i < n; ++i) {
      channels.push_back(Connect(server->path()));
      if (!testing::CallUnary(channels.back().get(), methods::kGetSession, {}).ok()) std::abort();
    }
  };
  open(50);  // what is made once
  const uint64_t before = server->ResidentKib();
  open(count);
  figures->connection_kib = static_cast<double>(server->ResidentKib() - before) / count;
}

// One event to `count` streams on `connections` connections, several times; the times of the last receipt, sorted.
std::vector<double> MeasureEvent(Child* server, size_t count, size_t connections, int rounds) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (size_t i = 0; i < connections; ++i) channels.push_back(Connect(server->path()));
  grpc::CompletionQueue queue;
  struct Stream {
    grpc::ClientContext context;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call;
    grpc::ByteBuffer message;
  };
  std::vector<std::unique_ptr<Stream>> streams;
  void* tag = nullptr;
  bool ok = false;
  const grpc::Slice slice(std::string(""));
  const grpc::ByteBuffer request(&slice, 1);
  for (size_t i = 0; i < count; ++i) {
    auto stream = std::make_unique<Stream>();
    grpc::GenericStub stub(channels[i % connections]);
    stream->call = stub.PrepareCall(&stream->context, methods::kWatch.path, &queue);
    stream->call->StartCall(nullptr);
    queue.Next(&tag, &ok);
    stream->call->WriteLast(request, grpc::WriteOptions(), nullptr);
    queue.Next(&tag, &ok);
    if (!ok) std::abort();
    streams.push_back(std::move(stream));
  }
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    for (auto& stream : streams) stream->call->Read(&stream->message, nullptr);
    // From the command on: it takes a pipe to get there, but nothing of the event is left out.
    const auto start = steady_clock::now();
    server->Event(count, 200);
    for (size_t i = 0; i < count; ++i) {
      queue.Next(&tag, &ok);
      if (!ok) std::abort();
    }
    times.push_back(Microseconds(steady_clock::now() - start));
  }
  for (auto& stream : streams) stream->context.TryCancel();
  std::sort(times.begin(), times.end());
  queue.Shutdown();
  return times;
}

int Run(int calls, int connections) {
  RaiseDescriptorLimit();
  Figures figures;
  {
    Child server;
    MeasureUnary(&server, calls, &figures);
    MeasureConnections(&server, connections, &figures);
  }
  {
    Child server;
    const auto times = MeasureEvent(&server, 1, 1, 500);
    figures.one_p50_us = At(times, 0.5);
    figures.one_p99_us = At(times, 0.99);
  }
  {
    Child server;
    const auto times = MeasureEvent(&server, 1000, 1000, 20);
    figures.many_p50_ms = At(times, 0.5) / 1000;
    figures.many_p99_ms = At(times, 0.99) / 1000;
  }
  std::printf("%-44s %10s %10s\n", "", "p50", "p99");
  std::printf("%-44s %10.0f %10.0f\n", "unary call, 1 in flight, us", figures.unary_p50_us, figures.unary_p99_us);
  std::printf("%-44s %10.0f %10.0f\n", "1 event to 1 stream, us", figures.one_p50_us, figures.one_p99_us);
  std::printf("%-44s %10.1f %10.1f\n", "1 event to 1000 streams, ms", figures.many_p50_ms, figures.many_p99_ms);
  std::printf("%-44s %10.1f\n", "idle connection, KiB", figures.connection_kib);
  std::printf(
      "{\"unary_p50_us\": %.0f, \"unary_p99_us\": %.0f, \"event_one_p50_us\": %.0f, \"event_one_p99_us\": %.0f, "
      "\"event_1000_p50_ms\": %.1f, \"event_1000_p99_ms\": %.1f, \"idle_connection_kib\": %.1f}\n",
      figures.unary_p50_us, figures.unary_p99_us, figures.one_p50_us, figures.one_p99_us, figures.many_p50_ms,
      figures.many_p99_ms, figures.connection_kib);
  return 0;
}

}  // namespace
}  // namespace reeve::services

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "serve") return reeve::services::Serve();
  int calls = 20000;
  int connections = 1000;
  if ((argc > 1 && !absl::SimpleAtoi(argv[1], &calls)) || (argc > 2 && !absl::SimpleAtoi(argv[2], &connections))) {
    std::cerr << "usage: services_bench [calls] [connections]\n";
    return 2;
  }
  return reeve::services::Run(calls, connections);
}
