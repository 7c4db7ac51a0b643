#include "cgroups/hugetlb.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "cgroups/controller_file.h"

namespace reeve::cgroups {
namespace {

absl::Status WriteLimit(const Location& location, uint64_t page_kib, absl::string_view v1, absl::string_view v2) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kHugetlb);
  if (!files.ok()) return files.status();
  const std::string prefix = absl::StrCat("hugetlb.", HugePageName(page_kib));
  if (files->version() == 1) return files->Write(absl::StrCat(prefix, ".limit_in_bytes"), v1);
  return files->Write(absl::StrCat(prefix, ".max"), v2);
}

}  // namespace

std::string HugePageName(uint64_t page_kib) {
  if (page_kib >= 1 << 20) return absl::StrCat(page_kib >> 20, "GB");
  if (page_kib >= 1 << 10) return absl::StrCat(page_kib >> 10, "MB");
  return absl::StrCat(page_kib, "KB");
}

absl::Status SetHugePagesLimit(const Location& location, uint64_t page_kib, uint64_t pages) {
  if (page_kib == 0 || page_kib > uint64_t{1} << 40 || pages > (uint64_t{1} << 62) / (page_kib * 1024)) {
    return absl::InvalidArgumentError(
        absl::StrCat("controller hugetlb: ", pages, " pages of ", page_kib, " KiB are more than can be counted"));
  }
  const std::string bytes = absl::StrCat(pages * page_kib * 1024);
  return WriteLimit(location, page_kib, bytes, bytes);
}

absl::Status RemoveHugePagesLimit(const Location& location, uint64_t page_kib) {
  return WriteLimit(location, page_kib, "-1", "max");
}

absl::StatusOr<HugePagesUsage> ReadHugePages(const Location& location, uint64_t page_kib) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kHugetlb);
  if (!files.ok()) return files.status();
  const std::string prefix = absl::StrCat("hugetlb.", HugePageName(page_kib));
  HugePagesUsage usage;
  if (files->version() == 2) {
    absl::StatusOr<uint64_t> bytes = files->ReadNumber(absl::StrCat(prefix, ".current"));
    if (!bytes.ok()) return bytes.status();
    absl::StatusOr<std::optional<uint64_t>> refused = files->ReadKey(absl::StrCat(prefix, ".events"), "max");
    if (!refused.ok()) return refused.status();
    return HugePagesUsage{.bytes = *bytes, .refused = refused->value_or(0)};
  }
  struct File {
    absl::string_view suffix;
    uint64_t* number;
  };
  for (const File& file : {File{".usage_in_bytes", &usage.bytes}, File{".max_usage_in_bytes", &usage.peak_bytes},
                           File{".failcnt", &usage.refused}}) {
    absl::StatusOr<uint64_t> number = files->ReadNumber(absl::StrCat(prefix, file.suffix));
    if (!number.ok()) return number.status();
    *file.number = *number;
  }
  return usage;
}

}  // namespace reeve::cgroups
