#include "drivers/test/memory_image.h"

#include <string>

#include "absl/strings/string_view.h"
#include "proto/status.h"
#include "util/full_io.h"

namespace reeve::test_driver {
namespace {

constexpr absl::string_view kBegin = "reeve-test-memory\n";
constexpr absl::string_view kEnd = "end\n";
constexpr uint32_t kPieces = 16;
constexpr size_t kPieceBytes = 64 << 10;

std::string Piece(uint32_t number) {
  return std::string(kPieceBytes, static_cast<char>('a' + number));
}

}  // namespace

absl::Status WriteMemory(int descriptor, absl::Duration ran,
                         const std::function<absl::Status(uint32_t percent)>& step) {
  std::string begin(kBegin);
  const auto nanoseconds = static_cast<uint64_t>(absl::ToInt64Nanoseconds(ran));
  for (int i = 0; i < 8; ++i) begin += static_cast<char>(nanoseconds >> (8 * i) & 0xff);
  if (absl::Status status = util::WriteFully(descriptor, begin); !status.ok()) return status;
  for (uint32_t i = 0; i < kPieces; ++i) {
    if (absl::Status status = step(i * 100 / kPieces); !status.ok()) return status;
    if (absl::Status status = util::WriteFully(descriptor, Piece(i)); !status.ok()) return status;
  }
  return util::WriteFully(descriptor, kEnd);
}

absl::StatusOr<absl::Duration> ReadMemory(int descriptor) {
  const absl::Status damaged = Error(v1::REASON_IMAGE_INVALID, "the memory of the test guest is damaged or not whole");
  absl::StatusOr<std::string> begin = util::ReadUpTo(descriptor, kBegin.size() + 8);
  if (!begin.ok()) return begin.status();
  if (begin->size() < kBegin.size() + 8 || begin->substr(0, kBegin.size()) != kBegin) return damaged;
  uint64_t nanoseconds = 0;
  for (int i = 7; i >= 0; --i) nanoseconds = nanoseconds << 8 | static_cast<uint8_t>((*begin)[kBegin.size() + i]);
  for (uint32_t i = 0; i < kPieces; ++i) {
    absl::StatusOr<std::string> piece = util::ReadUpTo(descriptor, kPieceBytes);
    if (!piece.ok()) return piece.status();
    if (*piece != Piece(i)) return damaged;
  }
  absl::StatusOr<std::string> end = util::ReadUpTo(descriptor, kEnd.size());
  if (!end.ok()) return end.status();
  if (*end != kEnd || nanoseconds > static_cast<uint64_t>(INT64_MAX)) return damaged;
  return absl::Nanoseconds(static_cast<int64_t>(nanoseconds));
}

}  // namespace reeve::test_driver
