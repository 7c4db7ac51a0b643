// What the host's processor has, and what several have in common.
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/state/core.h"
#include "daemon/state/manager_impl.h"
#include "drivers/cpu/baseline_cpu.h"
#include "drivers/cpu/compare_cpu.h"
#include "formats/cpu_xml.h"

namespace reeve::state {
namespace {

using formats::DescribedCpu;

absl::Status TooMany() {
  return Error(v1::REASON_SPEC_INVALID,
               absl::StrCat("there are more than ", formats::kMaxDescribedCpus, " processors"));
}

absl::StatusOr<DescribedCpu> DescribedIn(const v1::CompareCpuRequest& request) {
  if (request.source_case() == v1::CompareCpuRequest::kCpu) return DescribedCpu{request.cpu(), ""};
  absl::StatusOr<std::vector<DescribedCpu>> described = formats::ParseCpuXml(request.xml());
  if (!described.ok()) return described.status();
  if (described->size() != 1) {
    return Error(v1::REASON_SPEC_INVALID,
                 absl::StrCat("the text describes ", described->size(), " processors, one is compared"));
  }
  return std::move(described->front());
}

absl::StatusOr<std::vector<DescribedCpu>> DescribedIn(const v1::BaselineCpuRequest& request) {
  if (request.cpus_size() > static_cast<int>(formats::kMaxDescribedCpus)) return TooMany();
  std::vector<DescribedCpu> described;
  for (const v1::Cpu& cpu : request.cpus()) described.push_back({cpu, ""});
  for (int i = 0; i < request.xml_size(); ++i) {
    absl::StatusOr<std::vector<DescribedCpu>> more = formats::ParseCpuXml(request.xml(i));
    if (!more.ok()) {
      return request.xml_size() == 1 ? more.status() : WithContext(absl::StrCat("xml[", i, "]"), more.status());
    }
    for (DescribedCpu& one : *more) described.push_back(std::move(one));
    if (described.size() > formats::kMaxDescribedCpus) return TooMany();
  }
  return described;
}

}  // namespace

absl::StatusOr<v1::HostCpu> ManagerImpl::ProcessorOf(absl::string_view hypervisor) const {
  absl::StatusOr<drivers::HypervisorDriver*> driver = core_->AvailableDriverNamed(hypervisor);
  if (!driver.ok()) return driver.status();
  absl::StatusOr<v1::HostCpu> host = (*driver)->Processor();
  if (!host.ok()) return DriverError(host.status());
  return host;
}

absl::StatusOr<v1::CpuComparison> ManagerImpl::CompareCpu(const v1::CompareCpuRequest& request) const {
  const absl::StatusOr<v1::HostCpu> host = ProcessorOf(request.name());
  if (!host.ok()) return host.status();
  const absl::StatusOr<DescribedCpu> described = DescribedIn(request);
  if (!described.ok()) return described.status();
  return cpu::CompareCpu(*host, described->cpu, described->architecture);
}

absl::StatusOr<v1::CpuBaseline> ManagerImpl::BaselineCpu(const v1::BaselineCpuRequest& request) const {
  // Not looked at, but a hypervisor that cannot tell cannot use the answer either.
  const absl::StatusOr<v1::HostCpu> host = ProcessorOf(request.name());
  if (!host.ok()) return host.status();
  const absl::StatusOr<std::vector<DescribedCpu>> described = DescribedIn(request);
  if (!described.ok()) return described.status();
  absl::StatusOr<v1::Cpu> common =
      cpu::BaselineCpu(*described, {.expand_features = request.expand_features(), .migratable = request.migratable()});
  if (!common.ok()) return common.status();
  v1::CpuBaseline baseline;
  baseline.set_xml(formats::WriteCpuXml(*common));
  *baseline.mutable_cpu() = *std::move(common);
  return baseline;
}

}  // namespace reeve::state
