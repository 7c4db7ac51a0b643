#include "daemon/services/byte_buffer.h"

#include <grpcpp/support/slice.h>

#include <utility>
#include <vector>

namespace reeve::services {

grpc::ByteBuffer ToByteBuffer(std::string bytes) {
  return ToByteBuffer(std::make_shared<const std::string>(std::move(bytes)));
}

grpc::ByteBuffer ToByteBuffer(std::shared_ptr<const std::string> bytes) {
  // The slice keeps a reference of its own until the transport has sent it.
  auto* owner = new std::shared_ptr<const std::string>(std::move(bytes));
  const grpc::Slice slice(
      const_cast<char*>((*owner)->data()), (*owner)->size(),  // gRPC only reads it
      [](void* data) { delete static_cast<std::shared_ptr<const std::string>*>(data); }, owner);
  return grpc::ByteBuffer(&slice, 1);
}

std::string ToString(const grpc::ByteBuffer& buffer) {
  std::string result;
  std::vector<grpc::Slice> slices;
  // Fails only for a buffer that is not valid, which has no bytes.
  if (!buffer.Dump(&slices).ok()) return result;
  result.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) result.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return result;
}

}  // namespace reeve::services
