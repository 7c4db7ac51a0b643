// Commands from their words to their output, against a daemon of a few lines.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/context.h"
#include "cli/runner.h"
#include "cli/test_user.h"
#include "client/fake_daemon.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

using client::FakeDaemon;
using User = TestUser;

v1::Domain MakeDomain(const std::string& name, v1::DomainState state, int64_t id) {
  v1::Domain domain;
  domain.set_name("hypervisors/test/domains/" + name);
  domain.set_uid("6b3e9f0c-7b43-4c0e-9d0a-0d2b54c3f1aa");
  domain.mutable_spec()->set_title("Title of " + name);
  domain.mutable_status()->set_state(state);
  domain.mutable_status()->set_reason(id == 0 ? v1::DOMAIN_STATE_REASON_DESTROYED : v1::DOMAIN_STATE_REASON_BOOTED);
  domain.mutable_status()->set_id(id);
  domain.mutable_status()->set_persistent(true);
  return domain;
}

// Three domains, and the errors of a real daemon.
void Populate(FakeDaemon* daemon) {
  daemon->On<v1::ListDomainsRequest, v1::ListDomainsResponse>(
      methods::kListDomains, [](const v1::ListDomainsRequest& request, v1::ListDomainsResponse* response) {
        const v1::Domain domains[] = {MakeDomain("db", v1::DOMAIN_STATE_SHUTOFF, 0),
                                      MakeDomain("web1", v1::DOMAIN_STATE_RUNNING, 42),
                                      MakeDomain("web2", v1::DOMAIN_STATE_PAUSED, 7)};
        // Two pages.
        const size_t first = request.page_token().empty() ? 0 : 2;
        for (size_t i = first; i < (first == 0 ? 2 : 3); ++i) {
          const bool wanted = request.states().empty() || std::count(request.states().begin(), request.states().end(),
                                                                     domains[i].status().state()) > 0;
          if (wanted) *response->add_domains() = domains[i];
        }
        if (first == 0) response->set_next_page_token("2");
        response->set_revision(17);
        return absl::OkStatus();
      });
  daemon->On<v1::GetDomainRequest, v1::Domain>(
      methods::kGetDomain, [](const v1::GetDomainRequest& request, v1::Domain* domain) {
        if (request.name() == "hypervisors/test/domains/web1" || request.name() == "hypervisors/test/domains/id:42") {
          *domain = MakeDomain("web1", v1::DOMAIN_STATE_RUNNING, 42);
          return absl::OkStatus();
        }
        if (request.name() == "hypervisors/test/domains/99") {
          *domain = MakeDomain("99", v1::DOMAIN_STATE_SHUTOFF, 0);
          return absl::OkStatus();
        }
        return Error(v1::REASON_DOMAIN_NOT_FOUND, absl::StrCat("no domain ", request.name()));
      });
  daemon->On<v1::DomainVerbRequest, v1::Domain>(
      methods::kSuspendDomain, [](const v1::DomainVerbRequest& request, v1::Domain* domain) {
        if (request.name() != "hypervisors/test/domains/web1") {
          return Error(v1::REASON_DOMAIN_STATE, absl::StrCat("suspend ", request.name(), ": it is shut off"),
                       {{"state", "shut off"}});
        }
        *domain = MakeDomain("web1", v1::DOMAIN_STATE_PAUSED, 42);
        return absl::OkStatus();
      });
}

TEST_CASE("list shows running domains by id, then the others by name") {
  FakeDaemon daemon;
  Populate(&daemon);
  daemon.Start();
  User user(daemon.uri());
  CHECK(user.Run("list") == kExitOk);
  CHECK(user.out() ==
        " Id   Name   State\n"
        "----------------------\n"
        " 7    web2   paused\n"
        " 42   web1   running\n\n");
  CHECK(user.Run("list --all --title") == kExitOk);
  CHECK(user.out() ==
        " Id   Name   State      Title\n"
        "---------------------------------------\n"
        " 7    web2   paused     Title of web2\n"
        " 42   web1   running    Title of web1\n"
        " -    db     shut off   Title of db\n\n");
  CHECK(user.Run("list --inactive --name") == kExitOk);
  CHECK(user.out() == "db\n\n");
  CHECK(user.Run("list --state-paused --id --name") == kExitOk);
  CHECK(user.out() == "7 web2\n\n");
  CHECK(user.Run("list --all --transient") == kExitOk);
  CHECK(user.out() == " Id   Name   State\n--------------------\n\n");
}

