#include "daemon/state/requests.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "util/sha256.h"

namespace reeve::state {
namespace {

constexpr size_t kMaxIdBytes = 64;

std::string DigestOf(const google::protobuf::Message& request) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream output(&stream);
    output.SetSerializationDeterministic(true);
    request.SerializePartialToCodedStream(&output);
  }
  return util::Sha256(bytes);
}

absl::Status Reused(absl::string_view id, absl::string_view method) {
  return Error(v1::REASON_REQUEST_ID_REUSED,
               absl::StrCat("request_id '", id, "' was used before with another request, of ", method),
               {{"request_id", id}});
}

}  // namespace

absl::StatusOr<RequestRecord> MakeRequest(absl::string_view caller, absl::string_view method, absl::string_view id,
                                          const google::protobuf::Message& request) {
  const bool printable = std::all_of(id.begin(), id.end(), [](unsigned char c) { return absl::ascii_isprint(c); });
  if (id.size() > kMaxIdBytes || !printable) {
    absl::Status status =
        Error(v1::REASON_REQUEST_INVALID, id.size() > kMaxIdBytes ? absl::StrCat("request_id has ", id.size(), " bytes")
                                                                  : std::string("request_id is not printable ASCII"));
    AddFieldViolation(&status, "request_id", "must be at most 64 bytes of printable ASCII");
    return status;
  }
  return RequestRecord{std::string(caller), std::string(id), std::string(method), DigestOf(request), ""};
}

absl::StatusOr<bool> RequestTable::Begin(const RequestRecord& request, Waiter waiter) {
  const Key key(request.caller, request.id);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto [call, is_new] = calls_.try_emplace(key, Call{request.method, request.digest, {}});
    if (!is_new) {
      if (call->second.method != request.method || call->second.digest != request.digest) {
        return Reused(request.id, call->second.method);
      }
      call->second.waiters.push_back(std::move(waiter));
      return false;
    }
  }
  // Looked up behind the entry into the table: one that ended between is found here.
  absl::StatusOr<std::optional<RequestRecord>> stored =
      store_->FindRequest(request.caller, request.id, clock_->Now() - age_);
  if (stored.ok() && !stored->has_value()) return true;
  absl::StatusOr<std::string> answer = absl::UnknownError("");
  if (!stored.ok()) {
    answer = stored.status();
  } else if ((*stored)->method != request.method || (*stored)->digest != request.digest) {
    answer = Reused(request.id, (*stored)->method);
  } else {
    answer = std::move((*stored)->response);
  }
  End(request, answer);
  waiter(answer);
  return false;
}

void RequestTable::End(const RequestRecord& request, const absl::StatusOr<std::string>& response) {
  std::vector<Waiter> waiters;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto call = calls_.find(Key(request.caller, request.id));
    if (call == calls_.end()) return;
    waiters = std::move(call->second.waiters);
    calls_.erase(call);
  }
  for (const Waiter& waiter : waiters) waiter(response);
}

}  // namespace reeve::state
