// How clients prove who they are.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/authority.h"
#include "daemon/connections/connection.h"
#include "reeve/v1/session_service.pb.h"

namespace reeve::services {

// Says of every new connection who is there, as far as that is known without asking: the kernel's word for a process of
// this host, a certificate for a TLS client. Thread-safe; outlives the server and what it was made with outlives it.
class Authentication {
 public:
  using Done = std::function<void(absl::StatusOr<v1::AuthenticationStep>)>;

  explicit Authentication(const auth::PolicySource* policy) : policy_(policy) {}

  // Before the connection can make a call.
  void Begin(connections::Connection* connection) const;

  // The mechanisms by which this connection can authenticate.
  std::vector<std::string> Mechanisms(const connections::Connection& connection) const;

  // Steps of an exchange; `done` is called once, from any thread.
  void Start(std::shared_ptr<connections::Connection> connection, const v1::StartAuthenticationRequest& request, Done done);
  void Continue(std::shared_ptr<connections::Connection> connection, const v1::ContinueAuthenticationRequest& request,
                Done done);

 private:
  const auth::PolicySource* const policy_;
};

}  // namespace reeve::services
