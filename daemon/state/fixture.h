// A manager over a fake driver, and calls that wait for their answers.
#pragma once

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "daemon/state/fake_driver.h"
#include "daemon/state/manager_impl.h"
#include "daemon/state/temporary_directory.h"
#include "util/fake_timers.h"

namespace reeve::state {

// For tests. Open makes the manager over the directory; Close destroys it, as the end of the daemon does.
struct Fixture {
  Fixture() { Reset(); }
  ~Fixture() { Close(); }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  void Reset() {
    options.directory = directory.path() + "/lib";
    options.run_directory = directory.path() + "/run";
    options.boot_id = "boot-1";
    options.clock = &clock;
    options.timers = &timers;
    options.drivers = {driver};
    options.formats.parse = [](v1::Document::Format format, absl::string_view text) -> absl::StatusOr<v1::Domain> {
      if (format != v1::Document::FORMAT_LIBVIRT_XML) return UnknownFormat();
      if (text.empty()) return Error(v1::REASON_DOCUMENT_MALFORMED, "line 1: no element");
      v1::Domain domain;
      domain.set_name(std::string(text));
      domain.mutable_spec()->set_title("from a document");
      return domain;
    };
    options.formats.write = [](v1::Document::Format format, const v1::Domain& domain) -> absl::StatusOr<std::string> {
      if (format != v1::Document::FORMAT_LIBVIRT_XML) return UnknownFormat();
      return domain.name() + " id=" + std::to_string(domain.status().id()) + " title=" + domain.spec().title();
    };
    options.formats.check = [](const v1::DomainSpec& spec) {
      return spec.vcpus() <= 4096 ? absl::OkStatus() : Error(v1::REASON_SPEC_INVALID, "spec.vcpus is over 4096");
    };
  }
  ManagerImpl& Open() {
    absl::StatusOr<std::unique_ptr<ManagerImpl>> created = ManagerImpl::Create(options);
    if (!created.ok()) throw std::runtime_error(created.status().ToString());
    manager = *std::move(created);
    return *manager;
  }
  void Close() { manager.reset(); }
  ManagerImpl& Reopen() {
    Close();
    return Open();
  }

  static absl::Status UnknownFormat() { return Error(v1::REASON_REQUEST_INVALID, "format is not one that is known"); }
  static std::string Name(const std::string& domain) { return "hypervisors/test/domains/" + domain; }
  Caller caller(const char* method = "/test") const { return {identity, method, 1, access}; }

  // Makes a call and waits for its answer.
  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(void (ManagerImpl::*method)(const Caller&, Request, Done<Response>),
                                const Request& request) {
    return Begin<Response>(method, request).get();
  }
  template <typename Response, typename Request>
  std::future<absl::StatusOr<Response>> Begin(void (ManagerImpl::*method)(const Caller&, Request, Done<Response>),
                                              const Request& request) {
    auto promise = std::make_shared<std::promise<absl::StatusOr<Response>>>();
    std::future<absl::StatusOr<Response>> future = promise->get_future();
    (manager.get()->*method)(caller(), request,
                             [promise](absl::StatusOr<Response> response) { promise->set_value(std::move(response)); });
    return future;
  }

