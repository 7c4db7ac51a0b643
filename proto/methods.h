// Every method of the API with its message types, in one table that server and client share: the server registers a
// handler under a method, the client calls it, and neither can get the types wrong. methods_test proves that the table
// agrees with the descriptors and leaves no method out.
#pragma once

#include "google/protobuf/message.h"
#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "reeve/v1/admin_service.pb.h"
#include "reeve/v1/console_service.pb.h"
#include "reeve/v1/convert_service.pb.h"
#include "reeve/v1/device_service.pb.h"
#include "reeve/v1/domain_service.pb.h"
#include "reeve/v1/enrollment_service.pb.h"
#include "reeve/v1/event_service.pb.h"
#include "reeve/v1/exec_service.pb.h"
#include "reeve/v1/file_service.pb.h"
#include "reeve/v1/guest_service.pb.h"
#include "reeve/v1/hypervisor_service.pb.h"
#include "reeve/v1/image_service.pb.h"
#include "reeve/v1/node_device_service.pb.h"
#include "reeve/v1/node_service.pb.h"
#include "reeve/v1/operation_service.pb.h"
#include "reeve/v1/power_service.pb.h"
#include "reeve/v1/session_service.pb.h"
#include "reeve/v1/statistics_service.pb.h"
#include "reeve/v1/test_service.pb.h"
#include "reeve/v1/tuning_service.pb.h"

