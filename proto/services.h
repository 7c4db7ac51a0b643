// Every service of the API, for what walks all methods. descriptors_test proves that none is left out.
#pragma once

#include <google/protobuf/descriptor.h>

#include <vector>

namespace reeve {

// Ordered by full name. Never destroyed.
const std::vector<const google::protobuf::ServiceDescriptor*>& AllServices();

}  // namespace reeve
