// Every method of the API: described, registered, refused where it must be; and what the small services answer.
#include "daemon/services/register.h"

#include <google/protobuf/descriptor.pb.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/services/testing/harness.h"
#include "proto/status.h"

namespace reeve::services {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;
using testing::CallRaw;
using testing::CallUnary;
using testing::ClientStream;
using testing::Connect;
using testing::Harness;

// All methods of the packages reeve and grpc, whether they are used by the code or not.
std::vector<const MethodDescriptor*> AllMethods() {
  google::protobuf::FileDescriptorSet files;
  std::ifstream input("proto/reeve_descriptors.pb", std::ios::binary);
  REQUIRE(files.ParseFromIstream(&input));
  std::vector<const MethodDescriptor*> methods;
  for (const auto& file : files.file()) {
    for (const auto& service : file.service()) {
      const auto* descriptor =
          DescriptorPool::generated_pool()->FindServiceByName(absl::StrCat(file.package(), ".", service.name()));
      REQUIRE(descriptor != nullptr);
      for (int i = 0; i < descriptor->method_count(); ++i) methods.push_back(descriptor->method(i));
    }
  }
  return methods;
}

std::string Path(const MethodDescriptor& method) {
  return absl::StrCat("/", method.service()->full_name(), "/", method.name());
}

TEST_CASE("every method is served, with permission and access") {
  Harness harness;
  REQUIRE(harness.dispatcher.registration().ok());
  const auto all = AllMethods();
  CHECK(all.size() > 30);
  for (const MethodDescriptor* method : all) {
    INFO(method->full_name());
    // Registration takes methods from proto/methods.h only, with their types, and compares those with the descriptor.
    const Method* registered = harness.dispatcher.methods().Find(Path(*method));
    REQUIRE(registered != nullptr);
    CHECK(registered->permission == method->options().GetExtension(v1::permission));
    CHECK_FALSE(registered->permission.empty());
    CHECK((registered->access == v1::ACCESS_READ || registered->access == v1::ACCESS_WRITE));
  }
}

TEST_CASE("every method that changes something is refused on a read-only connection, every other is not") {
  Harness harness;
  const auto channel = Connect(harness.read_only_path());
  for (const MethodDescriptor* method : AllMethods()) {
    INFO(method->full_name());
    v1::Reason reason = v1::REASON_UNSPECIFIED;
    if (method->server_streaming()) {
      ClientStream stream(channel.get(), Path(*method));
      // What is refused is refused before a message; the others would wait for more.
      if (method->options().GetExtension(v1::access) == v1::ACCESS_WRITE) reason = ReasonOf(stream.Finish());
    } else {
      reason = ReasonOf(CallRaw(channel.get(), Path(*method), "").status());
    }
    if (method->options().GetExtension(v1::access) == v1::ACCESS_WRITE) {
      CHECK(reason == v1::REASON_CONNECTION_READ_ONLY);
    } else {
      CHECK(reason != v1::REASON_CONNECTION_READ_ONLY);
    }
  }
}

TEST_CASE("every change of the domain service reaches the manager under its own name") {
  Harness harness;
  const auto channel = Connect(harness.path());
  for (const MethodDescriptor* method : AllMethods()) {
    if (method->service()->name() != "DomainService" ||
        method->options().GetExtension(v1::access) != v1::ACCESS_WRITE ||
        method->options().GetExtension(v1::permission) == "domain.read_secure") {
      continue;
    }
    INFO(method->full_name());
    CHECK(CallRaw(channel.get(), Path(*method), "").ok());
    CHECK(harness.manager.last_caller().method == Path(*method));
  }
}

TEST_CASE("without a test driver its service is not there") {
  testing::FakeManager manager;
  connections::Table table(&util::Clock::Real());
  Dispatcher dispatcher(&table, {});
  Health health;
  WorkerPool workers(1);
  RegisterAll(&dispatcher, {.manager = &manager, .connections = &table, .health = &health, .workers = &workers});
  REQUIRE(dispatcher.registration().ok());
  CHECK(dispatcher.methods().Find(methods::kSetWedge.path) == nullptr);
  CHECK(health.Get("reeve.v1.TestService") == grpc::health::v1::HealthCheckResponse::SERVICE_UNKNOWN);
}

TEST_CASE("devices of the host") {
  Harness harness;
  const auto channel = Connect(harness.path());
  const auto list = CallUnary(channel.get(), methods::kListNodeDevices, {});
  REQUIRE(list->devices_size() == 2);
  v1::GetNodeDeviceRequest get;
  get.set_name(list->devices(0).name());
  CHECK(CallUnary(channel.get(), methods::kGetNodeDevice, get)->name() == "nodeDevices/pci_0000_00_03_0");
  get.set_name("nodeDevices/pci_0000_00_04_0");
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kGetNodeDevice, get).status()) == v1::REASON_NODE_DEVICE_NOT_FOUND);
  get.set_name("nodeDevices/net_lo");
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kGetNodeDevice, get).status()) == v1::REASON_NAME_INVALID);
  const auto reader = Connect(harness.read_only_path());
  for (const auto& method : {methods::kDetachNodeDevice, methods::kReattachNodeDevice, methods::kResetNodeDevice}) {
    INFO(method.path);
    v1::NodeDeviceRequest change;
    change.set_hypervisor("hypervisors/test");
    change.set_name("nodeDevices/pci_0000_00_03_0");
    CHECK(CallUnary(channel.get(), method, change)->name() == "nodeDevices/pci_0000_00_03_0");
    CHECK(ReasonOf(CallUnary(reader.get(), method, change).status()) == v1::REASON_CONNECTION_READ_ONLY);
    change.set_name("nodeDevices/pci_0000_00_04_0");
    CHECK(ReasonOf(CallUnary(channel.get(), method, change).status()) == v1::REASON_NODE_DEVICE_NOT_FOUND);
    change.set_name("nodeDevices/usb_1_4");
    CHECK(ReasonOf(CallUnary(channel.get(), method, change).status()) == v1::REASON_NODE_CANNOT);
    change.set_name("nodeDevices/pci_0000_00_03_0");
    change.set_hypervisor("hypervisors/lxc");
    CHECK(ReasonOf(CallUnary(channel.get(), method, change).status()) == v1::REASON_UNSUPPORTED_BY_DRIVER);
  }
}