TEST_CASE("list as JSON has the fields of the API") {
  FakeDaemon daemon;
  Populate(&daemon);
  daemon.Start();
  User user(daemon.uri());
  CHECK(user.Run("list --all -o json") == kExitOk);
  CHECK_THAT(user.out(), Catch::StartsWith("{"));
  CHECK_THAT(user.out(), Catch::Contains("\"state\": \"DOMAIN_STATE_RUNNING\""));
  CHECK_THAT(user.out(), Catch::Contains("\"revision\": \"17\""));
  CHECK(user.Run("list --inactive") == kExitOk);  // the option was for one command
  CHECK_THAT(user.out(), Catch::StartsWith(" Id"));
}

TEST_CASE("a domain is known by name, id and number for a name") {
  FakeDaemon daemon;
  Populate(&daemon);
  daemon.Start();
  User user(daemon.uri());
  CHECK(user.Run("domstate web1 --reason") == kExitOk);
  CHECK(user.out() == "running (booted)\n\n");
  CHECK(user.Run("domname 42") == kExitOk);
  CHECK(user.out() == "web1\n\n");
  CHECK(user.Run("domname 99") == kExitOk);
  CHECK(user.out() == "99\n\n");
  CHECK(user.Run("domid web1; domuuid web1") == kExitOk);
  CHECK(user.out() == "42\n\n6b3e9f0c-7b43-4c0e-9d0a-0d2b54c3f1aa\n\n");
  CHECK(user.Run("suspend 42") == kExitOk);
  CHECK(user.out() == "Domain 'web1' suspended\n\n");
}

TEST_CASE("errors read as virsh's and give the exit code") {
  FakeDaemon daemon;
  Populate(&daemon);
  daemon.Start();
  User user(daemon.uri());
  CHECK(user.Run("dominfo nobody") == kExitFailed);
  CHECK(user.error() == "error: failed to get domain 'nobody'\nerror: no domain hypervisors/test/domains/nobody\n");
  CHECK(user.out().empty());
  CHECK(user.Run("suspend db") == kExitFailed);
  CHECK(user.error() ==
        "error: Failed to suspend domain 'db'\nerror: suspend hypervisors/test/domains/db: it is shut off\n");
  CHECK(user.Run("suspend db -o json") == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("\"reason\":\"DOMAIN_STATE\"") && Catch::Contains("\"code\":9"));
  CHECK(user.Run("dominfo ''") == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("the domain's name is empty"));
  CHECK(user.Run("domstate 'a\x1b[2J'") == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("\\x1b[2J") && !Catch::Contains("\x1b"));
}

TEST_CASE("usage errors name the command and its help") {
  User user("test:///default?socket=/nonexistent");
  CHECK(user.Run("nonsense") == kExitUsage);
  CHECK(user.error() == "error: unknown command: 'nonsense'\nsee: reeve help\n");
  CHECK(user.Run("dominfo") == kExitUsage);
  CHECK_THAT(user.error(), Catch::StartsWith("error: dominfo: ") && Catch::EndsWith("see: reeve help dominfo\n"));
  CHECK(user.Run("start 'x") == kExitUsage);
  CHECK(user.Run("help start") == kExitOk);
  CHECK(user.Run("list --help") == kExitOk);
  CHECK_THAT(user.out(), Catch::Contains("SYNOPSIS"));
}

TEST_CASE("no daemon, or a wrong URI, is told once and has its own exit code") {
  User user("test:///default?socket=/nonexistent");
  CHECK(user.Run("list") == kExitCannotConnect);
  CHECK(user.error() == "error: cannot connect to /nonexistent: No such file or directory; is reeved running?\n");
  User other("test://");
  CHECK(other.Run("list") == kExitCannotConnect);
  CHECK_THAT(other.error(), Catch::Contains("try test:///default"));
}

TEST_CASE("several commands run, and the first failure is the exit code") {
  FakeDaemon daemon;
  Populate(&daemon);
  daemon.Start();
  User user(daemon.uri());
  CHECK(user.Run("domstate nobody; domstate web1; nonsense") == kExitFailed);
  CHECK(user.out() == "running\n\n");
  CHECK(user.Run("domid web1; quit; domid web1") == kExitOk);
  CHECK(user.out() == "42\n\n");
}

TEST_CASE("a read-only user's changes are refused") {
  FakeDaemon daemon;
  Populate(&daemon);
  daemon.Start();
  GlobalOptions options;
  options.read_only = true;
  User user(daemon.uri(), options);
  CHECK(user.Run("suspend web1") == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("the connection is read-only"));
  CHECK(user.Run("domstate web1") == kExitOk);
}

