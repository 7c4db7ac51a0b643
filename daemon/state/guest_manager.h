// What is asked of domains beside their life cycle: devices, limits, metadata, statistics, and what is done in guests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/state/caller.h"
#include "drivers/guest_access.h"
#include "reeve/v1/device_service.pb.h"
#include "reeve/v1/domain_service.pb.h"
#include "reeve/v1/exec_service.pb.h"
#include "reeve/v1/file_service.pb.h"
#include "reeve/v1/guest_service.pb.h"
#include "reeve/v1/statistics_service.pb.h"
#include "reeve/v1/tuning_service.pb.h"

namespace reeve::state {

// A part of Manager, and by its rules.
class GuestManager {
 public:
  virtual ~GuestManager() = default;

  // Reads.
  virtual absl::StatusOr<v1::DomainMetadata> GetDomainMetadata(const Caller& caller, const v1::GetDomainMetadataRequest& request) const = 0;
  virtual absl::StatusOr<v1::DomainTuning> GetTuning(const Caller& caller, const v1::GetTuningRequest& request) const = 0;
  virtual absl::StatusOr<v1::ListVcpusResponse> ListVcpus(const Caller& caller, const v1::ListVcpusRequest& request) const = 0;
  // One round of samples, as messages with all but their number and time; the last is complete.
  virtual absl::StatusOr<std::vector<v1::WatchStatisticsResponse>> SampleDomains(
      const Caller& caller, const v1::WatchStatisticsRequest& request) const = 0;

  // Changes.
  virtual void SetDomainMetadata(const Caller& caller, v1::SetDomainMetadataRequest request, Done<v1::Domain> done) = 0;
  virtual void AttachDevice(const Caller& caller, v1::DeviceRequest request, Done<v1::Domain> done) = 0;
  virtual void DetachDevice(const Caller& caller, v1::DeviceRequest request, Done<v1::Domain> done) = 0;
  virtual void UpdateDevice(const Caller& caller, v1::DeviceRequest request, Done<v1::Domain> done) = 0;
  virtual void SetMemory(const Caller& caller, v1::SetMemoryRequest request, Done<v1::Domain> done) = 0;
  virtual void SetMemoryParameters(const Caller& caller, v1::SetMemoryParametersRequest request,
                                   Done<v1::Domain> done) = 0;
  virtual void SetBlockIoParameters(const Caller& caller, v1::SetBlockIoParametersRequest request,
                                    Done<v1::Domain> done) = 0;
  virtual void SetSchedulerParameters(const Caller& caller, v1::SetSchedulerParametersRequest request,
                                      Done<v1::Domain> done) = 0;
  virtual void SetVcpus(const Caller& caller, v1::SetVcpusRequest request, Done<v1::Domain> done) = 0;
  virtual void SetVcpuPin(const Caller& caller, v1::SetVcpuPinRequest request, Done<v1::Domain> done) = 0;
  virtual void SetPlacement(const Caller& caller, v1::SetPlacementRequest request, Done<v1::Domain> done) = 0;
  virtual void SendProcessSignal(const Caller& caller, v1::SendProcessSignalRequest request,
                                 Done<v1::SendProcessSignalResponse> done) = 0;

  // These wait for the guest, but not for ever.
  virtual absl::StatusOr<v1::GuestHostname> GetHostname(const Caller& caller, const v1::GetHostnameRequest& request) = 0;
  virtual absl::StatusOr<v1::ListInterfaceAddressesResponse> ListInterfaceAddresses(
      const Caller& caller, const v1::ListInterfaceAddressesRequest& request) = 0;
  virtual absl::StatusOr<v1::GuestSecurityLabel> GetSecurityLabel(const Caller& caller, const v1::GetSecurityLabelRequest& request) = 0;
  virtual absl::StatusOr<v1::GuestNamespaces> GetNamespaces(const Caller& caller, const v1::GetNamespacesRequest& request) = 0;

  // Processes of ours in guests.
  virtual absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> Execute(const Caller& caller, const v1::ExecStart& start,
                                                                         drivers::GuestProcessReader reader) = 0;
  virtual absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> PushFile(const Caller& caller, const v1::PushFileStart& start,
                                                                          drivers::GuestProcessReader reader) = 0;
  virtual absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> PullFile(const Caller& caller, const v1::PullFileRequest& request,
                                                                          drivers::GuestProcessReader reader) = 0;
};

}  // namespace reeve::state
