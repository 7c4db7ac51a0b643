// Real containers: life and end.
#include "drivers/lxc/lxc_driver.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "drivers/lxc/testdata/test_host.h"
#include "proto/status.h"
#include "util/files.h"

namespace reeve::lxc {
namespace {

using drivers::DomainKey;
using drivers::GuestExit;
using drivers::RunningGuest;

RunningGuest MustStart(TestHost* host, const DomainKey& key, const v1::DomainSpec& spec, bool paused = false) {
  absl::StatusOr<RunningGuest> guest = host->driver()->Start(key, spec, paused);
  INFO(guest.status());
  REQUIRE(guest.ok());
  return *guest;
}

std::unique_ptr<drivers::Console> MustAttach(TestHost* host, const DomainKey& key, ConsoleText* text,
                                             drivers::ConsoleOptions options = {}) {
  auto console = host->driver()->OpenConsole(key, options, text->Reader());
  INFO(console.status());
  REQUIRE(console.ok());
  return *std::move(console);
}

TEST_CASE("a guest that exits with code 0 has shut down by itself and leaves nothing") {
  TestHost host;
  const HostState before = host.State();
  MustStart(&host, host.Key("a"), host.Spec({"exit", "0"}));
  const auto [key, exit] = host.observer()->AwaitExit();
  CHECK(key.uid == host.Key("a").uid);
  CHECK(key.run == 1);
  CHECK(exit.reason == v1::DOMAIN_STATE_REASON_SHUTDOWN);
  CHECK(exit.detail == v1::EVENT_DETAIL_STOPPED_SHUTDOWN);
  CHECK(exit.cause == v1::EVENT_CAUSE_GUEST);
  CHECK(exit.status.code() == 0);
  CHECK(exit.status.time().seconds() > 0);
  host.AwaitState(before);
}

TEST_CASE("exit codes, crashes and power-off are told apart") {
  TestHost host;
  SECTION("an exit code") {
    MustStart(&host, host.Key("a"), host.Spec({"exit", "3"}));
    const GuestExit exit = host.observer()->AwaitExit().second;
    CHECK(exit.detail == v1::EVENT_DETAIL_STOPPED_CRASHED);
    CHECK(exit.cause == v1::EVENT_CAUSE_CRASH);
    CHECK(exit.status.code() == 3);
    CHECK(exit.message == "init exited with code 3");
  }
  SECTION("a crash") {
    MustStart(&host, host.Key("a"), host.Spec({"crash"}));
    const GuestExit exit = host.observer()->AwaitExit().second;
    CHECK(exit.detail == v1::EVENT_DETAIL_STOPPED_CRASHED);
    CHECK(exit.cause == v1::EVENT_CAUSE_CRASH);
    CHECK(exit.status.signal() != 0);
  }
  SECTION("power-off") {
    MustStart(&host, host.Key("a"), host.Spec({"poweroff"}));
    const GuestExit exit = host.observer()->AwaitExit().second;
    CHECK(exit.detail == v1::EVENT_DETAIL_STOPPED_SHUTDOWN);
    CHECK(exit.cause == v1::EVENT_CAUSE_GUEST);
  }
  SECTION("a kill from outside") {
    const RunningGuest guest = MustStart(&host, host.Key("a"), host.Spec({"wait"}));
    REQUIRE(kill(static_cast<pid_t>(guest.id), SIGKILL) == 0);
    const GuestExit exit = host.observer()->AwaitExit().second;
    CHECK(exit.detail == v1::EVENT_DETAIL_STOPPED_CRASHED);
    CHECK(exit.cause == v1::EVENT_CAUSE_EXTERNAL);
    CHECK(exit.status.signal() == SIGKILL);
    CHECK(exit.message == "init was killed by signal 9 (SIGKILL)");
  }
  SECTION("want of memory") {
    v1::DomainSpec spec = host.Spec({"memory"});
    spec.set_memory_kib(16 * 1024);
    MustStart(&host, host.Key("a"), spec);
    const GuestExit exit = host.observer()->AwaitExit().second;
    CHECK(exit.reason == v1::DOMAIN_STATE_REASON_OUT_OF_MEMORY);
    CHECK(exit.detail == v1::EVENT_DETAIL_STOPPED_OUT_OF_MEMORY);
    CHECK(exit.cause == v1::EVENT_CAUSE_OUT_OF_MEMORY);
  }
}

TEST_CASE("the end of the supervisor ends the guest, and says how") {
  TestHost host;
  const HostState before = host.State();
  const RunningGuest guest = MustStart(&host, host.Key("a"), host.Spec({"wait"}));
  REQUIRE(kill(static_cast<pid_t>(guest.supervisor_pid), SIGKILL) == 0);
  const GuestExit exit = host.observer()->AwaitExit().second;
  CHECK(exit.reason == v1::DOMAIN_STATE_REASON_SUPERVISOR_LOST);
  CHECK(exit.detail == v1::EVENT_DETAIL_STOPPED_FAILED);
  CHECK(exit.cause == v1::EVENT_CAUSE_EXTERNAL);
  CHECK(absl::StrContains(exit.message, "signal 9 (SIGKILL)"));
  host.AwaitState(before);
  CHECK(kill(static_cast<pid_t>(guest.id), 0) < 0);
}

TEST_CASE("shutdown asks, and the end counts as asked for whatever the code") {
  TestHost host;
  SECTION("with SIGTERM by default") {
    MustStart(&host, host.Key("a"), host.Spec({"stubborn"}));
    ConsoleText text;
    const auto console = MustAttach(&host, host.Key("a"), &text);
    text.AwaitText("stubborn");
    REQUIRE(host.driver()->Shutdown(host.Key("a"), {}).ok());
    const GuestExit exit = host.observer()->AwaitExit().second;
    CHECK(exit.detail == v1::EVENT_DETAIL_STOPPED_SHUTDOWN);
    CHECK(exit.cause == v1::EVENT_CAUSE_USER);
    CHECK(exit.status.code() == 7);
  }
  SECTION("with the signal of the specification") {
    v1::DomainSpec spec = host.Shell("trap 'echo asked; exit 5' USR1; echo up; while :; do sleep 0.01; done");
    spec.mutable_shutdown_signals()->set_shutdown("SIGUSR1");
    MustStart(&host, host.Key("a"), spec);
    ConsoleText text;
    const auto console = MustAttach(&host, host.Key("a"), &text);
    text.AwaitText("up");
    REQUIRE(host.driver()->Shutdown(host.Key("a"), {}).ok());
    CHECK(host.observer()->AwaitExit().second.detail == v1::EVENT_DETAIL_STOPPED_SHUTDOWN);
    text.AwaitText("asked");
  }
}

TEST_CASE("guest and supervisor are in groups of their own, apart from the daemon") {
  TestHost host;
  const RunningGuest guest = MustStart(&host, host.Key("a"), host.Shell("sleep 1000"));
  const auto groups_of = [](int64_t pid) { return *util::ReadFile(absl::StrCat("/proc/", pid, "/cgroup")); };
  const std::vector<std::string> ours = absl::StrSplit(groups_of(getpid()), '\n', absl::SkipEmpty());
  const std::vector<std::string> guests = absl::StrSplit(groups_of(guest.id), '\n', absl::SkipEmpty());
  const std::vector<std::string> supervisors = absl::StrSplit(groups_of(guest.supervisor_pid), '\n', absl::SkipEmpty());
  REQUIRE(supervisors.size() == ours.size());
  REQUIRE(guests.size() == ours.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    INFO(supervisors[i] << ", " << guests[i]);
    // systemd's hierarchies are where the supervisor has a group; in those of controllers it is with the daemon.
    const bool managed = absl::StartsWith(ours[i], "0::") || absl::StrContains(ours[i], ":name=systemd:");
    CHECK(absl::EndsWith(supervisors[i], ".supervisor") == managed);
    if (!managed) CHECK(supervisors[i] == ours[i]);
    // Of the guest, those of controllers that it does not use stay as they are.
    CHECK((absl::EndsWith(guests[i], ".domain") || guests[i] == supervisors[i]));
    if (absl::StartsWith(ours[i], "0::")) CHECK(absl::EndsWith(guests[i], ".domain"));
  }
  REQUIRE(host.driver()->Destroy(host.Key("a")).ok());
}

TEST_CASE("destroy ends all at once and is reported once") {
  TestHost host;
  const HostState before = host.State();
  const RunningGuest guest = MustStart(&host, host.Key("a"), host.Shell("sleep 1000 & sleep 1000 & wait"));
  SECTION("running") {}
  SECTION("frozen") {
    REQUIRE(host.driver()->Suspend(host.Key("a")).ok());
  }
  SECTION("with a supervisor that stands still") {
    REQUIRE(kill(static_cast<pid_t>(guest.supervisor_pid), SIGSTOP) == 0);
  }
  absl::StatusOr<GuestExit> exit = host.driver()->Destroy(host.Key("a"));
  REQUIRE(exit.ok());
  CHECK(exit->reason == v1::DOMAIN_STATE_REASON_DESTROYED);
  CHECK(exit->detail == v1::EVENT_DETAIL_STOPPED_DESTROYED);
  CHECK(exit->cause == v1::EVENT_CAUSE_USER);
  CHECK(kill(static_cast<pid_t>(guest.id), 0) < 0);
  CHECK(Difference(before, host.State()) == std::vector<std::string>());
  host.AwaitState(before);  // a thread of the driver may let go of a descriptor a moment later
  CHECK(ReasonOf(host.driver()->Destroy(host.Key("a")).status()) == v1::REASON_DOMAIN_STATE);
  CHECK(host.observer()->exits() == 0);
}

TEST_CASE("a suspended guest stands still, a resumed one goes on") {
  TestHost host;
  const DomainKey key = host.Key("a");
  MustStart(&host, key, host.Spec({"count"}));
  ConsoleText text;
  const auto console = MustAttach(&host, key, &text);
  text.AwaitText("20\r\n");
  REQUIRE(host.driver()->Suspend(key).ok());
  // The kernel calls a group frozen a moment before the last process leaves its CPU (cgroup_enter_frozen); one that
  // runs uses some in every millisecond.
  const absl::Time patience = absl::Now() + absl::Seconds(10);
  bool still = false;
  while (!still && absl::Now() < patience) {
    const uint64_t used = host.driver()->Sample(key)->cpu_time_ns();
    for (const absl::Time until = absl::Now() + absl::Milliseconds(50); absl::Now() < until;) sched_yield();
    still = host.driver()->Sample(key)->cpu_time_ns() == used;
  }
  CHECK(still);
  const size_t size = text.size();
  REQUIRE(host.driver()->Resume(key).ok());
  for (const absl::Time until = absl::Now() + absl::Seconds(10); text.size() <= size && absl::Now() < until;) {
    sched_yield();
  }
  CHECK(text.size() > size);
  CHECK(host.driver()->Destroy(key).ok());
}

TEST_CASE("a guest that is started paused has executed nothing") {
  TestHost host;
  const DomainKey key = host.Key("a");
  const RunningGuest guest = MustStart(&host, key, host.Spec({"wait"}), true);
  CHECK(guest.paused);
  ConsoleText text;
  const auto console = MustAttach(&host, key, &text);
  CHECK(text.size() == 0);
  REQUIRE(host.driver()->Resume(key).ok());
  text.AwaitText("wait");
  CHECK(host.driver()->Destroy(key).ok());
}

TEST_CASE("a guest that reboots is launched again, in the same run and with its consoles") {
  TestHost host;
  const HostState before = host.State();
  const DomainKey key = host.Key("a");
  SECTION("by itself") {
    const RunningGuest guest = MustStart(&host, key, host.Spec({"reboot"}));
    const auto [again, requested] = host.observer()->AwaitReboot();
    CHECK_FALSE(requested);
    CHECK(again.id != guest.id);
    CHECK(again.supervisor_pid == guest.supervisor_pid);
    ConsoleText text;
    const auto console = MustAttach(&host, key, &text);
    const std::string all = text.AwaitText("second life");
    CHECK(all.find("reboot\r\n") < all.find("second life"));
  }
  SECTION("as asked") {
    MustStart(&host, key, host.Spec({"wait"}));
    ConsoleText text;
    const auto console = MustAttach(&host, key, &text);
    text.AwaitText("wait");
    REQUIRE(host.driver()->Reboot(key, {}).ok());
    CHECK(host.observer()->AwaitReboot().second);
    text.AwaitText("wait\r\nwait\r\n");
  }
  SECTION("but not when the specification wants it to end") {
    v1::DomainSpec spec = host.Spec({"reboot"});
    spec.mutable_lifecycle_actions()->set_on_reboot("destroy");
    MustStart(&host, key, spec);
    CHECK(host.observer()->AwaitExit().second.detail == v1::EVENT_DETAIL_STOPPED_SHUTDOWN);
    host.AwaitState(before);
    return;
  }
  REQUIRE(host.driver()->Destroy(key).ok());
  host.AwaitState(before);
}

TEST_CASE("a console carries input, size and output, one writer at a time") {
  TestHost host;
  const DomainKey key = host.Key("a");
  MustStart(&host, key, host.Shell("stty -echo; echo up; read line; echo got $line; stty size; read line"));
  ConsoleText text;
  auto console = MustAttach(&host, key, &text);
  text.AwaitText("up");
  REQUIRE(console->Resize(132, 43).ok());
  ConsoleText second;
  CHECK(ReasonOf(host.driver()->OpenConsole(key, {}, second.Reader()).status()) == v1::REASON_CONSOLE_BUSY);
  CHECK(ReasonOf(host.driver()->OpenConsole(key, {.console = 1}, second.Reader()).status()) ==
        v1::REASON_CONSOLE_NOT_FOUND);
  ConsoleText onlooker;
  const auto watching = MustAttach(&host, key, &onlooker, {.read_only = true});
  onlooker.AwaitText("up");
  CHECK_FALSE(watching->Write("x\n").ok());
  REQUIRE(console->Write("hello\n").ok());
  text.AwaitText("got hello\r\n43 132\r\n");
  onlooker.AwaitText("got hello");
  const auto taken = MustAttach(&host, key, &second, {.force = true, .replay = false});
  CHECK(absl::StrContains(text.AwaitClosed(), "taken over"));
  CHECK_FALSE(console->Write("x").ok());
  REQUIRE(taken->Write("\n").ok());
  CHECK(second.AwaitClosed() == "the guest has ended");
  host.observer()->AwaitExit();
}

TEST_CASE("a reader that takes nothing loses the oldest output and is told how much; the guest never waits") {
  TestHost host;
  const DomainKey key = host.Key("a");
  MustStart(&host, key, host.Spec({"flood"}), true);
  ConsoleText slow;
  const auto console = MustAttach(&host, key, &slow);
  console->SetReady(false);
  ConsoleText quick;
  const auto other = MustAttach(&host, key, &quick, {.read_only = true});
  REQUIRE(host.driver()->Resume(key).ok());
  quick.AwaitText("flooded");
  console->SetReady(true);
  slow.AwaitText("flooded");
  CHECK(slow.lost() > 0);
  CHECK(slow.lost() + slow.size() == quick.lost() + quick.size());
  CHECK(host.driver()->Destroy(key).ok());
}

TEST_CASE("a later driver finds what runs and what has ended") {
  TestHost host;
  const HostState before = host.State();
  const DomainKey running = host.Key("running");
  const DomainKey paused = host.Key("paused");
  const DomainKey ended = host.Key("ended");
  const DomainKey lost = host.Key("lost");
  const DomainKey stranger = host.Key("stranger");
  const DomainKey never = host.Key("never");
  const RunningGuest guest = MustStart(&host, running, host.Spec({"stubborn"}));
  MustStart(&host, paused, host.Spec({"wait"}), true);
  const RunningGuest ends = MustStart(&host, ended, host.Spec({"stubborn"}));
  const RunningGuest loses = MustStart(&host, lost, host.Spec({"wait"}));
  MustStart(&host, stranger, host.Spec({"wait"}));
  ConsoleText text;
  auto console = MustAttach(&host, ended, &text);
  text.AwaitText("stubborn");
  host.Drop();
  REQUIRE(kill(static_cast<pid_t>(ends.id), SIGTERM) == 0);
  console.reset();  // does no harm without the driver
  host.AwaitExitRecord(ended);
  REQUIRE(kill(static_cast<pid_t>(loses.supervisor_pid), SIGKILL) == 0);

  std::vector<drivers::KnownDomain> known;
  for (const DomainKey& key : {running, paused, ended, lost, never}) known.push_back({.key = key});
  std::map<std::string, drivers::RecoveredDomain> found;
  for (const auto& domain : host.Restart(known)) CHECK(found.emplace(domain.key.name, domain).second);
  REQUIRE(found.size() == 6);
  REQUIRE(found["running"].running);
  CHECK(found["running"].running->id == guest.id);
  CHECK(found["running"].running->supervisor_pid == guest.supervisor_pid);
  CHECK(found["running"].running->start_time == guest.start_time);
  REQUIRE(found["paused"].running);
  CHECK(found["paused"].running->paused);
  REQUIRE(found["ended"].ended);
  CHECK(found["ended"].ended->status.code() == 7);
  REQUIRE(found["lost"].ended);
  CHECK(found["lost"].ended->detail == v1::EVENT_DETAIL_STOPPED_VANISHED);
  REQUIRE(found["never"].ended);
  CHECK(found["never"].ended->reason == v1::DOMAIN_STATE_REASON_VANISHED);
  REQUIRE(found["stranger"].running);
  CHECK(found["stranger"].key.run == 1);
  CHECK(found["stranger"].key.uid == stranger.uid);

  ConsoleText replay;
  auto again = MustAttach(&host, running, &replay);
  replay.AwaitText("stubborn");
  REQUIRE(host.driver()->Shutdown(running, {}).ok());
  const auto [key, exit] = host.observer()->AwaitExit();
  CHECK(key.name == "running");
  CHECK(exit.status.code() == 7);
  CHECK(exit.cause == v1::EVENT_CAUSE_USER);
  CHECK(host.driver()->Destroy(paused).ok());
  CHECK(host.driver()->Destroy(stranger).ok());
  again.reset();
  host.AwaitState(before);
}

TEST_CASE("usage is told while it runs") {
  TestHost host;
  const DomainKey key = host.Key("a");
  v1::DomainSpec spec = host.Spec({"wait"});
  spec.set_memory_kib(64 * 1024);
  spec.mutable_cpu_tuning()->set_shares(512);
  MustStart(&host, key, spec);
  absl::StatusOr<v1::DomainStatistics> usage = host.driver()->Sample(key);
  REQUIRE(usage.ok());
  CHECK(usage->memory_limit_bytes() == 64 * 1024 * 1024);
  CHECK(usage->memory_bytes() > 0);
  CHECK(usage->tasks() == 1);
  REQUIRE(host.driver()->Destroy(key).ok());
  CHECK(ReasonOf(host.driver()->Sample(key).status()) == v1::REASON_DOMAIN_STATE);
}

}  // namespace
}  // namespace reeve::lxc
