#include "proto/services.h"

#include <algorithm>

#include "proto/migration_methods.h"

namespace reeve {

const std::vector<const google::protobuf::ServiceDescriptor*>& AllServices() {
  static const auto* services = [] {
    auto* all = new std::vector<const google::protobuf::ServiceDescriptor*>;
    for (const google::protobuf::Descriptor* message :
         {grpc::health::v1::HealthCheckRequest::descriptor(),
          grpc::reflection::v1alpha::ServerReflectionRequest::descriptor(),
          v1::ListClientsRequest::descriptor(),
          v1::AttachConsoleRequest::descriptor(),
          v1::ConvertRequest::descriptor(),
          v1::ListDomainsRequest::descriptor(),
          v1::WatchRequest::descriptor(),
          v1::ListEnrollmentTokensRequest::descriptor(),
          v1::ListHypervisorsRequest::descriptor(),
          v1::GetNodeRequest::descriptor(),
          v1::ListNodeDevicesRequest::descriptor(),
          v1::ListOperationsRequest::descriptor(),
          v1::GetSessionRequest::descriptor(),
          v1::SetWedgeRequest::descriptor(),
          v1::DeviceRequest::descriptor(),
          v1::ExecRequest::descriptor(),
          v1::PushFileRequest::descriptor(),
          v1::SendProcessSignalRequest::descriptor(),
          v1::WatchStatisticsRequest::descriptor(),
          v1::GetTuningRequest::descriptor(),
          v1::DumpDomainRequest::descriptor(),
          v1::MigrateDomainRequest::descriptor(),
          v1::SleepDomainRequest::descriptor()}) {
      for (int i = 0; i < message->file()->service_count(); ++i) all->push_back(message->file()->service(i));
    }
    std::sort(all->begin(), all->end(), [](const auto* a, const auto* b) { return a->full_name() < b->full_name(); });
    return all;
  }();
  return *services;
}

}  // namespace reeve
