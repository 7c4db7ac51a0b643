// The table of methods agrees with the descriptors and leaves none out.
#include "proto/methods.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proto/migration_methods.h"

namespace reeve {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;

std::set<std::string>& Seen() {
  static std::set<std::string> seen;
  return seen;
}

void CheckMethod(const char* path, const Descriptor* request, const Descriptor* response, bool client_streaming,
                 bool server_streaming) {
  INFO(path);
  REQUIRE(path[0] == '/');
  const MethodDescriptor* method =
      DescriptorPool::generated_pool()->FindMethodByName(absl::StrReplaceAll(path + 1, {{"/", "."}}));
  REQUIRE(method != nullptr);
  CHECK(method->input_type() == request);
  CHECK(method->output_type() == response);
  CHECK(method->client_streaming() == client_streaming);
  CHECK(method->server_streaming() == server_streaming);
  CHECK(Seen().insert(path).second);
}

template <typename Request, typename Response>
void Check(UnaryMethod<Request, Response> method) {
  CheckMethod(method.path, Request::descriptor(), Response::descriptor(), false, false);
}
template <typename Request, typename Response>
void Check(ServerStreamMethod<Request, Response> method) {
  CheckMethod(method.path, Request::descriptor(), Response::descriptor(), false, true);
}
template <typename Request, typename Response>
void Check(BidirectionalMethod<Request, Response> method) {
  CheckMethod(method.path, Request::descriptor(), Response::descriptor(), true, true);
}

TEST_CASE("every method of the table is one of the API, with its types, and every one of the API is in the table") {
  Seen().clear();
  Check(methods::kListDomains);
  Check(methods::kGetDomain);
  Check(methods::kGetDomainWithSecrets);
  Check(methods::kExportDomainWithSecrets);
  Check(methods::kConvert);
  Check(methods::kPrepareMigration);
  Check(methods::kMigrateDomain);
  Check(methods::kReceiveDomain);
  Check(methods::kSettleMigration);
  Check(methods::kSaveDomainToFile);
  Check(methods::kGetSavedImage);
  Check(methods::kRestoreDomain);
  Check(methods::kDumpDomain);
  Check(methods::kRemoveManagedSave);
  Check(methods::kSleepDomain);
  Check(methods::kWakeDomain);
  Check(methods::kSetVcpus);
  Check(methods::kSetVcpuPin);
  Check(methods::kListVcpus);
  Check(methods::kCreateEnrollmentToken);
  Check(methods::kListEnrollmentTokens);
  Check(methods::kDeleteEnrollmentToken);
  Check(methods::kRedeemEnrollmentToken);
  Check(methods::kValidate);
  Check(methods::kGetDomainCapabilities);
  Check(methods::kCompareCpu);
  Check(methods::kBaselineCpu);
  Check(methods::kExportDomain);
  Check(methods::kCreateDomain);
  Check(methods::kUpdateDomain);
  Check(methods::kDeleteDomain);
  Check(methods::kRenameDomain);
  Check(methods::kStartDomain);
  Check(methods::kShutdownDomain);
  Check(methods::kRebootDomain);
  Check(methods::kDestroyDomain);
  Check(methods::kSuspendDomain);
  Check(methods::kResumeDomain);
  Check(methods::kSetDomainAutostart);
  Check(methods::kSetDomainLabels);
  Check(methods::kSaveDomain);
  Check(methods::kGetDomainMetadata);
  Check(methods::kSetDomainMetadata);
  Check(methods::kAttachDevice);
  Check(methods::kDetachDevice);
  Check(methods::kUpdateDevice);
  Check(methods::kGetTuning);
  Check(methods::kSetMemory);
  Check(methods::kSetMemoryParameters);
  Check(methods::kSetBlockIoParameters);
  Check(methods::kSetSchedulerParameters);
  Check(methods::kSetPlacement);
  Check(methods::kWatchStatistics);
  Check(methods::kSendProcessSignal);
  Check(methods::kGetHostname);
  Check(methods::kListInterfaceAddresses);
  Check(methods::kGetSecurityLabel);
  Check(methods::kGetNamespaces);
  Check(methods::kExec);
  Check(methods::kPushFile);
  Check(methods::kPullFile);
  Check(methods::kAttachConsole);
  Check(methods::kWatch);
  Check(methods::kListOperations);
  Check(methods::kGetOperation);
  Check(methods::kWaitOperation);
  Check(methods::kCancelOperation);
  Check(methods::kListHypervisors);
  Check(methods::kGetHypervisor);
  Check(methods::kGetCapabilities);
  Check(methods::kGetNode);
  Check(methods::kGetControlGroups);
  Check(methods::kGetNodeStatistics);
  Check(methods::kGetSystemInformation);
  Check(methods::kGetNodeMemoryParameters);
  Check(methods::kSetNodeMemoryParameters);
  Check(methods::kAllocateHugePages);
  Check(methods::kSuspendNode);
  Check(methods::kListNodeDevices);
  Check(methods::kGetNodeDevice);
  Check(methods::kDetachNodeDevice);
  Check(methods::kReattachNodeDevice);
  Check(methods::kResetNodeDevice);
  Check(methods::kGetVersion);
  Check(methods::kGetSession);
  Check(methods::kTestPermissions);
  Check(methods::kStartAuthentication);
  Check(methods::kContinueAuthentication);
  Check(methods::kListClients);
  Check(methods::kDisconnectClient);
  Check(methods::kGetDaemon);
  Check(methods::kSetLogLevel);
  Check(methods::kSetWedge);
  Check(methods::kEndGuest);
  Check(methods::kHealthCheck);
  Check(methods::kHealthWatch);
  Check(methods::kReflection);

  google::protobuf::FileDescriptorSet set;
  std::ifstream input("proto/reeve_descriptors.pb", std::ios::binary);
  REQUIRE(set.ParseFromIstream(&input));
  size_t methods = 0;
  for (const auto& file : set.file()) {
    for (const auto& service : file.service()) {
      for (const auto& method : service.method()) {
        const std::string path = absl::StrCat("/", file.package(), ".", service.name(), "/", method.name());
        INFO(path);
        CHECK(Seen().count(path) == 1);
        ++methods;
      }
    }
  }
  CHECK(methods == Seen().size());
}

}  // namespace
}  // namespace reeve
