// Each call of the toolstack fails once where the driver makes it: what the caller is told, and what is left.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

#include "drivers/xen/test_host.h"
#include "proto/status.h"

namespace reeve::xen {
namespace {

struct Verb {
  const char* call;
  std::function<absl::Status(Host&)> act;
};

const std::vector<Verb>& Verbs() {
  static const auto* verbs = new std::vector<Verb>{
      {"Pause", [](Host& host) { return host.driver->Suspend(host.key); }},
      {"Unpause", [](Host& host) { return host.driver->Resume(host.key); }},
      {"Shutdown", [](Host& host) { return host.driver->Shutdown(host.key, {v1::SHUTDOWN_MODE_PARAVIRT}); }},
      {"Reboot", [](Host& host) { return host.driver->Reboot(host.key, {}); }},
      {"Destroy", [](Host& host) { return host.driver->Destroy(host.key).status(); }},
  };
  return *verbs;
}

TEST_CASE("A call that fails is told with its cause, and leaves the guest as it was") {
  for (const Verb& verb : Verbs()) {
    INFO(verb.call);
    Host host;
    const uint32_t domid = host.Start(host.Spec());
    host.xen.Fail(verb.call, absl::InternalError("injected"));
    const absl::Status status = verb.act(host);
    CHECK(ReasonOf(status) == v1::REASON_DRIVER_FAILED);
    CHECK_THAT(std::string(status.message()), Catch::Contains("injected"));
    CHECK(host.xen.domids() == std::vector<uint32_t>{0, domid});
    CHECK(host.driver->Sample(host.key).ok());
    CHECK(host.driver->Destroy(host.key).ok());
    CHECK(host.recorder.unread() == 0);
  }
}

TEST_CASE("A guest that is gone when it is asked is said to be gone") {
  for (const Verb& verb : Verbs()) {
    if (std::string(verb.call) == "Destroy") continue;
    INFO(verb.call);
    Host host;
    host.Start(host.Spec());
    host.xen.Fail(verb.call, absl::NotFoundError("ERROR_DOMAIN_NOTFOUND"));
    const absl::Status status = verb.act(host);
    CHECK(ReasonOf(status) == v1::REASON_DOMAIN_STATE);
    CHECK_THAT(std::string(status.message()), Catch::Contains("ERROR_DOMAIN_NOTFOUND"));
  }
}

TEST_CASE("A guest that does not listen cannot be asked") {
  Host host;
  host.Start(host.Spec());
  const std::string call = GENERATE("Shutdown", "Reboot");
  host.xen.Fail(call, absl::UnimplementedError("ERROR_NOPARAVIRT"));
  const absl::Status status = call == "Shutdown" ? host.driver->Shutdown(host.key, {v1::SHUTDOWN_MODE_PARAVIRT})
                                                 : host.driver->Reboot(host.key, {});
  CHECK(ReasonOf(status) == v1::REASON_GUEST_CANNOT);
  CHECK_THAT(std::string(status.message()), Catch::Contains("ERROR_NOPARAVIRT"));
}

TEST_CASE("A reboot that could not be asked for is not told as one that was") {
  Host host;
  const uint32_t domid = host.Start(host.Spec());
  host.xen.Fail("Reboot", absl::InternalError("injected"));
  CHECK_FALSE(host.driver->Reboot(host.key, {}).ok());
  host.xen.Stop(domid, StopReason::kReboot);
  CHECK(host.recorder.Next() == absl::StrCat("web1 rebooted as ", domid + 1));
}

TEST_CASE("A guest that stops ends also when a step of it fails") {
  Host host;
  v1::DomainSpec spec = host.Spec();
  spec.mutable_lifecycle_actions()->set_on_crash("coredump-destroy");
  const uint32_t domid = host.Start(spec);
  SECTION("the core cannot be written") {
    host.xen.Fail("DumpCore", absl::InternalError("no room"));
  }
  SECTION("what is left cannot be destroyed") {
    host.xen.Fail("Destroy", absl::InternalError("injected"));
  }
  host.xen.Stop(domid, StopReason::kCrash);
  CHECK(host.recorder.Next() == "web1 EVENT_DETAIL_STOPPED_CRASHED EVENT_CAUSE_CRASH");
}

TEST_CASE("A restart that fails at any step is an end with the reason") {
  for (const char* call : {"Host", "MemoryNeeded", "FreeMemory", "Create", "StoreNote", "Watch", "Unpause"}) {
    INFO(call);
    Host host;
    const uint32_t domid = host.Start(host.Spec());
    host.xen.Fail(call, absl::InternalError("injected"));
    host.xen.Stop(domid, StopReason::kReboot);
    CHECK(host.recorder.Next() == "web1 EVENT_DETAIL_STOPPED_FAILED EVENT_CAUSE_DAEMON");
    CHECK(host.xen.domids() == std::vector<uint32_t>{0});
  }
}

TEST_CASE("What one part of the statistics cannot tell leaves the rest") {
  Host host;
  host.Start(host.Spec());
  host.xen.Fail("VcpusOf", absl::InternalError("injected"));
  const auto sample = host.driver->Sample(host.key);
  REQUIRE(sample.ok());
  CHECK(sample->cpu().by_cpu_ns().empty());
  CHECK(sample->memory_bytes() == 65536 * 1024);
}

}  // namespace
}  // namespace reeve::xen
