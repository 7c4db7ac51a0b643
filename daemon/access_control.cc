#include "daemon/access_control.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "util/log.h"

namespace reeve {
namespace {

constexpr absl::Duration kLongestDelay = absl::Seconds(30);

services::Proof ProofOf(const std::string& value) {
  if (value == "sasl") return services::Proof::kSasl;
  if (value == "polkit") return services::Proof::kPolkit;
  if (value == "certificate+sasl") return services::Proof::kCertificateAndSasl;
  return services::Proof::kPeer;  // "none", "certificate"
}

bool NeedsSasl(const Config& config) {
  for (const std::string& value : {config.auth.unix_socket, config.auth.unix_read_only, config.auth.tls}) {
    const services::Proof proof = ProofOf(value);
    if (proof == services::Proof::kSasl || proof == services::Proof::kCertificateAndSasl) return true;
  }
  return false;
}

services::AuthenticationRules RulesOf(const Config& config) {
  services::AuthenticationRules rules;
  rules.unix_socket = ProofOf(config.auth.unix_socket);
  rules.unix_read_only = ProofOf(config.auth.unix_read_only);
  rules.tls = ProofOf(config.auth.tls);
  rules.sasl_users = config.auth.sasl_users;
  if (!config.listen.group.empty()) {
    if (const auto group = auth::FindSystemGroup(config.listen.group)) rules.group = *group;
  }
  rules.clients = static_cast<uint32_t>(config.auth.waiting_clients);
  rules.timeout = absl::Seconds(config.auth.seconds);
  rules.failures = static_cast<uint32_t>(config.auth.failures);
  rules.first_delay = absl::Milliseconds(config.auth.failure_milliseconds);
  rules.last_delay = kLongestDelay;
  return rules;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AccessControl>> AccessControl::Create(const Config& config, const Paths& paths,
                                                                     connections::Table* table, util::Timers* timers,
                                                                     services::AuditLog* audit,
                                                                     const auth::LabelSource* labels) {
  std::unique_ptr<AccessControl> control(new AccessControl(paths, audit, labels));
  if (absl::Status status = control->OpenAudit(config.audit); !status.ok()) return status;
  control->policy_.Set(auth::Policy::Create(config.auth.policy, auth::FindSystemGroup));
  auth::SaslOptions sasl;
  sasl.mechanisms = config.auth.sasl_mechanisms;
  sasl.database = paths.Below(config.auth.sasl_database);
  sasl.saslauthd = config.auth.sasl_passwords == "saslauthd";
  sasl.saslauthd_socket = paths.Below("/run/saslauthd/mux");
  if (!config.auth.sasl_keytab.empty()) sasl.keytab = paths.Below(config.auth.sasl_keytab);
  sasl.host = config.auth.sasl_host;
  // Made also where no rule needs it now: a reload may bring one. Only where one does it must succeed.
  absl::StatusOr<std::unique_ptr<auth::Sasl>> made = auth::MakeSasl(std::move(sasl));
  if (made.ok()) {
    control->sasl_ = *std::move(made);
  } else if (NeedsSasl(config)) {
    return made.status();
  } else {
    util::LogWarn(made.status().message(), "; SASL cannot be used until the next start");
  }
  control->polkit_ = auth::MakePolkit();
  control->authentication_ =
      std::make_unique<services::Authentication>(services::Authentication::Parts{.policy = &control->policy_,
                                                                                 .table = table,
                                                                                 .timers = timers,
                                                                                 .clock = &util::Clock::Real(),
                                                                                 .audit = audit,
                                                                                 .sasl = control->sasl_.get(),
                                                                                 .polkit = control->polkit_.get()},
                                                 RulesOf(config));
  return control;
}

absl::Status AccessControl::OpenAudit(const Config::Audit& config) {
  if (config.target == "none") {
    audit_->SetSink(nullptr);
  } else if (config.target == "journal") {
    audit_->SetSink(auth::OpenAuditJournal());
  } else {
    absl::StatusOr<std::unique_ptr<auth::AuditSink>> file = auth::OpenAuditFile(paths_.Below(config.file));
    if (!file.ok()) return file.status();
    audit_->SetSink(*std::move(file));
  }
  return absl::OkStatus();
}

void AccessControl::Apply(const Config& config) {
  if (absl::Status status = OpenAudit(config.audit); !status.ok()) {
    util::LogError(status.message(), "; records go on to where they went");
  }
  policy_.Set(auth::Policy::Create(config.auth.policy, auth::FindSystemGroup));
  authentication_->SetRules(RulesOf(config));
}

}  // namespace reeve
