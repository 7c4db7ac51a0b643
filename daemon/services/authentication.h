// How clients prove who they are.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "auth/authority.h"
#include "auth/polkit.h"
#include "auth/sasl_server.h"
#include "daemon/connections/refusals.h"
#include "daemon/connections/table.h"
#include "daemon/services/audit.h"
#include "daemon/services/failure_delays.h"
#include "daemon/services/worker_pool.h"
#include "reeve/v1/session_service.pb.h"
#include "util/timers.h"

namespace reeve::services {

// What a client must show before it may call anything but session methods.
enum class Proof {
  kPeer,    // the kernel's word for its process; its certificate
  kPolkit,  // polkit's permission; root and members of the socket's group need none
  kSasl,
  kCertificateAndSasl,  // both
};

struct AuthenticationRules {
  Proof unix_socket = Proof::kPeer;
  Proof unix_read_only = Proof::kPeer;
  Proof tls = Proof::kPeer;
  std::vector<std::string> sasl_users = {"*"};           // patterns of the users who are let in
  gid_t group = static_cast<gid_t>(-1);                  // of the read-write socket
  uint32_t clients = 64;                                 // that have not authenticated; further ones are turned away
  absl::Duration timeout = absl::Seconds(60);            // to authenticate, from the connection on
  uint32_t failures = 3;                                 // then the connection is closed
  absl::Duration first_delay = absl::Milliseconds(500);  // of the answer to a failure; doubled up to the next
  absl::Duration last_delay = absl::Seconds(30);
};

// Says of every new connection who is there, as far as that is known without asking, and runs the exchanges of those
// that must prove more. All work is done by a pool of its own; a client that fails waits, and keeps nobody else
// waiting. Thread-safe. What it is made with outlives it; it outlives the server.
class Authentication {
 public:
  struct Parts {
    const auth::PolicySource* policy = nullptr;
    connections::Table* table = nullptr;
    util::Timers* timers = nullptr;
    const util::Clock* clock = nullptr;
    AuditLog* audit = nullptr;       // may be null
    auth::Sasl* sasl = nullptr;      // null: no mechanism is offered
    auth::Polkit* polkit = nullptr;  // null: there is none
  };
  using Done = std::function<void(absl::StatusOr<v1::AuthenticationStep>)>;

  // Registers with the table.
  Authentication(const Parts& parts, AuthenticationRules rules);
  ~Authentication();
  Authentication(const Authentication&) = delete;
  Authentication& operator=(const Authentication&) = delete;

  // For connections and exchanges from now on.
  void SetRules(AuthenticationRules rules);

  // The mechanisms by which this connection can authenticate; none when it has.
  std::vector<std::string> Mechanisms(const connections::Connection& connection) const;

  // Steps of an exchange; `done` is called once, from any thread.
  void Start(std::shared_ptr<connections::Connection> connection, const v1::StartAuthenticationRequest& request,
             Done done);
  void Continue(std::shared_ptr<connections::Connection> connection, const v1::ContinueAuthenticationRequest& request,
                Done done);

 private:
  // Of a connection that has not yet proved enough.
  struct Attempt {
    std::shared_ptr<auth::SaslExchange> exchange;  // while one is going on
    std::string mechanism;
    bool busy = false;  // a step is being done, or the answer to a failure held back
    uint32_t failures = 0;
    util::Timers::Id deadline = 0;
    std::string source;  // where it comes from
  };
  struct Outcome {
    absl::StatusOr<auth::SaslExchange::Step> step;
    auth::Identity identity;  // when it is done
  };

  void Open(const std::shared_ptr<connections::Connection>& connection);
  void Close(uint64_t number);
  bool HasPlaceFor(const connections::Connection& connection) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Proof NeededBy(const connections::Connection& connection) const;
  // Takes the attempt for a step: AUTHENTICATION_BUSY.
  absl::Status Begin(uint64_t number, bool anew, std::shared_ptr<auth::SaslExchange>* exchange, std::string* mechanism);
  void Run(std::shared_ptr<connections::Connection> connection, const std::string& mechanism,
           std::function<Outcome()> step, Done done);
  void End(const std::shared_ptr<connections::Connection>& connection, const std::string& mechanism, Outcome outcome,
           const Done& done);
  void Fail(const std::shared_ptr<connections::Connection>& connection, const std::string& mechanism,
            const absl::Status& cause, Done done);
  void Record(const connections::Connection& connection, const std::string& mechanism, const absl::Status& status,
              const std::string& detail) const;
  Outcome SaslOutcome(const connections::Connection& connection, const std::string& mechanism,
                      const auth::SaslExchange& exchange, absl::StatusOr<auth::SaslExchange::Step> step) const;

  // Calls `action` later, on a thread of the timers, unless this is gone by then.
  util::Timers::Id Later(absl::Duration delay, std::function<void()> action);

  // Held by what timers call; tells it that this is gone.
  struct Life {
    absl::Mutex mutex;
    bool ended ABSL_GUARDED_BY(mutex) = false;
  };

  const Parts parts_;
  const std::shared_ptr<Life> life_ = std::make_shared<Life>();
  FailureDelays delays_;
  mutable absl::Mutex mutex_;
  connections::Refusals refusals_ ABSL_GUARDED_BY(mutex_);
  AuthenticationRules rules_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, Attempt> attempts_ ABSL_GUARDED_BY(mutex_);
  WorkerPool workers_;  // last: its tasks use the rest
};

}  // namespace reeve::services
