// grpc.reflection.v1alpha.ServerReflection.
#pragma once

#include "daemon/services/dispatcher.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace reeve::services {

// Answers one question from the descriptors that are compiled in; `services` are the names that are listed. Pure.
grpc::reflection::v1alpha::ServerReflectionResponse Reflect(
    const grpc::reflection::v1alpha::ServerReflectionRequest& request, const std::vector<std::string>& services);

// Lists the services that are registered, so it looks at the dispatcher when it is asked, not now.
void RegisterReflectionService(Dispatcher* dispatcher);

}  // namespace reeve::services
