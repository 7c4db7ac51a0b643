#include "daemon/real_assembly.h"

#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/access_control.h"
#include "daemon/connections/acceptor.h"
#include "daemon/connections/caller_files.h"
#include "daemon/connections/table.h"
#include "daemon/connections/tls_terminator.h"
#include "daemon/driver_set.h"
#include "daemon/listeners.h"
#include "daemon/liveness.h"
#include "daemon/migration/remote_destination.h"
#include "daemon/node_functions.h"
#include "daemon/process_facts.h"
#include "daemon/services/dispatcher.h"
#include "daemon/services/enrollment.h"
#include "daemon/services/health.h"
#include "daemon/services/register.h"
#include "daemon/services/server.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/manager_impl.h"
#include "daemon/tls_setup.h"
#include "formats/domain_spec_check.h"
#include "formats/domain_xml.h"
#include "formats/domain_xml_check.h"
#include "formats/domain_xml_fragments.h"
#include "formats/registry.h"
#include "proto/status.h"
#include "util/clock.h"
#include "util/log.h"
#include "util/timers.h"
#include "util/version.h"

namespace reeve {
namespace {

// For reads that may have to wait for the disk or a driver's lock.
constexpr size_t kWorkerThreads = 4;
// For TLS clients to take what was sent last, at the end.
constexpr absl::Duration kLastBytes = absl::Seconds(1);

absl::StatusOr<formats::Format> KnownFormat(v1::Document::Format format) {
  if (const auto known = formats::FormatFromProto(format)) return *known;
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, "the format of the document is not one that is known");
  AddFieldViolation(&status, "format", "is not one that is known");
  return status;
}

absl::StatusOr<v1::Domain> ParseDomain(v1::Document::Format format, absl::string_view text) {
  const auto known = KnownFormat(format);
  if (!known.ok()) return known.status();
  auto message = formats::ReadDocument(*known, formats::Kind::kDomain, text);
  if (!message.ok()) return message.status();
  return std::move(static_cast<v1::Domain&>(**message));
}

absl::StatusOr<std::string> WriteDomain(v1::Document::Format format, const v1::Domain& domain) {
  const auto known = KnownFormat(format);
  if (!known.ok()) return known.status();
  if (*known == formats::Format::kXml) {
    formats::DomainXmlOptions options;
    if (domain.status().id() > 0) options.id = domain.status().id();
    return formats::WriteDomainXml(domain, options);
  }
  // A document is a definition: of what is it says nothing.
  v1::Domain definition;
  definition.set_name(domain.name());
  definition.set_uid(domain.uid());
  *definition.mutable_spec() = domain.spec();
  return formats::WriteDocument(*known, formats::Kind::kDomain, definition);
}

absl::Status CheckSpec(const v1::DomainSpec& spec) {
  absl::Status status = formats::CheckDomainSpec(spec);
  return status.ok() ? formats::CheckAsDocument(spec) : status;
}

state::Formats MakeFormats() {
  return {.parse = ParseDomain,
          .write = WriteDomain,
          .check = CheckSpec,
          .parse_device = formats::ParseDeviceXml,
          .put_into_namespace = formats::PutIntoNamespace,
          .take_from_namespace = formats::TakeFromNamespace,
          .namespace_of = formats::NamespaceOf};
}

state::Limits StateLimits(const Config& config) {
  state::Limits limits;
  limits.journal_age = absl::Hours(24 * config.journal.max_age_days);
  limits.journal_revisions = config.journal.max_revisions;
  limits.waiting_per_domain = static_cast<size_t>(config.limits.changes_per_domain);
  limits.threads = static_cast<size_t>(config.limits.concurrent_changes);
  limits.watch_events = static_cast<size_t>(config.limits.event_queue_events);
  limits.watch_bytes = static_cast<size_t>(config.limits.event_queue_bytes);
  return limits;
}

services::Limits CallLimits(const Config& config) {
  return {.calls_per_client = static_cast<uint32_t>(config.limits.calls_per_client),
          .max_request_bytes = static_cast<uint32_t>(config.limits.message_bytes),
          .streams_per_client = static_cast<uint32_t>(config.limits.streams_per_client),
          .bytes_per_client = static_cast<uint64_t>(config.limits.bytes_per_client)};
}

connections::ClientLimits ClientLimits(const Config& config) {
  return {.max_clients = static_cast<uint32_t>(config.limits.clients),
          .max_clients_per_user = static_cast<uint32_t>(config.limits.clients_per_user)};
}

services::EnrollmentRules EnrollmentRules(const Config& config, const Paths& paths) {
  return {.authority = paths.Below(config.enrollment.authority),
          .tokens = static_cast<size_t>(config.enrollment.tokens),
          .certificate_lifetime = absl::Hours(24 * config.enrollment.certificate_days),
          .failures = static_cast<uint32_t>(config.auth.failures),
          .first_delay = absl::Milliseconds(config.auth.failure_milliseconds),
          .allowed_subjects = config.tls.allowed_subjects,
          .allowed_names = config.tls.allowed_names};
}

// What a client has open himself.
absl::StatusOr<drivers::PassedFiles> FilesOf(const connections::Table& table, uint64_t number,
                                             const std::vector<int>& descriptors) {
  for (const std::shared_ptr<const connections::Connection>& connection : table.List()) {
    if (connection->number != number) continue;
    absl::StatusOr<std::vector<util::UniqueFd>> files = connections::TakeCallerFiles(connection->peer, descriptors);
    if (!files.ok()) return files.status();
    return drivers::PassedFiles{*std::move(files), connection->peer.uid == 0};
  }
  return Error(v1::REASON_CONNECTION_UNKNOWN, "the connection of the process whose open files are asked for has ended");
}

v1::Daemon DescribeDaemon(absl::Time start_time) {
  const ProcessFacts facts = ReadProcessFacts();
  v1::Daemon daemon;
  daemon.set_pid(getpid());
  daemon.mutable_start_time()->set_seconds(absl::ToUnixSeconds(start_time));
  daemon.set_version(util::kVersion);
  daemon.set_log_level(std::string(util::LogLevelName(util::GetLogLevel())));
  daemon.set_resident_kib(facts.resident_kib);
  daemon.set_file_descriptors(facts.file_descriptors);
  daemon.set_threads(facts.threads);
  return daemon;
}

absl::StatusOr<std::string> ChangeLogLevel(absl::string_view level) {
  const std::optional<util::LogLevel> parsed = util::ParseLogLevel(level);
  if (!parsed) {
    absl::Status error = Error(v1::REASON_REQUEST_INVALID,
                               absl::StrCat("\"", util::EscapeControlCharacters(level.substr(0, 32)),
                                            "\" is not a log level: trace, debug, info, warn, error or off"),
                               {{"field", "level"}});
    AddFieldViolation(&error, "level", "must be one of trace, debug, info, warn, error, off");
    return error;
  }
  const util::LogLevel before = util::GetLogLevel();
  util::SetLogLevel(*parsed);
  return std::string(util::LogLevelName(before));
}

// Members are destroyed from the last to the first: nobody is let in, nobody is served, nothing is changed, in this
// order.
class RealAssembly final : public Assembly {
 public:
  // The terminator goes first, and nobody may call it then.
  ~RealAssembly() override {
    if (enrollment_ != nullptr) enrollment_->Disconnect();
  }

