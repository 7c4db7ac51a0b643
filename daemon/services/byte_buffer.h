// Messages as gRPC's byte buffers, without copies where that can be.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <string>

namespace reeve::services {

// A buffer that owns the bytes.
grpc::ByteBuffer ToByteBuffer(std::string bytes);
// A buffer that shares the bytes.
grpc::ByteBuffer ToByteBuffer(std::shared_ptr<const std::string> bytes);
// A copy of all bytes in one piece.
std::string ToString(const grpc::ByteBuffer& buffer);

}  // namespace reeve::services
