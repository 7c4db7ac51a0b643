// Who may do what and how it is recorded, as the configuration says.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/authority.h"
#include "auth/polkit.h"
#include "auth/sasl_server.h"
#include "daemon/config.h"
#include "daemon/connections/table.h"
#include "daemon/paths.h"
#include "daemon/services/audit.h"
#include "daemon/services/authentication.h"
#include "util/timers.h"

namespace reeve {

// Roles, SASL, polkit and the audit log, put together. Owned by the daemon's main thread. Table, timers, audit log
// and the source of labels outlive it, it outlives the server.
class AccessControl {
 public:
  static absl::StatusOr<std::unique_ptr<AccessControl>> Create(const Config& config, const Paths& paths,
                                                               connections::Table* table, util::Timers* timers,
                                                               services::AuditLog* audit,
                                                               const auth::LabelSource* labels);

  // What is live of another configuration. An audit file that cannot be opened is logged; the records go on to the old
  // one.
  void Apply(const Config& config);

  services::Authentication* authentication() { return authentication_.get(); }

 private:
  AccessControl(const Paths& paths, services::AuditLog* audit, const auth::LabelSource* labels)
      : paths_(paths), audit_(audit), policy_(auth::Policy::Create({}, auth::FindSystemGroup), labels) {}
  absl::Status OpenAudit(const Config::Audit& config);

  const Paths paths_;
  services::AuditLog* const audit_;
  auth::PolicySource policy_;
  std::unique_ptr<auth::Sasl> sasl_;
  std::unique_ptr<auth::Polkit> polkit_;
  std::unique_ptr<services::Authentication> authentication_;
};

}  // namespace reeve