TEST_CASE("quiet leaves headings and messages out") {
  FakeDaemon daemon;
  Populate(&daemon);
  daemon.Start();
  GlobalOptions options;
  options.quiet = true;
  User user(daemon.uri(), options);
  CHECK(user.Run("list; suspend web1") == kExitOk);
  CHECK(user.out() == " 7    web2   paused\n 42   web1   running\n");
}

TEST_CASE("events are printed up to the end of what is asked for") {
  FakeDaemon daemon;
  Populate(&daemon);
  v1::WatchRequest seen;
  daemon.OnStream(methods::kWatch.path, [&seen](const std::string* message, const FakeDaemon::StreamControl& control) {
    if (message == nullptr) return;
    seen.ParseFromString(*message);
    v1::WatchResponse response;
    response.set_revision(18);
    v1::Event* event = response.add_events();
    event->set_type(v1::EVENT_TYPE_STARTED);
    event->set_detail(v1::EVENT_DETAIL_STARTED_BOOTED);
    *event->mutable_domain() = MakeDomain("web1", v1::DOMAIN_STATE_RUNNING, 42);
    control.send(response.SerializeAsString());
    if (seen.until_current()) control.finish(absl::OkStatus());
  });
  daemon.Start();
  User user(daemon.uri());
  CHECK(user.Run("event --event lifecycle") == kExitOk);
  CHECK(user.out() == "event 'lifecycle' for domain 'web1': Started Booted\nevents received: 1\n\n");
  CHECK(seen.start_revision() == 18);  // behind what the list showed
  CHECK(seen.parent() == "hypervisors/test");
  CHECK(user.Run("event web1 --from 18") == kExitOk);
  CHECK(user.out() == "18: event 'lifecycle' for domain 'web1': Started Booted\nevents received: 1\nrevision: 18\n\n");
  CHECK(seen.parent() == "hypervisors/test/domains/web1");
  CHECK(user.Run("event --loop --timeout 0.05") == kExitOk);
  CHECK_THAT(user.out(), Catch::Contains("event loop timed out\nevents received: 1\n"));
  CHECK(user.Run("event --from 18 -o json") == kExitOk);
  CHECK_THAT(user.out(), Catch::StartsWith("{\"revision\":\"18\",\"events\":[{\"type\":\"EVENT_TYPE_STARTED\""));
  CHECK(user.Run("event --from x") == kExitFailed);
  CHECK(user.Run("event --event nonsense") == kExitUsage);
}

TEST_CASE("an event stream that is too old says from where it can begin") {
  FakeDaemon daemon;
  Populate(&daemon);
  daemon.OnStream(methods::kWatch.path, [](const std::string* message, const FakeDaemon::StreamControl& control) {
    if (message == nullptr) return;
    v1::WatchResponse response;
    response.mutable_compacted()->set_oldest_revision(900);
    control.send(response.SerializeAsString());
    control.finish(Error(v1::REASON_REVISION_COMPACTED, "revision 3 is no longer kept"));
  });
  daemon.Start();
  User user(daemon.uri());
  CHECK(user.Run("event --from 3 --loop") == kExitFailed);
  CHECK_THAT(user.error(),
             Catch::Contains("the events of revisions 3 to 899 are lost: the daemon keeps them from 900 on") &&
                 Catch::Contains("error: revision 3 is no longer kept"));
}

TEST_CASE("a saved domain's operation is followed to its end") {
  FakeDaemon daemon;
  int asked = 0;
  daemon.On<v1::DomainVerbRequest, v1::Operation>(methods::kSaveDomain, [](const auto&, v1::Operation* operation) {
    operation->set_name("operations/7");
    operation->set_verb("domain.save");
    return absl::OkStatus();
  });
  daemon.On<v1::WaitOperationRequest, v1::Operation>(
      methods::kWaitOperation, [&asked](const auto& request, v1::Operation* operation) {
        operation->set_name(request.name());
        operation->set_verb("domain.save");
        operation->set_target("hypervisors/test/domains/web1");
        operation->set_phase("memory");
        operation->set_percent(++asked * 25);
        if (asked < 4) return absl::OkStatus();
        operation->set_done(true);
        if (asked > 4) *operation->mutable_error() = ToRpcStatus(Error(v1::REASON_OPERATION_CANCELLED, "cancelled"));
        return absl::OkStatus();
      });
  daemon.Start();
  User user(daemon.uri());
  CHECK(user.Run("managedsave web1") == kExitOk);
  CHECK(user.out() == "Domain 'web1' state saved\n\n");
  CHECK_THAT(user.error(), Catch::Contains("domain.save: memory 50 %\n"));
  CHECK(user.Run("managedsave web1") == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("error: Failed to save domain 'web1' state\nerror: cancelled\n"));
}

