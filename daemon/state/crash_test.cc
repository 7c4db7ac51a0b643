// kill -9 at every step of every kind of change, then a restart, then a check of each promise.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <sstream>

#include "daemon/state/fixture.h"

namespace reeve::state {
namespace {

// What the child does; after each answer it tells the parent. It dies at step number `fatal`.
void RunChild(Fixture& fixture, int fatal, int acknowledgements) {
  int steps = 0;
  const auto step = [&steps, fatal] {
    if (++steps == fatal) ::raise(SIGKILL);
  };
  fixture.options.step_hook = [step](absl::string_view) { step(); };
  fixture.driver->step = [step](const std::string&) { step(); };
  fixture.Open();
  const auto tell = [acknowledgements](const std::string& what, const absl::StatusOr<v1::Domain>& domain) {
    if (!domain.ok()) ::_exit(3);
    std::ostringstream line;
    line << what << " " << domain->revision() << " " << domain->status().state() << "\n";
    const std::string text = line.str();
    if (::write(acknowledgements, text.data(), text.size()) < 0) ::_exit(4);
  };
  v1::CreateDomainRequest create = Fixture::CreateRequest("web1");
  create.set_request_id("create-1");
  tell("web1", fixture.Call<v1::Domain>(&ManagerImpl::CreateDomain, create));
  tell("web1", fixture.Start("web1"));
  tell("web1", fixture.Update("web1", "changed"));
  tell("web1", fixture.Verb(&ManagerImpl::DestroyDomain, "web1"));
  tell("job", fixture.Create("job", /*transient=*/true));
  if (!fixture.Delete("web1").ok()) ::_exit(5);
  ::_exit(0);
}

}  // namespace

TEST_CASE("killed at any step: what was acknowledged is there, the journal has no hole, state and guests agree") {
  bool killed = true;
  int fatal = 0;
  while (killed) {
    ++fatal;
    INFO("killed at step " << fatal);
    Fixture fixture;
    const std::string guests = fixture.directory.path() + "/guests";
    std::filesystem::create_directory(guests);
    fixture.driver = std::make_shared<FakeDriver>("test", guests);
    fixture.Reset();
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(pipe[0]);
      RunChild(fixture, fatal, pipe[1]);
    }
    ::close(pipe[1]);
    std::string told;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(pipe[0], buffer, sizeof buffer)) > 0;) told.append(buffer, n);
    ::close(pipe[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    killed = WIFSIGNALED(status);
    if (!killed) REQUIRE(WEXITSTATUS(status) == 0);

    fixture.Open();
    const int64_t newest = fixture.manager->Summary().revision;
    // Reliable: no acknowledged revision is lost.
    std::istringstream lines(told);
    std::string name;
    int64_t revision = 0;
    int state = 0;
    int64_t acknowledged = 0;
    std::map<int64_t, int> states;
    while (lines >> name >> revision >> state) {
      acknowledged = revision;
      states[revision] = state;
    }
    CHECK(newest >= acknowledged);
    // Ordered, unique, atomic, resumable: the journal is whole and ends in the present state.
    const auto messages = fixture.Replay(1);
    REQUIRE(messages.size() == static_cast<size_t>(newest));
    std::map<std::string, v1::DomainState> last;
    for (size_t i = 0; i < messages.size(); ++i) {
      REQUIRE(messages[i].revision() == static_cast<int64_t>(i) + 1);
      REQUIRE(messages[i].events_size() == 1);
      const v1::Event& event = messages[i].events(0);
      if (states.count(messages[i].revision()) != 0) {
        CHECK(event.domain().status().state() == states[messages[i].revision()]);
      }
      const bool gone =
          (event.type() == v1::EVENT_TYPE_UNDEFINED && event.domain().status().state() == v1::DOMAIN_STATE_SHUTOFF) ||
          (event.type() == v1::EVENT_TYPE_STOPPED && !event.domain().status().persistent());
      last[event.domain().name()] = event.domain().status().state();
      if (gone) last.erase(event.domain().name());
    }
    v1::ListDomainsRequest all;
    all.set_parent("hypervisors/-");
    const auto list = fixture.List(all);
    CHECK(static_cast<size_t>(list.domains_size()) == last.size());
    size_t running = 0;
    for (const v1::Domain& domain : list.domains()) {
      CHECK(last.at(domain.name()) == domain.status().state());
      const bool runs = domain.status().state() == v1::DOMAIN_STATE_RUNNING;
      running += runs ? 1 : 0;
      CHECK(runs == fixture.driver->Runs(domain.name().substr(domain.name().rfind('/') + 1)));
    }
    CHECK(running == fixture.driver->guests());
    // The id of an acknowledged call gives the stored answer, of one that was not it is done once.
    if (fixture.Get("web1").ok() || acknowledged == 0) {
      v1::CreateDomainRequest create = Fixture::CreateRequest("web1");
      create.set_request_id("create-1");
      const auto again = fixture.Call<v1::Domain>(&ManagerImpl::CreateDomain, create);
      REQUIRE(again.ok());
      CHECK(again->revision() == 1);
    }
  }
  CHECK(fatal > 25);
}

}  // namespace reeve::state