  absl::Status Build(const Paths& paths, AssemblyOptions options) {
    const Config& config = options.config;
    absl::StatusOr<DriverSet> drivers = MakeDrivers(config, paths);
    if (!drivers.ok()) return WithContext("make the drivers", drivers.status());
    drivers_ = *std::move(drivers);

    timers_ = util::MakeTimers();
    absl::StatusOr<std::unique_ptr<state::ManagerImpl>> manager = state::ManagerImpl::Create(
        {.directory = paths.state_directory(),
         .run_directory = paths.run_directory(),
         .clock = &util::Clock::Real(),
         .timers = timers_.get(),
         .drivers = drivers_.drivers,
         .formats = MakeFormats(),
         .limits = StateLimits(config),
         .on_connection_end =
             [this](uint64_t connection, std::function<void()> action) {
               return table_.OnClose(connection, std::move(action));
             },
         .take_files = [this](uint64_t connection,
                              const std::vector<int>& numbers) { return FilesOf(table_, connection, numbers); },
         .open_destination =
             [pki = paths.Below("/etc/pki/reeve/migration")](const std::string& uri, const std::string& id,
                                                             const std::string& secret) {
               return migration::OpenRemoteDestination(pki, uri, id, secret);
             }});
    if (!manager.ok()) return WithContext("open the state", manager.status());
    manager_ = *std::move(manager);

    health_.SetHypervisors([manager = manager_.get()](absl::string_view name) -> std::optional<bool> {
      v1::GetHypervisorRequest request;
      request.set_name(std::string(name));
      const absl::StatusOr<v1::Hypervisor> hypervisor = manager->GetHypervisor(state::Caller(), request);
      if (!hypervisor.ok()) return std::nullopt;
      return hypervisor->available();
    });
    absl::StatusOr<std::unique_ptr<AccessControl>> access_control =
        AccessControl::Create(config, paths, &table_, timers_.get(), audit_.get(), manager_->labels());
    if (!access_control.ok()) return WithContext("prepare authentication", access_control.status());
    access_control_ = *std::move(access_control);
    workers_ = std::make_unique<services::WorkerPool>(kWorkerThreads);
    enrollment_ = std::make_unique<services::Enrollment>(
        services::Enrollment::Parts{.file = paths.state_directory() + "/enrollment-tokens",
                                    .table = &table_,
                                    .timers = timers_.get(),
                                    .clock = &util::Clock::Real(),
                                    .workers = workers_.get(),
                                    .audit = audit_.get()},
        EnrollmentRules(config, paths));
    dispatcher_ = std::make_unique<services::Dispatcher>(&table_, CallLimits(config), audit_.get());
    services::RegisterAll(dispatcher_.get(), MakeDependencies(options.start_time));

    std::vector<PassedSocket> passed_local;
    std::vector<PassedSocket> passed_tls;
    for (PassedSocket& socket : options.passed) {
      (socket.tls ? passed_tls : passed_local).push_back(std::move(socket));
    }
    absl::StatusOr<std::vector<connections::Listener>> listeners =
        OpenListeners(config.listen, options.group_given, paths, std::move(passed_local));
    if (!listeners.ok()) return WithContext("open the sockets", listeners.status());
    for (const connections::Listener& listener : *listeners) {
      util::LogInfo("listening on ", listener.path(), listener.read_only() ? ", read-only" : "");
    }
    liveness_socket_ = listeners->front().path();

    for (std::unique_ptr<services::Server>* one : {&server_, &reading_server_}) {
      absl::StatusOr<std::unique_ptr<services::Server>> server =
          services::Server::Start(dispatcher_.get(), &table_, {});
      if (!server.ok()) return WithContext("start the server", server.status());
      *one = *std::move(server);
    }
    absl::StatusOr<std::unique_ptr<connections::Acceptor>> acceptor =
        connections::Acceptor::Start(*std::move(listeners), &table_,
                                     [this](int descriptor, const connections::Connection& connection) {
                                       ServerOf(connection)->HandOver(descriptor);
                                     },
                                     {.limits = ClientLimits(config)});
    if (!acceptor.ok()) return WithContext("let clients in", acceptor.status());
    acceptor_ = *std::move(acceptor);
    return WithContext("serve TLS", StartTls(config, paths, std::move(passed_tls)));
  }

