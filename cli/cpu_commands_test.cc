// cpu-compare and cpu-baseline, against a daemon of a few lines.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/test_user.h"
#include "client/fake_daemon.h"
#include "proto/status.h"

namespace reeve::cli {
namespace {

using client::FakeDaemon;

// Answers by the model that the text names.
struct Fixture {
  Fixture() {
    daemon.On<v1::CompareCpuRequest, v1::CpuComparison>(
        methods::kCompareCpu, [this](const v1::CompareCpuRequest& request, v1::CpuComparison* comparison) {
          asked = request.name();
          if (absl::StrContains(request.xml(), "Foo")) return Error(v1::REASON_SPEC_INVALID, "no model 'Foo' is known");
          comparison->set_result(v1::CPU_COMPARISON_RESULT_IDENTICAL);
          if (absl::StrContains(request.xml(), "Penryn")) comparison->set_result(v1::CPU_COMPARISON_RESULT_SUPERSET);
          if (absl::StrContains(request.xml(), "Haswell")) {
            comparison->set_result(v1::CPU_COMPARISON_RESULT_INCOMPATIBLE);
            comparison->set_reason("the vendor is Intel, the host's AMD");
            comparison->add_missing_features("avx2");
            comparison->add_missing_features("fma");
          }
          return absl::OkStatus();
        });
    daemon.On<v1::BaselineCpuRequest, v1::CpuBaseline>(
        methods::kBaselineCpu, [this](const v1::BaselineCpuRequest& request, v1::CpuBaseline* baseline) {
          asked = request.ShortDebugString();
          if (absl::StrContains(request.xml(0), "Foo"))
            return Error(v1::REASON_SPEC_INVALID, "no model 'Foo' is known");
          baseline->set_xml("<cpu/>\n");
          baseline->mutable_cpu()->set_model("Penryn");
          return absl::OkStatus();
        });
    daemon.Start();
    directory = std::filesystem::temp_directory_path() / absl::StrCat("reeve-cpu-commands-", getpid());
    std::filesystem::create_directories(directory);
  }
  ~Fixture() { std::filesystem::remove_all(directory); }
  std::string File(const std::string& model) const {
    const std::string path = directory / model;
    std::ofstream(path) << "<cpu><model>" << model << "</model></cpu>";
    return path;
  }
  FakeDaemon daemon;
  std::string asked;
  std::filesystem::path directory;
};

TEST_CASE_METHOD(Fixture, "a comparison is told in virsh's words, and what is missing") {
  TestUser user(daemon.uri());
  const std::string same = File("same");
  CHECK(user.Run("cpu-compare " + same) == kExitOk);
  CHECK(user.out() == "CPU described in " + same + " is identical to host CPU\n\n");
  CHECK(asked == "hypervisors/test");
  const std::string less = File("Penryn");
  CHECK(user.Run("cpu-compare --validate " + less) == kExitOk);
  CHECK(user.out() == "Host CPU is a superset of CPU described in " + less + "\n\n");
  const std::string more = File("Haswell");
  CHECK(user.Run("cpu-compare " + more) == kExitFailed);
  CHECK(user.out() == "CPU described in " + more + " is incompatible with host CPU\n\n");
  CHECK(user.error() == "the vendor is Intel, the host's AMD\nmissing: avx2, fma\n");
  CHECK(user.Run("cpu-compare --error " + more) == kExitFailed);
  CHECK(user.out().empty());
  CHECK_THAT(user.error(),
             Catch::Contains("Failed to compare host CPU with " + more) &&
                 Catch::Contains("the CPU is incompatible with host CPU: the vendor is Intel, the host's AMD"));
  CHECK(user.Run("cpu-compare --output json " + more) == kExitFailed);
  CHECK_THAT(user.out(), Catch::Contains("CPU_COMPARISON_RESULT_INCOMPATIBLE") && Catch::Contains("\"avx2\""));
}

TEST_CASE_METHOD(Fixture, "a baseline is printed as XML") {
  TestUser user(daemon.uri());
  CHECK(user.Run("cpu-baseline --features --migratable " + File("Penryn")) == kExitOk);
  CHECK(user.out() == "<cpu/>\n\n");
  CHECK_THAT(asked, Catch::Contains("expand_features: true") && Catch::Contains("migratable: true"));
  CHECK(user.Run("cpu-baseline " + File("Penryn")) == kExitOk);
  CHECK_THAT(asked, !Catch::Contains("true"));
  CHECK(user.Run("cpu-baseline --output json " + File("Penryn")) == kExitOk);
  CHECK_THAT(user.out(), Catch::Contains("\"Penryn\""));
}

TEST_CASE_METHOD(Fixture, "what cannot be read or is not known is an error") {
  TestUser user(daemon.uri());
  for (const char* command : {"cpu-compare ", "cpu-baseline "}) {
    CHECK(user.Run(command + File("Foo")) == kExitFailed);
    CHECK_THAT(user.error(), Catch::Contains("no model 'Foo' is known"));
    CHECK(user.Run(std::string(command) + "/no/such/file") == kExitFailed);
    CHECK_THAT(user.error(), Catch::Contains("/no/such/file"));
    CHECK(user.Run(command) == kExitUsage);
  }
}

}  // namespace
}  // namespace reeve::cli