namespace reeve {

// One request, one response.
template <typename RequestType, typename ResponseType>
struct UnaryMethod {
  using Request = RequestType;
  using Response = ResponseType;
  const char* path;  // "/package.Service/Method"
};

// One request, a stream of responses.
template <typename RequestType, typename ResponseType>
struct ServerStreamMethod {
  using Request = RequestType;
  using Response = ResponseType;
  const char* path;
};

// Streams both ways.
template <typename RequestType, typename ResponseType>
struct BidirectionalMethod {
  using Request = RequestType;
  using Response = ResponseType;
  const char* path;
};

namespace methods {

inline constexpr UnaryMethod<v1::ListDomainsRequest, v1::ListDomainsResponse> kListDomains{
    "/reeve.v1.DomainService/ListDomains"};
inline constexpr UnaryMethod<v1::GetDomainRequest, v1::Domain> kGetDomain{"/reeve.v1.DomainService/GetDomain"};
inline constexpr UnaryMethod<v1::ExportDomainRequest, v1::Document> kExportDomain{
    "/reeve.v1.DomainService/ExportDomain"};
inline constexpr UnaryMethod<v1::GetDomainRequest, v1::Domain> kGetDomainWithSecrets{
    "/reeve.v1.DomainService/GetDomainWithSecrets"};
inline constexpr UnaryMethod<v1::ExportDomainRequest, v1::Document> kExportDomainWithSecrets{
    "/reeve.v1.DomainService/ExportDomainWithSecrets"};
inline constexpr UnaryMethod<v1::CreateDomainRequest, v1::Domain> kCreateDomain{"/reeve.v1.DomainService/CreateDomain"};
inline constexpr UnaryMethod<v1::UpdateDomainRequest, v1::Domain> kUpdateDomain{"/reeve.v1.DomainService/UpdateDomain"};
inline constexpr UnaryMethod<v1::DeleteDomainRequest, v1::DeleteDomainResponse> kDeleteDomain{
    "/reeve.v1.DomainService/DeleteDomain"};
inline constexpr UnaryMethod<v1::StartDomainRequest, v1::Domain> kStartDomain{"/reeve.v1.DomainService/StartDomain"};
inline constexpr UnaryMethod<v1::DomainVerbRequest, v1::Domain> kShutdownDomain{
    "/reeve.v1.DomainService/ShutdownDomain"};
inline constexpr UnaryMethod<v1::DomainVerbRequest, v1::Domain> kRebootDomain{"/reeve.v1.DomainService/RebootDomain"};
inline constexpr UnaryMethod<v1::DomainVerbRequest, v1::Domain> kDestroyDomain{"/reeve.v1.DomainService/DestroyDomain"};
inline constexpr UnaryMethod<v1::DomainVerbRequest, v1::Domain> kSuspendDomain{"/reeve.v1.DomainService/SuspendDomain"};
inline constexpr UnaryMethod<v1::DomainVerbRequest, v1::Domain> kResumeDomain{"/reeve.v1.DomainService/ResumeDomain"};
inline constexpr UnaryMethod<v1::RenameDomainRequest, v1::Domain> kRenameDomain{"/reeve.v1.DomainService/RenameDomain"};
inline constexpr UnaryMethod<v1::SetDomainAutostartRequest, v1::Domain> kSetDomainAutostart{
    "/reeve.v1.DomainService/SetDomainAutostart"};
inline constexpr UnaryMethod<v1::SetDomainLabelsRequest, v1::Domain> kSetDomainLabels{
    "/reeve.v1.DomainService/SetDomainLabels"};
inline constexpr UnaryMethod<v1::DomainVerbRequest, v1::Operation> kSaveDomain{"/reeve.v1.DomainService/SaveDomain"};

inline constexpr UnaryMethod<v1::GetDomainMetadataRequest, v1::DomainMetadata> kGetDomainMetadata{
    "/reeve.v1.DomainService/GetDomainMetadata"};
inline constexpr UnaryMethod<v1::SetDomainMetadataRequest, v1::Domain> kSetDomainMetadata{
    "/reeve.v1.DomainService/SetDomainMetadata"};

inline constexpr UnaryMethod<v1::DeviceRequest, v1::Domain> kAttachDevice{"/reeve.v1.DeviceService/AttachDevice"};
inline constexpr UnaryMethod<v1::DeviceRequest, v1::Domain> kDetachDevice{"/reeve.v1.DeviceService/DetachDevice"};
inline constexpr UnaryMethod<v1::DeviceRequest, v1::Domain> kUpdateDevice{"/reeve.v1.DeviceService/UpdateDevice"};

inline constexpr UnaryMethod<v1::GetTuningRequest, v1::DomainTuning> kGetTuning{"/reeve.v1.TuningService/GetTuning"};
inline constexpr UnaryMethod<v1::SetMemoryRequest, v1::Domain> kSetMemory{"/reeve.v1.TuningService/SetMemory"};
inline constexpr UnaryMethod<v1::SetMemoryParametersRequest, v1::Domain> kSetMemoryParameters{
    "/reeve.v1.TuningService/SetMemoryParameters"};
inline constexpr UnaryMethod<v1::SetBlockIoParametersRequest, v1::Domain> kSetBlockIoParameters{
    "/reeve.v1.TuningService/SetBlockIoParameters"};
inline constexpr UnaryMethod<v1::SetSchedulerParametersRequest, v1::Domain> kSetSchedulerParameters{
    "/reeve.v1.TuningService/SetSchedulerParameters"};
inline constexpr UnaryMethod<v1::SetPlacementRequest, v1::Domain> kSetPlacement{"/reeve.v1.TuningService/SetPlacement"};

inline constexpr UnaryMethod<v1::SetVcpusRequest, v1::Domain> kSetVcpus{"/reeve.v1.TuningService/SetVcpus"};
inline constexpr UnaryMethod<v1::SetVcpuPinRequest, v1::Domain> kSetVcpuPin{"/reeve.v1.TuningService/SetVcpuPin"};
inline constexpr UnaryMethod<v1::ListVcpusRequest, v1::ListVcpusResponse> kListVcpus{
    "/reeve.v1.TuningService/ListVcpus"};

inline constexpr UnaryMethod<v1::SaveDomainToFileRequest, v1::Operation> kSaveDomainToFile{
    "/reeve.v1.ImageService/SaveDomainToFile"};
inline constexpr UnaryMethod<v1::GetSavedImageRequest, v1::SavedImage> kGetSavedImage{
    "/reeve.v1.ImageService/GetSavedImage"};
inline constexpr UnaryMethod<v1::RestoreDomainRequest, v1::Operation> kRestoreDomain{
    "/reeve.v1.ImageService/RestoreDomain"};
inline constexpr UnaryMethod<v1::DumpDomainRequest, v1::Operation> kDumpDomain{"/reeve.v1.ImageService/DumpDomain"};
inline constexpr UnaryMethod<v1::DomainVerbRequest, v1::Domain> kRemoveManagedSave{
    "/reeve.v1.ImageService/RemoveManagedSave"};

inline constexpr UnaryMethod<v1::SleepDomainRequest, v1::Domain> kSleepDomain{"/reeve.v1.PowerService/SleepDomain"};
inline constexpr UnaryMethod<v1::DomainVerbRequest, v1::Domain> kWakeDomain{"/reeve.v1.PowerService/WakeDomain"};

inline constexpr ServerStreamMethod<v1::WatchStatisticsRequest, v1::WatchStatisticsResponse> kWatchStatistics{
    "/reeve.v1.StatisticsService/WatchStatistics"};

inline constexpr UnaryMethod<v1::SendProcessSignalRequest, v1::SendProcessSignalResponse> kSendProcessSignal{
    "/reeve.v1.GuestService/SendProcessSignal"};
inline constexpr UnaryMethod<v1::GetHostnameRequest, v1::GuestHostname> kGetHostname{
    "/reeve.v1.GuestService/GetHostname"};
inline constexpr UnaryMethod<v1::ListInterfaceAddressesRequest, v1::ListInterfaceAddressesResponse>
    kListInterfaceAddresses{"/reeve.v1.GuestService/ListInterfaceAddresses"};
inline constexpr UnaryMethod<v1::GetSecurityLabelRequest, v1::GuestSecurityLabel> kGetSecurityLabel{
    "/reeve.v1.GuestService/GetSecurityLabel"};
inline constexpr UnaryMethod<v1::GetNamespacesRequest, v1::GuestNamespaces> kGetNamespaces{
    "/reeve.v1.GuestService/GetNamespaces"};

inline constexpr BidirectionalMethod<v1::ExecRequest, v1::ExecResponse> kExec{"/reeve.v1.ExecService/Exec"};
inline constexpr BidirectionalMethod<v1::PushFileRequest, v1::PushFileResponse> kPushFile{
    "/reeve.v1.FileService/PushFile"};
inline constexpr ServerStreamMethod<v1::PullFileRequest, v1::PullFileResponse> kPullFile{
    "/reeve.v1.FileService/PullFile"};

inline constexpr BidirectionalMethod<v1::AttachConsoleRequest, v1::AttachConsoleResponse> kAttachConsole{
    "/reeve.v1.ConsoleService/AttachConsole"};
inline constexpr ServerStreamMethod<v1::WatchRequest, v1::WatchResponse> kWatch{"/reeve.v1.EventService/Watch"};

inline constexpr UnaryMethod<v1::ListOperationsRequest, v1::ListOperationsResponse> kListOperations{
    "/reeve.v1.OperationService/ListOperations"};
inline constexpr UnaryMethod<v1::GetOperationRequest, v1::Operation> kGetOperation{
    "/reeve.v1.OperationService/GetOperation"};
inline constexpr UnaryMethod<v1::WaitOperationRequest, v1::Operation> kWaitOperation{
    "/reeve.v1.OperationService/WaitOperation"};
inline constexpr UnaryMethod<v1::CancelOperationRequest, v1::Operation> kCancelOperation{
    "/reeve.v1.OperationService/CancelOperation"};

inline constexpr UnaryMethod<v1::ListHypervisorsRequest, v1::ListHypervisorsResponse> kListHypervisors{
    "/reeve.v1.HypervisorService/ListHypervisors"};
inline constexpr UnaryMethod<v1::GetHypervisorRequest, v1::Hypervisor> kGetHypervisor{
    "/reeve.v1.HypervisorService/GetHypervisor"};
inline constexpr UnaryMethod<v1::GetCapabilitiesRequest, v1::Capabilities> kGetCapabilities{
    "/reeve.v1.HypervisorService/GetCapabilities"};
inline constexpr UnaryMethod<v1::GetDomainCapabilitiesRequest, v1::Capabilities> kGetDomainCapabilities{
    "/reeve.v1.HypervisorService/GetDomainCapabilities"};
inline constexpr UnaryMethod<v1::CompareCpuRequest, v1::CpuComparison> kCompareCpu{
    "/reeve.v1.HypervisorService/CompareCpu"};
inline constexpr UnaryMethod<v1::BaselineCpuRequest, v1::CpuBaseline> kBaselineCpu{
    "/reeve.v1.HypervisorService/BaselineCpu"};

inline constexpr UnaryMethod<v1::ConvertRequest, v1::ConvertResponse> kConvert{"/reeve.v1.ConvertService/Convert"};
inline constexpr UnaryMethod<v1::ValidateRequest, v1::ValidateResponse> kValidate{"/reeve.v1.ConvertService/Validate"};

inline constexpr UnaryMethod<v1::GetNodeRequest, v1::Node> kGetNode{"/reeve.v1.NodeService/GetNode"};
inline constexpr UnaryMethod<v1::GetControlGroupsRequest, v1::ControlGroups> kGetControlGroups{
    "/reeve.v1.NodeService/GetControlGroups"};
inline constexpr UnaryMethod<v1::GetNodeStatisticsRequest, v1::NodeStatistics> kGetNodeStatistics{
    "/reeve.v1.NodeService/GetNodeStatistics"};
inline constexpr UnaryMethod<v1::GetSystemInformationRequest, v1::SystemInformation> kGetSystemInformation{
    "/reeve.v1.NodeService/GetSystemInformation"};
inline constexpr UnaryMethod<v1::GetNodeMemoryParametersRequest, v1::NodeMemoryParameters> kGetNodeMemoryParameters{
    "/reeve.v1.NodeService/GetNodeMemoryParameters"};
inline constexpr UnaryMethod<v1::SetNodeMemoryParametersRequest, v1::NodeMemoryParameters> kSetNodeMemoryParameters{
    "/reeve.v1.NodeService/SetNodeMemoryParameters"};
inline constexpr UnaryMethod<v1::AllocateHugePagesRequest, v1::HugePages> kAllocateHugePages{
    "/reeve.v1.NodeService/AllocateHugePages"};
inline constexpr UnaryMethod<v1::SuspendNodeRequest, v1::SuspendNodeResponse> kSuspendNode{
    "/reeve.v1.NodeService/SuspendNode"};
inline constexpr UnaryMethod<v1::GetVersionRequest, v1::Version> kGetVersion{"/reeve.v1.NodeService/GetVersion"};

inline constexpr UnaryMethod<v1::ListNodeDevicesRequest, v1::ListNodeDevicesResponse> kListNodeDevices{
    "/reeve.v1.NodeDeviceService/ListNodeDevices"};
inline constexpr UnaryMethod<v1::GetNodeDeviceRequest, v1::NodeDevice> kGetNodeDevice{
    "/reeve.v1.NodeDeviceService/GetNodeDevice"};
inline constexpr UnaryMethod<v1::NodeDeviceRequest, v1::NodeDevice> kDetachNodeDevice{
    "/reeve.v1.NodeDeviceService/DetachNodeDevice"};
inline constexpr UnaryMethod<v1::NodeDeviceRequest, v1::NodeDevice> kReattachNodeDevice{
    "/reeve.v1.NodeDeviceService/ReattachNodeDevice"};
inline constexpr UnaryMethod<v1::NodeDeviceRequest, v1::NodeDevice> kResetNodeDevice{
    "/reeve.v1.NodeDeviceService/ResetNodeDevice"};

inline constexpr UnaryMethod<v1::GetSessionRequest, v1::Session> kGetSession{"/reeve.v1.SessionService/GetSession"};
inline constexpr UnaryMethod<v1::TestPermissionsRequest, v1::TestPermissionsResponse> kTestPermissions{
    "/reeve.v1.SessionService/TestPermissions"};
inline constexpr UnaryMethod<v1::StartAuthenticationRequest, v1::AuthenticationStep> kStartAuthentication{
    "/reeve.v1.SessionService/StartAuthentication"};
inline constexpr UnaryMethod<v1::ContinueAuthenticationRequest, v1::AuthenticationStep> kContinueAuthentication{
    "/reeve.v1.SessionService/ContinueAuthentication"};

inline constexpr UnaryMethod<v1::CreateEnrollmentTokenRequest, v1::CreateEnrollmentTokenResponse>
    kCreateEnrollmentToken{"/reeve.v1.EnrollmentService/CreateEnrollmentToken"};
inline constexpr UnaryMethod<v1::ListEnrollmentTokensRequest, v1::ListEnrollmentTokensResponse> kListEnrollmentTokens{
    "/reeve.v1.EnrollmentService/ListEnrollmentTokens"};
inline constexpr UnaryMethod<v1::DeleteEnrollmentTokenRequest, v1::DeleteEnrollmentTokenResponse>
    kDeleteEnrollmentToken{"/reeve.v1.EnrollmentService/DeleteEnrollmentToken"};
inline constexpr UnaryMethod<v1::RedeemEnrollmentTokenRequest, v1::RedeemEnrollmentTokenResponse>
    kRedeemEnrollmentToken{"/reeve.v1.EnrollmentService/RedeemEnrollmentToken"};

inline constexpr UnaryMethod<v1::ListClientsRequest, v1::ListClientsResponse> kListClients{
    "/reeve.v1.AdminService/ListClients"};
inline constexpr UnaryMethod<v1::DisconnectClientRequest, v1::DisconnectClientResponse> kDisconnectClient{
    "/reeve.v1.AdminService/DisconnectClient"};
inline constexpr UnaryMethod<v1::GetDaemonRequest, v1::Daemon> kGetDaemon{"/reeve.v1.AdminService/GetDaemon"};
inline constexpr UnaryMethod<v1::SetLogLevelRequest, v1::SetLogLevelResponse> kSetLogLevel{
    "/reeve.v1.AdminService/SetLogLevel"};

inline constexpr UnaryMethod<v1::SetWedgeRequest, v1::SetWedgeResponse> kSetWedge{"/reeve.v1.TestService/SetWedge"};
inline constexpr UnaryMethod<v1::EndGuestRequest, v1::EndGuestResponse> kEndGuest{"/reeve.v1.TestService/EndGuest"};

inline constexpr UnaryMethod<grpc::health::v1::HealthCheckRequest, grpc::health::v1::HealthCheckResponse> kHealthCheck{
    "/grpc.health.v1.Health/Check"};
inline constexpr ServerStreamMethod<grpc::health::v1::HealthCheckRequest, grpc::health::v1::HealthCheckResponse>
    kHealthWatch{"/grpc.health.v1.Health/Watch"};
inline constexpr BidirectionalMethod<grpc::reflection::v1alpha::ServerReflectionRequest,
                                     grpc::reflection::v1alpha::ServerReflectionResponse>
    kReflection{"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"};

}  // namespace methods
}  // namespace reeve