TEST_CASE("node, capabilities, version, daemon, log level, test controls") {
  Harness harness;
  const auto channel = Connect(harness.path());
  CHECK(CallUnary(channel.get(), methods::kGetNode, {})->hostname() == "here");
  CHECK(CallUnary(channel.get(), methods::kGetControlGroups, {})->mode() == "v2");
  CHECK(CallUnary(channel.get(), methods::kGetNodeStatistics, {})->memory().total_kib() == 4096);
  CHECK(CallUnary(channel.get(), methods::kGetSystemInformation, {})->system().serial() == "17");
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kGetNodeMemoryParameters, {}).status()) == v1::REASON_NODE_CANNOT);
  v1::SetNodeMemoryParametersRequest parameters;
  parameters.set_pages_to_scan(5);
  CHECK(CallUnary(channel.get(), methods::kSetNodeMemoryParameters, parameters)->pages_to_scan() == 5);
  v1::AllocateHugePagesRequest pages;
  pages.set_count(3);
  CHECK(CallUnary(channel.get(), methods::kAllocateHugePages, pages)->total() == 3);
  CHECK(CallUnary(channel.get(), methods::kSuspendNode, {}).ok());
  CHECK(CallUnary(channel.get(), methods::kGetCapabilities, {})->xml() == "<capabilities/>");
  CHECK(CallUnary(channel.get(), methods::kGetDomainCapabilities, {})->xml() == "<domainCapabilities/>");
  v1::CompareCpuRequest compare;
  compare.set_xml("<cpu/>");
  CHECK(CallUnary(channel.get(), methods::kCompareCpu, compare)->reason() == "<cpu/>");
  v1::BaselineCpuRequest baseline;
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kBaselineCpu, baseline).status()) == v1::REASON_SPEC_INVALID);
  baseline.add_xml("<cpu/>");
  CHECK(CallUnary(channel.get(), methods::kBaselineCpu, baseline)->xml() == "<cpu/>");
  const auto version = CallUnary(channel.get(), methods::kGetVersion, {});
  CHECK(version->daemon() == "1.2.3");
  CHECK(version->api() == "v1");
  CHECK_FALSE(version->grpc().empty());
  const auto daemon = CallUnary(channel.get(), methods::kGetDaemon, {});
  CHECK(daemon->pid() == 42);
  CHECK(daemon->revision() == 9);
  CHECK(daemon->clients() == 1);

  v1::SetLogLevelRequest level;
  level.set_level("debug");
  CHECK(CallUnary(channel.get(), methods::kSetLogLevel, level)->previous_level() == "info");
  level.set_level("loud");
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kSetLogLevel, level).status()) == v1::REASON_REQUEST_INVALID);

  v1::EndGuestRequest end;
  end.set_domain("hypervisors/test/domains/web1");
  CHECK(CallUnary(channel.get(), methods::kEndGuest, end).ok());
  CHECK(harness.controls.last_domain == "web1");
  for (const char* name :
       {"web1", "hypervisors/lxc/domains/web1", "hypervisors/test/domains/", "", "hypervisors/test/domains/a/b"}) {
    end.set_domain(name);
    CHECK(ReasonOf(CallUnary(channel.get(), methods::kEndGuest, end).status()) == v1::REASON_NAME_INVALID);
  }
}