TEST_CASE("completion knows commands, options and names") {
  FakeDaemon daemon;
  Populate(&daemon);
  daemon.Start();
  User user(daemon.uri());
  using Words = std::vector<std::string>;
  CHECK(Complete(user.context(), {"dominf"}, false) == Words{"dominfo"});
  CHECK(Complete(user.context(), {"domstate", "w"}, false) == Words{"web1", "web2"});
  CHECK(Complete(user.context(), {"start", ""}, false) == Words{"db"});
  CHECK(Complete(user.context(), {"start", "db", ""}, false).empty());
  CHECK(Complete(user.context(), {"list", "--state-p"}, false) == Words{"--state-paused"});
  CHECK(Complete(user.context(), {"operation", ""}, false) == Words{"cancel", "list", "show", "wait"});
  CHECK(Complete(user.context(), {"event", "--event", "l"}, false) == Words{"lifecycle"});
  CHECK(Complete(user.context(), {"test", "end", "web1", "c"}, false) == Words{"crash"});
  CHECK(Complete(user.context(), {"start", "--domain=d"}, false) == Words{"--domain=db"});
  CHECK(Complete(user.context(), {"nonsense", "x", ""}, false).empty());
  // As bash asks.
  User fresh("");
  CHECK(Complete(fresh.context(), {"-c", daemon.uri(), "-q", "dominfo", "web"}, true) == Words{"web1", "web2"});
  CHECK(Complete(fresh.context(), {"--out"}, true) == Words{"--output"});
  CHECK(Complete(fresh.context(), {"-o", "j"}, true) == Words{"json"});
  CHECK(Complete(fresh.context(), {}, true).size() > 30);
}

TEST_CASE("a console is followed until the guest ends") {
  FakeDaemon daemon;
  v1::OpenConsole opened;
  daemon.OnStream(methods::kAttachConsole.path,
                  [&opened](const std::string* message, const FakeDaemon::StreamControl& control) {
                    if (message == nullptr) return;
                    v1::AttachConsoleRequest request;
                    request.ParseFromString(*message);
                    opened = request.open();
                    v1::AttachConsoleResponse response;
                    response.mutable_opened()->set_domain("hypervisors/test/domains/web1");
                    control.send(response.SerializeAsString());
                    response.set_output("hello\r\n");
                    control.send(response.SerializeAsString());
                    response.set_output("again\r\n");
                    response.set_lost_bytes(5);
                    control.send(response.SerializeAsString());
                    response.mutable_closed()->set_reason("the domain has ended");
                    control.send(response.SerializeAsString());
                    control.finish(absl::OkStatus());
                  });
  daemon.Start();
  REQUIRE(std::freopen("/dev/null", "r", stdin) != nullptr);
  User user(daemon.uri());
  CHECK(user.Run("console web1 --force --number 2") == kExitOk);
  CHECK(user.out() == "hello\r\n\r\n[5 bytes lost]\r\nagain\r\n");
  CHECK(user.error() == "Connected to domain 'web1'\n");
  CHECK(opened.domain() == "hypervisors/test/domains/web1");
  CHECK(opened.force());
  CHECK(opened.console() == 2);
  CHECK(user.Run("console web1 --number x") == kExitUsage);
}

// A daemon with one domain whose XML can be edited.
void AddEditable(FakeDaemon* daemon, v1::UpdateDomainRequest* seen, absl::Status answer) {
  Populate(daemon);
  daemon->On<v1::ExportDomainRequest, v1::Document>(
      methods::kExportDomainWithSecrets, [](const auto& request, v1::Document* document) {
        document->set_format(v1::Document::FORMAT_LIBVIRT_XML);
        document->set_text(request.inactive() ? "<domain>old</domain>\n" : "<domain>running</domain>\n");
        return absl::OkStatus();
      });
  daemon->On<v1::UpdateDomainRequest, v1::Domain>(
      methods::kUpdateDomain, [seen, answer](const v1::UpdateDomainRequest& request, v1::Domain* domain) {
        *seen = request;
        *domain = MakeDomain("web1", v1::DOMAIN_STATE_RUNNING, 42);
        return answer;
      });
}

