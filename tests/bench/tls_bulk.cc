// Bulk bytes over TLS, by the daemon's terminator and by gRPC's own TLS: an echo of messages, one after the other.
//
//   tls_bulk DIRECTORY BYTES SECONDS
//
// DIRECTORY has cacert.pem, servercert.pem, serverkey.pem, clientcert.pem and clientkey.pem. Answers with two lines,
// "terminator ECHOES_PER_SECOND P50_MICROSECONDS" and "grpc ...", taken in turn, five rounds each, the median.
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/connections/acceptor.h"
#include "daemon/connections/table.h"
#include "daemon/connections/tls_terminator.h"
#include "util/files.h"

namespace reeve {
namespace {

constexpr int kMaxMessage = 64 << 20;

class EchoService final : public grpc::CallbackGenericService {
  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    Reactor() { StartRead(&bytes_); }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status::OK);
      StartWriteAndFinish(&bytes_, grpc::WriteOptions(), grpc::Status::OK);
    }
    void OnDone() override { delete this; }

   private:
    grpc::ByteBuffer bytes_;
  };
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override { return new Reactor; }
};

[[noreturn]] void Fail(absl::string_view what) {
  std::cerr << what << "\n";
  std::exit(1);
}

std::string Read(const std::string& path) {
  absl::StatusOr<std::string> text = util::ReadFile(path);
  if (!text.ok()) Fail(text.status().message());
  return *std::move(text);
}

// Echoes for so long; per second, and the median of one.
std::pair<double, double> Measure(const std::shared_ptr<grpc::Channel>& channel, size_t bytes, double seconds) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  const std::string payload(bytes, 'x');
  const grpc::Slice slice(payload);
  const grpc::ByteBuffer request(&slice, 1);
  std::vector<double> durations;
  const auto begin = std::chrono::steady_clock::now();
  const auto since = [](auto start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  while (since(begin) < seconds) {
    const auto start = std::chrono::steady_clock::now();
    grpc::ClientContext context;
    grpc::ByteBuffer response;
    grpc::Status status;
    auto call = stub.PrepareUnaryCall(&context, "/bench/Echo", request, &queue);
    call->StartCall();
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    (void)queue.Next(&tag, &ok);
    if (!status.ok() || response.Length() != bytes) Fail(absl::StrCat("echo: ", status.error_message()));
    durations.push_back(since(start));
  }
  std::sort(durations.begin(), durations.end());
  return {static_cast<double>(durations.size()) / since(begin), durations[durations.size() / 2] * 1e6};
}

int Run(const std::string& directory, size_t bytes, double seconds) {
  const std::string authority = Read(directory + "/cacert.pem");
  const std::string server_certificate = Read(directory + "/servercert.pem");
  const std::string server_key = Read(directory + "/serverkey.pem");

  EchoService service;
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kMaxMessage);
  builder.RegisterCallbackGenericService(&service);
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = authority;
  options.pem_key_cert_pairs.push_back({server_key, server_certificate});
  int grpc_port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &grpc_port);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();

  connections::Table table(&util::Clock::Real());
  std::vector<connections::Listener> listeners;
  auto local = connections::Listener::Create({.path = directory + "/bench.sock"});
  if (!local.ok()) Fail(local.status().message());
  listeners.push_back(*std::move(local));
  auto acceptor = connections::Acceptor::Start(std::move(listeners), &table,
                                               [&server](int descriptor, const connections::Connection&) {
                                                 grpc::AddInsecureChannelFromFd(server.get(), descriptor);
                                               },
                                               {});
  if (!acceptor.ok()) Fail(acceptor.status().message());
  std::vector<connections::TcpListener> tcp;
  tcp.push_back(*connections::TcpListener::Create("127.0.0.1:0"));
  const std::string address = tcp[0].address();
  connections::TlsTerminator::Settings settings;
  settings.locate = [&directory] {
    return connections::TlsPaths{.authorities = directory + "/cacert.pem",
                                 .certificate = directory + "/servercert.pem",
                                 .key = directory + "/serverkey.pem"};
  };
  auto terminator = connections::TlsTerminator::Start(std::move(tcp), settings, acceptor->get(), &table);
  if (!terminator.ok()) Fail(terminator.status().message());

  const auto connect = [&](const std::string& target) {
    grpc::SslCredentialsOptions client;
    client.pem_root_certs = authority;
    client.pem_cert_chain = Read(directory + "/clientcert.pem");
    client.pem_private_key = Read(directory + "/clientkey.pem");
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kMaxMessage);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(target, grpc::SslCredentials(client), arguments);
  };
  const auto ours = connect(address);
  const auto grpcs = connect(absl::StrCat("127.0.0.1:", grpc_port));
  (void)Measure(ours, bytes, seconds / 4);
  (void)Measure(grpcs, bytes, seconds / 4);
  std::vector<std::pair<double, double>> by_us, by_grpc;
  for (int round = 0; round < 5; ++round) {
    by_us.push_back(Measure(ours, bytes, seconds));
    by_grpc.push_back(Measure(grpcs, bytes, seconds));
  }
  std::sort(by_us.begin(), by_us.end());
  std::sort(by_grpc.begin(), by_grpc.end());
  std::cout << "terminator " << by_us[2].first << " " << by_us[2].second << "\n"
            << "grpc " << by_grpc[2].first << " " << by_grpc[2].second << std::endl;
  // What would be ended in order here is of no interest.
  std::_Exit(0);
}

}  // namespace
}  // namespace reeve

int main(int count, char** words) {
  if (count != 4) {
    std::cerr << "usage: tls_bulk DIRECTORY BYTES SECONDS\n";
    return 2;
  }
  return reeve::Run(words[1], std::strtoul(words[2], nullptr, 10), std::strtod(words[3], nullptr));
}
