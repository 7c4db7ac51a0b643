// What there is: the host, domains, what is noted of them.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "drivers/xen/libxl_facts.h"
#include "drivers/xen/libxl_toolstack_class.h"

namespace reeve::xen {

absl::StatusOr<HostFacts> LibxlToolstack::Host() const {
  const LibxlStep step = Step("libxl_get_physinfo", -1);
  libxl_physinfo info;
  library_->libxl_physinfo_init(&info);
  if (absl::Status status = step.Result(library_->libxl_get_physinfo(context_, &info)); !status.ok()) return status;
  HostFacts facts;
  if (const libxl_version_info* version = library_->libxl_get_version_info(context_)) {
    facts.version = absl::StrCat(version->xen_version_major, ".", version->xen_version_minor,
                                 version->xen_version_extra != nullptr ? version->xen_version_extra : "");
    if (version->commandline != nullptr) facts.command_line = version->commandline;
  }
  const uint64_t page_kib = static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
  facts.total_memory_kib = info.total_pages * page_kib;
  facts.free_memory_kib = (info.free_pages + info.scrub_pages) * page_kib;
  facts.cpus = info.nr_cpus;
  facts.cpu_khz = info.cpu_khz;
  facts.hvm = info.cap_hvm;
  // The hypervisor has eight words of features for us; the rest is what the processor says to Domain-0.
  static_assert(sizeof(info.hw_cap) == cpu::kXenWords * sizeof(uint32_t));
  std::array<uint32_t, cpu::kXenWords> words;
  std::copy(std::begin(info.hw_cap), std::end(info.hw_cap), words.begin());
  facts.processor = cpuid_;
  facts.processor.features = cpu::CorrectedByXen(facts.processor.vendor, facts.processor.features, words);
  facts.iommu = info.cap_hvm_directio;
  library_->libxl_physinfo_dispose(&info);
  return facts;
}

absl::StatusOr<std::vector<GuestFacts>> LibxlToolstack::List() const {
  const LibxlStep step = Step("libxl_list_domain", -1);
  int count = 0;
  libxl_dominfo* const list = library_->libxl_list_domain(context_, &count);
  if (list == nullptr) return step.Result(ERROR_FAIL);
  std::vector<GuestFacts> guests;
  guests.reserve(count);
  for (int i = 0; i < count; ++i) guests.push_back(FactsOf(list[i]));
  library_->libxl_dominfo_list_free(list, count);
  return guests;
}

absl::StatusOr<GuestFacts> LibxlToolstack::Look(uint32_t domid) const {
  const LibxlStep step = Step("libxl_domain_info", domid);
  libxl_dominfo info;
  library_->libxl_dominfo_init(&info);
  absl::Status status = step.Result(library_->libxl_domain_info(context_, &info, domid));
  const GuestFacts facts = FactsOf(info);
  library_->libxl_dominfo_dispose(&info);
  if (!status.ok()) return status;
  return facts;
}

absl::StatusOr<std::string> LibxlToolstack::NameOf(uint32_t domid) const {
  const LibxlStep step = Step("libxl_domid_to_name", domid);
  char* const name = library_->libxl_domid_to_name(context_, domid);
  if (name == nullptr) return step.Result(ERROR_DOMAIN_NOTFOUND);
  std::string text(name);
  free(name);
  return text;
}

absl::StatusOr<DomainConfig> LibxlToolstack::ConfigOf(uint32_t domid) const {
  const LibxlStep step = Step("libxl_retrieve_domain_configuration", domid);
  DomainConfig config(library_);
  absl::Status status =
      step.Result(library_->libxl_retrieve_domain_configuration(context_, domid, config.get(), nullptr));
  if (!status.ok()) return status;
  return config;
}

absl::StatusOr<std::string> LibxlToolstack::ConsolePath(uint32_t domid) const {
  const LibxlStep step = Step("libxl_primary_console_get_tty", domid);
  char* path = nullptr;
  absl::Status status = step.Result(library_->libxl_primary_console_get_tty(context_, domid, &path));
  if (!status.ok()) return status;
  std::string text(path);
  free(path);
  return text;
}

absl::Status LibxlToolstack::StoreNote(uint32_t domid, const std::string& name, absl::string_view bytes) {
  const LibxlStep step = Step("libxl_userdata_store", domid);
  return step.Result(library_->libxl_userdata_store(
      context_, domid, name.c_str(), reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size())));
}

absl::StatusOr<std::string> LibxlToolstack::ReadNote(uint32_t domid, const std::string& name) const {
  const LibxlStep step = Step("libxl_userdata_retrieve", domid);
  uint8_t* data = nullptr;
  int length = 0;
  absl::Status status = step.Result(library_->libxl_userdata_retrieve(context_, domid, name.c_str(), &data, &length));
  if (!status.ok()) return status;
  std::string bytes(reinterpret_cast<const char*>(data), data != nullptr ? length : 0);
  free(data);
  return bytes;
}

}  // namespace reeve::xen
