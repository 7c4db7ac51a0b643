// The tokens that can still be redeemed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "reeve/store/v1/enrollment.pb.h"
#include "reeve/v1/enrollment_service.pb.h"
#include "util/clock.h"

namespace reeve::services {

// A file of the state directory, replaced with every change before the change is answered; of the secrets it has
// hashes. Thread-safe. Every call may have to wait for the disk.
class EnrollmentTokens {
 public:
  // Wrong secrets for one token; then it is deleted.
  static constexpr uint32_t kMaxFailures = 5;

  // A file that cannot be read is set aside, with a line in the log: nobody can redeem what was in it.
  EnrollmentTokens(std::string path, const util::Clock* clock);

  struct Made {
    v1::EnrollmentToken token;
    std::string secret;  // 32 bytes, nowhere else
  };
  // TOO_MANY_TOKENS, STORE_FAILED.
  absl::StatusOr<Made> Add(const std::string& name, const std::string& creator, absl::Duration lifetime, size_t limit);
  std::vector<v1::EnrollmentToken> List() const;
  // TOKEN_NOT_FOUND, STORE_FAILED.
  absl::Status Delete(const std::string& id);

  // The token, if the secret is its own; else PERMISSION_DENIED, which says what was wrong, for the log, and the
  // failure is counted.
  absl::StatusOr<v1::EnrollmentToken> Check(const std::string& id, const std::string& secret);
  // The same, and uses it up: of several at a time one succeeds. STORE_FAILED.
  absl::StatusOr<v1::EnrollmentToken> Take(const std::string& id, const std::string& secret);

  // When the next of them expires; the infinite future when there is none.
  absl::Time next_end() const;

 private:
  using Stored = store::v1::StoredEnrollmentToken;

  void Load();
  absl::Status Write() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropExpired() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Index of the token, or PERMISSION_DENIED.
  absl::StatusOr<int> Find(const std::string& id, const std::string& secret) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  const util::Clock* const clock_;
  mutable absl::Mutex mutex_;
  store::v1::StoredEnrollmentTokens tokens_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::services