  void Autostart() override {
    const absl::StatusOr<size_t> started = manager_->Autostart();
    if (!started.ok()) {
      util::LogError("autostart: ", started.status().message());
    } else if (*started > 0) {
      util::LogInfo("autostart: ", *started, " domains are being started");
    }
  }

  std::string StatusText() const override {
    uint32_t domains = 0;
    uint32_t running = 0;
    const v1::ListHypervisorsResponse hypervisors = manager_->ListHypervisors(state::Caller());
    for (const v1::Hypervisor& hypervisor : hypervisors.hypervisors()) {
      domains += hypervisor.domains();
      running += hypervisor.running_domains();
    }
    const size_t clients = table_.size();
    return absl::StrCat(domains, domains == 1 ? " domain, " : " domains, ", running, " running, ", clients,
                        clients == 1 ? " client" : " clients");
  }

  absl::Status CheckLiveness(absl::Duration timeout) const override {
    (void)manager_->Summary();  // hangs, and with it the main thread, if the state does
    // A socket without a name cannot be asked.
    return liveness_socket_.empty() ? absl::OkStatus() : reeve::CheckLiveness(liveness_socket_, timeout);
  }

  void Apply(const Config& config) override {
    if (terminator_ != nullptr) {
      if (absl::Status status = terminator_->Reload(TlsSettings(config, *paths_)); !status.ok()) {
        util::LogError("TLS: the files are not taken, the old ones stay in use: ", status.message());
      }
    }
    acceptor_->SetLimits(ClientLimits(config));
    access_control_->Apply(config);
    enrollment_->SetRules(EnrollmentRules(config, *paths_));
    dispatcher_->SetLimits(CallLimits(config));
    const state::Limits limits = StateLimits(config);
    manager_->SetJournalLimits(limits.journal_age, limits.journal_revisions);
  }

  absl::Status End(absl::Duration timeout) override {
    const absl::Time deadline = absl::Now() + timeout;
    health_.SetDraining();
    acceptor_->StopListening();
    if (terminator_ != nullptr) terminator_->StopListening();
    // What a user has wedged for a test must not keep the daemon from ending.
    if (drivers_.test_controls != nullptr) drivers_.test_controls->ReleaseAll();
    // All are told before one is waited for.
    const std::array servers = {tls_server_.get(), reading_server_.get(), server_.get()};
    for (services::Server* server : servers) {
      if (server != nullptr) server->Drain();
    }
    for (services::Server* server : servers) {
      if (server != nullptr) server->Shutdown(deadline);
    }
    if (terminator_ != nullptr) terminator_->AwaitEmpty(kLastBytes);
    // A change goes on when its client has left: it gets a moment in any case.
    return manager_->Drain(std::max(deadline - absl::Now(), absl::Seconds(1)));
  }

