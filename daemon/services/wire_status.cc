#include "daemon/services/wire_status.h"

#include <google/protobuf/repeated_field.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "proto/status.h"

namespace reeve::services {
namespace {

// grpc-message is percent-encoded (three bytes for one that is not printable ASCII), the details are base64: 2 KiB and
// 4/3 of 4 KiB, with room for other trailers below 8 KiB.
constexpr size_t kMessageLimit = 2048;
constexpr size_t kDetailsLimit = 4096;

size_t EncodedSize(char c) {
  return c >= ' ' && c <= '~' && c != '%' ? 1 : 3;
}

// The start of `text` that takes at most `limit` bytes when it is percent-encoded, not cut within a UTF-8 sequence.
std::string Shorten(absl::string_view text, size_t limit) {
  constexpr absl::string_view kCut = " ...";
  size_t encoded = 0;
  size_t fits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool starts_sequence = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
    if (starts_sequence && encoded + kCut.size() <= limit) fits = i;
    encoded += EncodedSize(text[i]);
    if (encoded > limit) return absl::StrCat(text.substr(0, fits), kCut);
  }
  return std::string(text);
}

// Makes repeated fields of details shorter, one by one from the end, until all fits.
template <typename Detail, typename Violations>
void DropViolations(google::rpc::Status* status, Violations* (Detail::*violations)()) {
  for (auto& any : *status->mutable_details()) {
    Detail detail;
    if (!any.Is<Detail>() || !any.UnpackTo(&detail)) continue;
    size_t excess = status->ByteSizeLong();
    auto* list = (detail.*violations)();
    while (excess > kDetailsLimit && list->size() > 1) {
      excess -= list->Get(list->size() - 1).ByteSizeLong();
      list->RemoveLast();
    }
    any.PackFrom(detail);
  }
}

void ShrinkToFit(google::rpc::Status* status) {
  if (status->ByteSizeLong() <= kDetailsLimit) return;
  status->set_message(Shorten(status->message(), kMessageLimit));
  DropViolations(status, &google::rpc::BadRequest::mutable_field_violations);
  DropViolations(status, &google::rpc::PreconditionFailure::mutable_violations);
  if (status->ByteSizeLong() <= kDetailsLimit) return;
  // What is left is long by single texts: only the reason stays, which clients decide by.
  google::protobuf::RepeatedPtrField<google::protobuf::Any> details;
  details.Swap(status->mutable_details());
  for (auto& any : details) {
    google::rpc::ErrorInfo info;
    if (!any.Is<google::rpc::ErrorInfo>() || !any.UnpackTo(&info)) continue;
    if (info.ByteSizeLong() > kDetailsLimit / 4) info.clear_metadata();
    status->add_details()->PackFrom(info);
  }
}

}  // namespace

grpc::Status ToWireStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status details = ToRpcStatus(status);
  ShrinkToFit(&details);
  return grpc::Status(static_cast<grpc::StatusCode>(details.code()), Shorten(details.message(), kMessageLimit),
                      details.SerializeAsString());
}

}  // namespace reeve::services