TEST_CASE("operations: unknown ones, and waits that are too long") {
  Harness harness;
  const auto channel = Connect(harness.path());
  CHECK(ReasonOf(CallUnary(channel.get(), methods::kGetOperation, {}).status()) == v1::REASON_OPERATION_NOT_FOUND);
  v1::WaitOperationRequest wait;
  CHECK(CallUnary(channel.get(), methods::kWaitOperation, wait).ok());
  wait.mutable_timeout()->set_seconds(3600);
  CHECK(CallUnary(channel.get(), methods::kWaitOperation, wait).ok());
  for (const auto& [seconds, nanos] :
       {std::pair<int64_t, int>{3600, 1}, {3601, 0}, {-1, 0}, {1, -5}, {1, 2000000000}}) {
    wait.mutable_timeout()->set_seconds(seconds);
    wait.mutable_timeout()->set_nanos(nanos);
    CHECK(ReasonOf(CallUnary(channel.get(), methods::kWaitOperation, wait).status()) == v1::REASON_REQUEST_INVALID);
  }
}

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

HealthCheckRequest HealthOf(const std::string& service) {
  HealthCheckRequest request;
  request.set_service(service);
  return request;
}

TEST_CASE("health of the daemon, of services and of hypervisors") {
  Harness harness;
  const auto channel = Connect(harness.path());
  const auto check = [&](const std::string& service) {
    return CallUnary(channel.get(), methods::kHealthCheck, HealthOf(service));
  };
  CHECK(check("")->status() == HealthCheckResponse::SERVING);
  CHECK(check("reeve.v1.DomainService")->status() == HealthCheckResponse::SERVING);
  CHECK(check("hypervisors/test")->status() == HealthCheckResponse::SERVING);
  CHECK(check("hypervisors/xen")->status() == HealthCheckResponse::NOT_SERVING);
  for (const char* name : {"reeve.v1.Nothing", "hypervisors/none", "hypervisors/", "x"}) {
    CHECK(check(name).status().code() == absl::StatusCode::kNotFound);
    CHECK(ReasonOf(check(name).status()) == v1::REASON_SERVICE_NOT_FOUND);
  }
  CHECK(ReasonOf(check(std::string(1000, 'x')).status()) == v1::REASON_REQUEST_INVALID);
}

TEST_CASE("a watch of health tells of the change when the daemon drains") {
  Harness harness;
  const auto channel = Connect(harness.path());
  ClientStream watch(channel.get(), methods::kHealthWatch.path);
  ClientStream unknown(channel.get(), methods::kHealthWatch.path);
  REQUIRE(watch.Write(""));
  REQUIRE(unknown.Write(HealthOf("nothing").SerializeAsString()));
  std::string message;
  HealthCheckResponse response;
  REQUIRE(watch.Read(&message));
  REQUIRE(response.ParseFromString(message));
  CHECK(response.status() == HealthCheckResponse::SERVING);
  REQUIRE(unknown.Read(&message));
  REQUIRE(response.ParseFromString(message));
  CHECK(response.status() == HealthCheckResponse::SERVICE_UNKNOWN);
  harness.health.SetDraining();
  REQUIRE(watch.Read(&message));
  REQUIRE(response.ParseFromString(message));
  CHECK(response.status() == HealthCheckResponse::NOT_SERVING);
  harness.server->Drain();
  CHECK(ReasonOf(watch.Finish()) == v1::REASON_DAEMON_DRAINING);
}

}  // namespace
}  // namespace reeve::services
