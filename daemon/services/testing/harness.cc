#include "daemon/services/testing/harness.h"

#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <stdexcept>
#include <vector>

#include "daemon/services/byte_buffer.h"
#include "proto/status.h"

namespace reeve::services::testing {
namespace {

constexpr std::chrono::seconds kPatience(10);

connections::Listener ListenAt(const std::string& path, bool read_only) {
  auto listener = connections::Listener::Create({.path = path, .mode = 0600, .read_only = read_only});
  if (!listener.ok()) throw std::runtime_error(listener.status().ToString());
  return *std::move(listener);
}

NodeFunctions FakeNode() {
  NodeFunctions node;
  node.facts = []() -> absl::StatusOr<v1::Node> {
    v1::Node facts;
    facts.set_hostname("here");
    return facts;
  };
  node.control_groups = []() -> absl::StatusOr<v1::ControlGroups> {
    v1::ControlGroups groups;
    groups.set_mode("v2");
    return groups;
  };
  node.statistics = []() -> absl::StatusOr<v1::NodeStatistics> {
    v1::NodeStatistics statistics;
    statistics.mutable_memory()->set_total_kib(4096);
    return statistics;
  };
  node.system_information = []() -> absl::StatusOr<v1::SystemInformation> {
    v1::SystemInformation information;
    information.mutable_system()->set_serial("17");
    return information;
  };
  node.memory_parameters = []() -> absl::StatusOr<v1::NodeMemoryParameters> {
    return Error(v1::REASON_NODE_CANNOT, "no pages are shared here");
  };
  node.set_memory_parameters =
      [](const v1::SetNodeMemoryParametersRequest& request) -> absl::StatusOr<v1::NodeMemoryParameters> {
    v1::NodeMemoryParameters parameters;
    parameters.set_pages_to_scan(request.pages_to_scan());
    return parameters;
  };
  node.allocate_huge_pages = [](const v1::AllocateHugePagesRequest& request) -> absl::StatusOr<v1::HugePages> {
    v1::HugePages pages;
    pages.set_total(request.count());
    return pages;
  };
  node.suspend = [](const v1::SuspendNodeRequest&) -> absl::StatusOr<util::UniqueFd> { return util::UniqueFd(); };
  return node;
}

// A PCI function and a USB device.
NodeDeviceFunctions FakeNodeDevices() {
  std::vector<v1::NodeDevice> list(2);
  list[0].set_name("nodeDevices/pci_0000_00_03_0");
  list[0].add_capabilities()->mutable_pci()->mutable_address()->set_slot(3);
  list[1].set_name("nodeDevices/usb_1_4");
  list[1].add_capabilities()->mutable_usb_device()->set_bus(1);
  NodeDeviceFunctions devices;
  devices.list = [list]() -> absl::StatusOr<std::vector<v1::NodeDevice>> { return list; };
  devices.get = [list](absl::string_view name) -> absl::StatusOr<v1::NodeDevice> {
    for (const v1::NodeDevice& device : list) {
      if (device.name() == name) return device;
    }
    if (name == "nodeDevices/pci_0000_00_04_0") {
      return Error(v1::REASON_NODE_DEVICE_NOT_FOUND, "there is no such device");
    }
    return Error(v1::REASON_NAME_INVALID, "there is no such name");
  };
  return devices;
}

}  // namespace

Harness::Harness(Options options)
    : dispatcher(&table, options.limits), path_(directory_.Path("rw")), read_only_path_(directory_.Path("ro")) {
  Dependencies dependencies;
  dependencies.manager = &manager;
  dependencies.migrations = &migrations;
  dependencies.connections = &table;
  dependencies.authentication = &authentication;
  enrollment = std::make_unique<Enrollment>(Enrollment::Parts{.file = directory_.Path("tokens"),
                                                              .table = &table,
                                                              .timers = timers.get(),
                                                              .clock = &util::Clock::Real(),
                                                              .workers = &workers},
                                            EnrollmentRules{.authority = directory_.Path("CA")});
  dependencies.enrollment = enrollment.get();
  dependencies.health = &health;
  dependencies.workers = &workers;
  dependencies.node = FakeNode();
  dependencies.node_devices = FakeNodeDevices();
  dependencies.version.set_daemon("1.2.3");
  dependencies.daemon = [] {
    v1::Daemon daemon;
    daemon.set_pid(42);
    return daemon;
  };
  dependencies.set_log_level = [](absl::string_view level) -> absl::StatusOr<std::string> {
    if (level == "debug") return "info";
    return absl::InvalidArgumentError("there is no such level");
  };
  dependencies.test_controls = &controls;
  RegisterAll(&dispatcher, dependencies);
  auto started = Server::Start(&dispatcher, &table, options.server);
  if (!started.ok()) throw std::runtime_error(started.status().ToString());
  server = *std::move(started);
  std::vector<connections::Listener> listeners;
  listeners.push_back(ListenAt(path_, false));
  listeners.push_back(ListenAt(read_only_path_, true));
  connections::Acceptor::Options accept;
  accept.limits = options.clients;
  auto accepting = connections::Acceptor::Start(
      std::move(listeners), &table,
      [this](int descriptor, const connections::Connection&) { server->HandOver(descriptor); }, accept);
  if (!accepting.ok()) throw std::runtime_error(accepting.status().ToString());
  acceptor = *std::move(accepting);
}

Harness::~Harness() {
  acceptor->StopListening();
  server->Shutdown(absl::Now());
  acceptor.reset();
  server.reset();
  workers.Stop();
}

std::shared_ptr<grpc::Channel> Connect(const std::string& path) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  return grpc::CreateCustomChannel("unix:" + path, grpc::InsecureChannelCredentials(), arguments);
}