 private:
  // What a server holds of requests that are still arriving is bounded for its clients together: those of the read-only
  // socket, which is open to everybody, do not share it with those who may change something.
  services::Server* ServerOf(const connections::Connection& connection) {
    if (connection.peer.transport == connections::Transport::kTls) return tls_server_.get();
    return connection.read_only ? reading_server_.get() : server_.get();
  }

  // Nothing when neither the configuration nor systemd gives a socket for it.
  absl::Status StartTls(const Config& config, const Paths& paths, std::vector<PassedSocket> passed) {
    paths_.emplace(paths);
    absl::StatusOr<std::vector<connections::TcpListener>> listeners = OpenTlsListeners(config.tls, std::move(passed));
    if (!listeners.ok()) return listeners.status();
    if (listeners->empty()) return absl::OkStatus();
    std::vector<std::string> addresses;
    for (const connections::TcpListener& listener : *listeners) addresses.push_back(listener.address());
    // A server of its own: local clients need no sign of life, the kernel tells of every end.
    services::Server::Options options;
    if (config.tls.keepalive_seconds > 0) options.keepalive_time = absl::Seconds(config.tls.keepalive_seconds);
    options.keepalive_timeout = absl::Seconds(config.tls.keepalive_timeout_seconds);
    absl::StatusOr<std::unique_ptr<services::Server>> server =
        services::Server::Start(dispatcher_.get(), &table_, options);
    if (!server.ok()) return server.status();
    tls_server_ = *std::move(server);
    absl::StatusOr<std::unique_ptr<connections::TlsTerminator>> terminator =
        connections::TlsTerminator::Start(*std::move(listeners), TlsSettings(config, paths), acceptor_.get(), &table_);
    if (!terminator.ok()) return terminator.status();
    terminator_ = *std::move(terminator);
    enrollment_->Connect(
        [terminator = terminator_.get()]() -> services::EnrollmentServer {
          connections::TlsTerminator::Description description = terminator->Describe();
          return {.names = std::move(description.names),
                  .root_sha256 = std::move(description.root_sha256),
                  .addresses = std::move(description.addresses)};
        },
        [terminator = terminator_.get()](bool admit) { terminator->SetEnrolling(admit); });
    util::LogInfo("listening for TLS on ", absl::StrJoin(addresses, ", "));
    return absl::OkStatus();
  }

  services::Dependencies MakeDependencies(absl::Time start_time) {
    services::Dependencies dependencies;
    dependencies.manager = manager_.get();
    dependencies.migrations = manager_.get();
    dependencies.connections = &table_;
    dependencies.authentication = access_control_->authentication();
    dependencies.enrollment = enrollment_.get();
    dependencies.health = &health_;
    dependencies.workers = workers_.get();
    dependencies.node = MakeNodeFunctions();
    dependencies.node_devices = MakeNodeDeviceFunctions();
    dependencies.version.set_daemon(util::kVersion);
    dependencies.version.set_api("v1");
    dependencies.version.set_grpc(grpc::Version());
    dependencies.daemon = [start_time] { return DescribeDaemon(start_time); };
    dependencies.set_log_level = ChangeLogLevel;
    dependencies.test_controls = drivers_.test_controls;
    return dependencies;
  }

  // First: a change may be answered, and recorded, until the manager is gone.
  const std::unique_ptr<services::AuditLog> audit_ = std::make_unique<services::AuditLog>();
  DriverSet drivers_;
  std::unique_ptr<util::Timers> timers_;
  std::unique_ptr<state::ManagerImpl> manager_;
  connections::Table table_{&util::Clock::Real()};
  std::unique_ptr<AccessControl> access_control_;
  services::Health health_;
  std::unique_ptr<services::Enrollment> enrollment_;  // its work is done by the workers, so it outlives them
  std::unique_ptr<services::WorkerPool> workers_;
  std::unique_ptr<services::Dispatcher> dispatcher_;
  std::unique_ptr<services::Server> server_;
  std::unique_ptr<services::Server> reading_server_;  // of the read-only socket
  std::unique_ptr<services::Server> tls_server_;      // null: no TLS
  std::unique_ptr<connections::Acceptor> acceptor_;
  std::unique_ptr<connections::TlsTerminator> terminator_;  // null: no TLS
  std::optional<Paths> paths_;
  std::string liveness_socket_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Assembly>> Assemble(const Paths& paths, AssemblyOptions options) {
  auto assembly = std::make_unique<RealAssembly>();
  if (absl::Status status = assembly->Build(paths, std::move(options)); !status.ok()) return status;
  return assembly;
}

}  // namespace reeve