  static v1::CreateDomainRequest CreateRequest(const std::string& name, bool transient = false) {
    v1::CreateDomainRequest request;
    request.set_parent("hypervisors/test");
    request.mutable_domain()->set_name(name);
    request.mutable_domain()->mutable_spec()->set_title("title of " + name);
    request.mutable_domain()->mutable_spec()->set_memory_kib(1 << 20);
    request.set_transient(transient);
    return request;
  }
  static v1::DomainVerbRequest VerbRequest(const std::string& name) {
    v1::DomainVerbRequest request;
    request.set_name(Name(name));
    return request;
  }
  absl::StatusOr<v1::Domain> Create(const std::string& name, bool transient = false) {
    return Call<v1::Domain>(&ManagerImpl::CreateDomain, CreateRequest(name, transient));
  }
  absl::StatusOr<v1::Domain> Update(const std::string& name, const std::string& title) {
    v1::UpdateDomainRequest request;
    request.set_parent("hypervisors/test");
    request.mutable_domain()->set_name(name);
    request.mutable_domain()->mutable_spec()->set_title(title);
    return Call<v1::Domain>(&ManagerImpl::UpdateDomain, request);
  }
  absl::Status Delete(const std::string& name) {
    v1::DeleteDomainRequest request;
    request.set_name(Name(name));
    return Call<v1::DeleteDomainResponse>(&ManagerImpl::DeleteDomain, request).status();
  }
  absl::StatusOr<v1::Domain> Start(const std::string& name, bool paused = false) {
    v1::StartDomainRequest request;
    request.set_name(Name(name));
    request.set_paused(paused);
    return Call<v1::Domain>(&ManagerImpl::StartDomain, request);
  }
  absl::StatusOr<v1::Domain> SetAutostart(const std::string& name, bool on) {
    v1::SetDomainAutostartRequest request;
    request.set_name(Name(name));
    request.set_autostart(on);
    return Call<v1::Domain>(&ManagerImpl::SetDomainAutostart, request);
  }
  absl::StatusOr<v1::Domain> Verb(void (ManagerImpl::*method)(const Caller&, v1::DomainVerbRequest, Done<v1::Domain>),
                                  const std::string& name) {
    return Call<v1::Domain>(method, VerbRequest(name));
  }
  absl::StatusOr<v1::Domain> Get(const std::string& name, v1::DomainView view = v1::DOMAIN_VIEW_UNSPECIFIED) const {
    v1::GetDomainRequest request;
    request.set_name(Name(name));
    request.set_view(view);
    return manager->GetDomain(Caller(), request);
  }
  v1::ListDomainsResponse List(const v1::ListDomainsRequest& request) const {
    absl::StatusOr<std::string> bytes = manager->ListDomains(Caller(), request);
    v1::ListDomainsResponse response;
    if (!bytes.ok() || !response.ParseFromString(*bytes))
      throw std::runtime_error("list: " + bytes.status().ToString());
    return response;
  }
  // Waits until what guests did is in the state.
  void Settle() { (void)Call<v1::Domain>(&ManagerImpl::DestroyDomain, VerbRequest("no such domain")); }
  // Waits until the queue of a domain is empty.
  void Settle(const std::string& name) {
    v1::StartDomainRequest request;
    request.set_name(Name(name));
    request.set_validate_only(true);
    (void)Call<v1::Domain>(&ManagerImpl::StartDomain, request);
  }

  // All messages from a revision on, up to the present.
  std::vector<v1::WatchResponse> Replay(int64_t start, v1::WatchRequest request = {},
                                        const Caller& watcher = {}) {
    request.set_start_revision(start);
    request.set_until_current(true);
    absl::StatusOr<std::unique_ptr<Subscription>> subscription = manager->Watch(watcher, request, [] {});
    if (!subscription.ok()) throw std::runtime_error(subscription.status().ToString());
    std::vector<v1::WatchResponse> messages;
    while (!(*subscription)->finished()) {
      absl::StatusOr<SharedMessage> message = (*subscription)->Next();
      if (!message.ok()) throw std::runtime_error(message.status().ToString());
      if (*message == nullptr) continue;
      v1::WatchResponse& parsed = messages.emplace_back();
      if (!parsed.ParseFromString(**message)) throw std::runtime_error("a message cannot be parsed");
    }
    return messages;
  }
  // The newest event.
  v1::Event LastEvent() {
    const std::vector<v1::WatchResponse> messages = Replay(manager->Summary().revision);
    return messages.empty() ? v1::Event() : messages.back().events(0);
  }

  TemporaryDirectory directory;
  util::FakeClock clock;
  util::FakeTimers timers{&clock};
  std::shared_ptr<FakeDriver> driver = std::make_shared<FakeDriver>();
  std::string identity = "unix:alice(1000)";
  auth::Access::Pointer access = auth::Access::Everything();  // of changes
  Options options;
  std::unique_ptr<ManagerImpl> manager;
};

}  // namespace reeve::state
