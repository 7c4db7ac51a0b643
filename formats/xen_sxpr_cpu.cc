// Memory and virtual CPUs.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "formats/number_set.h"
#include "formats/text.h"
#include "formats/xen_sxpr_sections.h"

namespace reeve::formats {
namespace {

constexpr uint64_t kKibPerMib = 1024;
constexpr int64_t kMaxMib = int64_t{1} << 40;
constexpr int64_t kMaxVcpus = 4096;
constexpr uint32_t kMaskBits = 64;

uint64_t Mebibytes(uint64_t kib) {
  return kib / kKibPerMib + (kib % kKibPerMib == 0 ? 0 : 1);
}

// The number of CPUs in a mask of those that are there at start.
std::optional<uint32_t> CountOfMask(XenSxprReader* reader, const SExpression& root, uint32_t vcpus) {
  const auto text = reader->Text(root, "vcpu_avail");
  if (!text) return std::nullopt;
  uint64_t mask = 0;
  if (!absl::SimpleAtoi(*text, &mask)) {
    reader->Fail(*reader->Take(root, "vcpu_avail"), absl::StrCat("is '", Printable(*text), "', not a mask of CPUs"));
    return std::nullopt;
  }
  const auto count = static_cast<uint32_t>(__builtin_popcountll(mask));
  if (count == 0 || count >= vcpus) return std::nullopt;
  return count;
}

// Host CPUs: a set, or a list of them for each virtual CPU.
void ReadPlacement(XenSxprReader* reader, const SExpression& root, v1::DomainSpec* spec) {
  const SExpression* cpus = reader->Take(root, "cpus");
  if (cpus == nullptr || cpus->items.size() < 2) return;
  reader->Remember("spec.cpu_placement", *cpus);
  reader->Remember("spec.cpu_tuning", *cpus);
  if (!cpus->items[1].is_list) {
    if (const auto text = reader->Text(root, "cpus")) spec->mutable_cpu_placement()->set_cpuset(std::string(*text));
    return;
  }
  uint32_t id = 0;
  for (const SExpression& one : cpus->items[1].items) {
    std::string set;
    for (const SExpression& number : one.items) absl::StrAppend(&set, set.empty() ? "" : ",", number.atom);
    if (!one.is_list) return reader->Fail(*cpus, "has not a list for each virtual CPU");
    if (!set.empty()) {
      v1::CpuPin* pin = spec->mutable_cpu_tuning()->add_vcpu_pins();
      pin->set_id(id);
      pin->set_cpuset(NormalNumberSet(set));
    }
    ++id;
  }
}

// A list of host CPUs for each virtual CPU; an empty one for a CPU without.
void WritePins(const v1::DomainSpec& spec, XenSxprDraft* root) {
  if (!spec.cpu_placement().cpuset().empty()) {
    root->faults.push_back("spec.cpu_tuning.vcpu_pins has no form in S-expressions beside a set for all");
    return;
  }
  std::vector<SExpression> lists(std::max(spec.vcpus(), uint32_t{1}));
  for (SExpression& list : lists) list.is_list = true;
  for (const v1::CpuPin& pin : spec.cpu_tuning().vcpu_pins()) {
    const auto numbers = ParseNumberSet(pin.cpuset());
    if (!numbers || pin.id() >= lists.size()) {
      root->faults.push_back("spec.cpu_tuning.vcpu_pins has one that is not of a virtual CPU, or no set");
      return;
    }
    for (const uint32_t number : *numbers) lists[pin.id()].Add(SExpression::Atom(absl::StrCat(number)));
  }
  SExpression all;
  all.is_list = true;
  all.items = std::move(lists);
  root->list.Add(SExpression::List("cpus", {std::move(all)}));
}

}  // namespace

void ReadXenSxprSize(XenSxprReader* reader, const XenSxprTree& tree, v1::DomainSpec* spec) {
  const SExpression& root = tree.root;
  const auto memory = reader->Number(root, "memory", 1, kMaxMib);
  const auto maximum = reader->Number(root, "maxmem", 0, kMaxMib);
  if (!memory && !maximum) reader->Fail(root, "has neither memory nor maxmem");
  const int64_t most = maximum.value_or(0) > 0 ? *maximum : memory.value_or(0);
  if (memory && *memory > most)
    reader->Warn(*reader->Take(root, "memory"), "is more than maxmem, which is taken instead");
  spec->set_memory_kib(static_cast<uint64_t>(most) * kKibPerMib);
  spec->set_current_memory_kib(static_cast<uint64_t>(std::min(memory.value_or(most), most)) * kKibPerMib);
  for (const char* head : {"memory", "maxmem"}) {
    if (const SExpression* list = reader->Take(root, head)) reader->Remember("spec.memory_kib", *list);
  }

  const auto vcpus = static_cast<uint32_t>(reader->Number(root, "vcpus", 1, kMaxVcpus).value_or(1));
  spec->set_vcpus(vcpus);
  if (const auto count = CountOfMask(reader, root, vcpus)) spec->mutable_cpu_placement()->set_current(*count);
  ReadPlacement(reader, root, spec);
  if (!tree.hvm) return;
  // The image says it again.
  if (reader->Number(*tree.image, "vcpus", 0, kMaxVcpus).value_or(vcpus) != vcpus) {
    reader->Warn(*reader->Take(*tree.image, "vcpus"), "differs from that of the domain, which is taken instead");
  }
  reader->Take(*tree.image, "vcpu_avail");
}

void WriteXenSxprSize(const v1::DomainSpec& spec, XenSxprDraft* root) {
  const uint64_t current = spec.has_current_memory_kib() ? spec.current_memory_kib() : spec.memory_kib();
  root->AddNumber("memory", static_cast<int64_t>(Mebibytes(current)));
  root->AddNumber("maxmem", static_cast<int64_t>(Mebibytes(spec.memory_kib())));
  WriteXenSxprVcpus(spec, root);
  if (!spec.cpu_placement().cpuset().empty()) root->AddQuoted("cpus", spec.cpu_placement().cpuset());
  if (!spec.cpu_tuning().vcpu_pins().empty()) WritePins(spec, root);
}

void WriteXenSxprVcpus(const v1::DomainSpec& spec, XenSxprDraft* list) {
  const uint32_t vcpus = std::max(spec.vcpus(), uint32_t{1});
  list->AddNumber("vcpus", vcpus);
  const v1::CpuPlacement& placement = spec.cpu_placement();
  if (!placement.has_current() || placement.current() == vcpus) return;
  if (placement.current() >= kMaskBits) {
    list->faults.push_back("spec.cpu_placement.current is more than 63, which has no form in S-expressions");
    return;
  }
  list->AddAtom("vcpu_avail", absl::StrCat((uint64_t{1} << placement.current()) - 1));
}

}  // namespace reeve::formats