TEST_CASE("edit sends what the editor made, with the etag") {
  FakeDaemon daemon;
  v1::UpdateDomainRequest seen;
  AddEditable(&daemon, &seen, absl::OkStatus());
  daemon.Start();
  User user(daemon.uri());
  ::unsetenv("VISUAL");
  ::setenv("EDITOR", "sed -i s/old/new/", 1);
  CHECK(user.Run("edit web1") == kExitOk);
  CHECK(user.out() == "Domain 'web1' XML configuration edited.\n\n");
  CHECK(seen.document().text() == "<domain>new</domain>\n");
  CHECK(seen.parent() == "hypervisors/test");
  CHECK_FALSE(seen.allow_missing());

  seen.Clear();
  ::setenv("EDITOR", "true", 1);
  CHECK(user.Run("edit web1") == kExitOk);
  CHECK(user.out() == "Domain 'web1' XML configuration not changed.\n\n");
  CHECK_FALSE(seen.has_document());

  ::setenv("EDITOR", "exit 3;", 1);
  CHECK(user.Run("edit web1") == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("the editor 'exit 3;' ended with code 3"));
  CHECK_FALSE(seen.has_document());
}

TEST_CASE("what edit cannot store is not lost") {
  FakeDaemon daemon;
  v1::UpdateDomainRequest seen;
  AddEditable(&daemon, &seen, Error(v1::REASON_ETAG_MISMATCH, "update web1: it was changed meanwhile"));
  daemon.Start();
  User user(daemon.uri());
  ::unsetenv("VISUAL");
  ::setenv("EDITOR", "sed -i s/old/new/", 1);
  REQUIRE(std::freopen("/dev/null", "r", stdin) != nullptr);
  CHECK(user.Run("edit web1") == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("error: update web1: it was changed meanwhile\n"));
  const std::string marker = "Your text is kept in ";
  const size_t start = user.error().find(marker);
  REQUIRE(start != std::string::npos);
  const std::string path =
      user.error().substr(start + marker.size(), user.error().find('\n', start) - start - marker.size());
  CHECK(::unlink(path.c_str()) == 0);
}

TEST_CASE("define takes several files, and says which is bad") {
  FakeDaemon daemon;
  v1::UpdateDomainRequest seen;
  AddEditable(&daemon, &seen, absl::OkStatus());
  daemon.Start();
  User user(daemon.uri());
  char good[] = "/tmp/reeve-good-XXXXXX";
  char bad[] = "/tmp/reeve-bad-XXXXXX";
  const int good_fd = ::mkstemp(good);
  const int bad_fd = ::mkstemp(bad);
  REQUIRE(::write(good_fd, "<domain/>", 9) == 9);
  REQUIRE(::write(bad_fd, "\xff\xfe", 2) == 2);
  ::close(good_fd);
  ::close(bad_fd);
  CHECK(user.Run(absl::StrCat("define /nonexistent ", bad, " ", good)) == kExitFailed);
  CHECK(user.out() == absl::StrCat("Domain 'web1' defined from ", good, "\n\n"));
  CHECK_THAT(user.error(), Catch::Contains("cannot open /nonexistent: No such file or directory") &&
                               Catch::Contains("it is not UTF-8 text"));
  CHECK(seen.allow_missing());
  CHECK_FALSE(seen.request_id().empty());
  CHECK(user.Run(absl::StrCat("define --check ", good)) == kExitOk);
  CHECK(seen.validate_only());
  CHECK(user.Run("define /dev/zero") == kExitFailed);
  CHECK_THAT(user.error(), Catch::Contains("larger than 1 MiB"));
  ::unlink(good);
  ::unlink(bad);
}

TEST_CASE("a result that cannot be written fails the command") {
  FakeDaemon daemon;
  Populate(&daemon);
  daemon.Start();
  auto interrupt = Interrupt::Create();
  FILE* full = std::fopen("/dev/full", "w");
  REQUIRE(full != nullptr);
  FILE* null = std::fopen("/dev/null", "w");
  Output output(full, null, false, false);
  GlobalOptions options;
  options.uri = daemon.uri();
  Context context(options, &AllCommands(), &output, interrupt->get());
  CHECK(RunText(context, "list") == kExitFailed);
  std::fclose(full);
  std::fclose(null);
}

}  // namespace
}  // namespace reeve::cli
