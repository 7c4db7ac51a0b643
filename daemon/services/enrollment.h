// Gives certificates for tokens.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "daemon/connections/table.h"
#include "daemon/services/audit.h"
#include "daemon/services/enrollment_tokens.h"
#include "daemon/services/failure_delays.h"
#include "daemon/services/worker_pool.h"
#include "reeve/v1/enrollment_service.pb.h"
#include "util/timers.h"

namespace reeve::services {

struct EnrollmentRules {
  std::string authority = "/etc/pki/CA";  // see auth::AuthorityPaths
  size_t tokens = 100;                    // that wait to be redeemed
  absl::Duration certificate_lifetime = absl::Hours(24 * 397);
  uint32_t failures = 3;                                 // of one connection; then it is closed
  absl::Duration first_delay = absl::Milliseconds(500);  // of the answer to a failure; doubled up to the next
  absl::Duration last_delay = absl::Seconds(30);
  // tls.allowed_subjects and tls.allowed_names: nobody shall get a certificate by which he is not let in.
  std::vector<std::string> allowed_subjects = {"*"};
  std::vector<std::string> allowed_names = {"*"};
};

// What is known of the server that its clients will find.
struct EnrollmentServer {
  std::vector<std::string> names;      // of its certificate: "DNS:host", "IP:192.0.2.1"
  std::string root_sha256;             // of the authority at the end of its chain
  std::vector<std::string> addresses;  // it listens on, "192.0.2.1:16520"
};

// Makes tokens and redeems them. All work is done by the pool of workers; who fails waits, and keeps nobody else
// waiting. As long as there are tokens, clients without a certificate are let in, to redeem them. Thread-safe. What it
// is made with outlives it, but for the workers, which end before it; it outlives the server.
class Enrollment {
 public:
  struct Parts {
    std::string file;  // for the tokens
    connections::Table* table = nullptr;
    util::Timers* timers = nullptr;
    const util::Clock* clock = nullptr;
    WorkerPool* workers = nullptr;
    AuditLog* audit = nullptr;  // may be null
  };
  template <typename Response>
  using Done = std::function<void(absl::StatusOr<Response>)>;

  Enrollment(const Parts& parts, EnrollmentRules rules);
  ~Enrollment();
  Enrollment(const Enrollment&) = delete;
  Enrollment& operator=(const Enrollment&) = delete;

  void SetRules(EnrollmentRules rules);
  // From now on there is a server for TLS: `describe` tells of it, and `admit` whether clients without a certificate
  // are to be let in. Both are quick, and not called any more when Disconnect has returned.
  void Connect(std::function<EnrollmentServer()> describe, std::function<void(bool)> admit);
  void Disconnect();

  // `done` is called once, from any thread. `creator` is who asks.
  void Create(const std::string& creator, const v1::CreateEnrollmentTokenRequest& request,
              Done<v1::CreateEnrollmentTokenResponse> done);
  void List(Done<v1::ListEnrollmentTokensResponse> done);
  void Delete(const std::string& id, Done<v1::DeleteEnrollmentTokenResponse> done);
  void Redeem(std::shared_ptr<connections::Connection> connection, const v1::RedeemEnrollmentTokenRequest& request,
              Done<v1::RedeemEnrollmentTokenResponse> done);

 private:
  EnrollmentRules rules() const;
  absl::StatusOr<v1::CreateEnrollmentTokenResponse> Make(const std::string& creator,
                                                         const v1::CreateEnrollmentTokenRequest& request);
  absl::StatusOr<v1::RedeemEnrollmentTokenResponse> Issue(const connections::Connection& connection,
                                                          const v1::RedeemEnrollmentTokenRequest& request,
                                                          std::string* detail);
  void Fail(const connections::Connection& connection, Done<v1::RedeemEnrollmentTokenResponse> done);
  void Release(uint64_t number);
  absl::StatusOr<EnrollmentServer> DescribeServer() const;
  // Tells the server whether there is a token, and comes again when the next one expires.
  void UpdateServer();
  void Later(absl::Duration delay, std::function<void()> action);

  // Held by what timers call; tells it that this is gone.
  struct Life {
    absl::Mutex mutex;
    bool ended ABSL_GUARDED_BY(mutex) = false;
  };

  const Parts parts_;
  const std::shared_ptr<Life> life_ = std::make_shared<Life>();
  EnrollmentTokens tokens_;
  FailureDelays delays_;
  mutable absl::Mutex server_mutex_;
  std::function<EnrollmentServer()> describe_ ABSL_GUARDED_BY(server_mutex_);
  std::function<void(bool)> admit_ ABSL_GUARDED_BY(server_mutex_);
  mutable absl::Mutex mutex_;
  EnrollmentRules rules_ ABSL_GUARDED_BY(mutex_);
  std::set<uint64_t> busy_ ABSL_GUARDED_BY(mutex_);                // connections whose call is not answered yet
  std::map<uint64_t, uint32_t> failures_ ABSL_GUARDED_BY(mutex_);  // of connections
};

}  // namespace reeve::services