absl::Status FromGrpc(const grpc::Status& status) {
  google::rpc::Status details;
  if (!status.error_details().empty() && details.ParseFromString(status.error_details())) return FromRpcStatus(details);
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

absl::StatusOr<std::string> CallRaw(grpc::Channel* channel, const std::string& path, const std::string& request) {
  grpc::GenericStub stub(std::shared_ptr<grpc::Channel>(std::shared_ptr<void>(), channel));
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const grpc::ByteBuffer bytes = ToByteBuffer(request);
  grpc::ByteBuffer response;
  grpc::Status status;
  const auto call = stub.PrepareUnaryCall(&context, path, bytes, &queue);
  call->StartCall();
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  if (!status.ok()) return FromGrpc(status);
  return ToString(response);
}

struct ClientStream::State {
  explicit State(grpc::Channel* channel) : stub(std::shared_ptr<grpc::Channel>(std::shared_ptr<void>(), channel)) {}
  bool Await() {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  }
  grpc::GenericStub stub;
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream;
  bool finished = false;
};

ClientStream::ClientStream(grpc::Channel* channel, const std::string& path) : state_(std::make_unique<State>(channel)) {
  state_->context.set_deadline(std::chrono::system_clock::now() + 3 * kPatience);
  state_->stream = state_->stub.PrepareCall(&state_->context, path, &state_->queue);
  state_->stream->StartCall(nullptr);
  state_->Await();
}

ClientStream::~ClientStream() {
  if (!state_->finished) {
    Cancel();
    (void)Finish();
  }
  state_->queue.Shutdown();
}

bool ClientStream::Write(const std::string& message) {
  state_->stream->Write(ToByteBuffer(message), nullptr);
  return state_->Await();
}

bool ClientStream::WritesDone() {
  state_->stream->WritesDone(nullptr);
  return state_->Await();
}

bool ClientStream::Read(std::string* message) {
  grpc::ByteBuffer buffer;
  state_->stream->Read(&buffer, nullptr);
  if (!state_->Await()) return false;
  *message = ToString(buffer);
  return true;
}

bool ClientStream::AwaitBegun() {
  state_->stream->ReadInitialMetadata(nullptr);
  return state_->Await();
}

void ClientStream::Cancel() {
  state_->context.TryCancel();
}

absl::Status ClientStream::Finish() {
  grpc::Status status;
  state_->stream->Finish(&status, nullptr);
  state_->Await();
  state_->finished = true;
  return FromGrpc(status);
}

}  // namespace reeve::services::testing
