#include "drivers/node/node_memory.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "drivers/node/huge_pages.h"
#include "drivers/node/read_fields.h"
#include "util/files.h"

namespace reeve::node {
namespace {

// Takes what it is asked for out of a text, and keeps what was not there.
class Fields {
 public:
  Fields(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {}
  uint64_t Take(absl::string_view name) {
    const auto value = MemoryKib(text_, name);
    if (!value && status_.ok()) status_ = absl::InternalError(absl::StrCat(path_, " has no ", name));
    return value.value_or(0);
  }
  const absl::Status& status() const { return status_; }

 private:
  const std::string path_;
  const std::string text_;
  absl::Status status_;
};

absl::StatusOr<Fields> Open(std::string path) {
  absl::StatusOr<std::string> text = util::ReadFile(path);
  if (!text.ok()) return text.status();
  return Fields(std::move(path), *std::move(text));
}

absl::StatusOr<Cell> ReadCell(uint64_t number, std::string meminfo, std::string huge_pages) {
  absl::StatusOr<Fields> fields = Open(std::move(meminfo));
  if (!fields.ok()) return fields.status();
  Cell cell;
  cell.memory.set_cell(static_cast<uint32_t>(number));
  cell.memory.set_total_kib(fields->Take("MemTotal"));
  cell.memory.set_free_kib(fields->Take("MemFree"));
  cell.memory.set_page_kib(static_cast<uint32_t>(sysconf(_SC_PAGESIZE) / 1024));
  if (!fields->status().ok()) return fields->status();
  absl::StatusOr<std::vector<v1::HugePages>> pages = ReadHugePages(huge_pages);
  if (!pages.ok()) return pages.status();
  for (v1::HugePages& one : *pages) *cell.memory.add_huge_pages() = std::move(one);
  cell.huge_pages = std::move(huge_pages);
  return cell;
}

}  // namespace

absl::StatusOr<v1::NodeMemory> ReadMemory(const Sources& sources) {
  absl::StatusOr<Fields> fields = Open(sources.proc + "/meminfo");
  if (!fields.ok()) return fields.status();
  v1::NodeMemory memory;
  memory.set_total_kib(fields->Take("MemTotal"));
  memory.set_free_kib(fields->Take("MemFree"));
  memory.set_buffers_kib(fields->Take("Buffers"));
  memory.set_cached_kib(fields->Take("Cached"));
  memory.set_available_kib(fields->Take("MemAvailable"));
  memory.set_swap_total_kib(fields->Take("SwapTotal"));
  memory.set_swap_free_kib(fields->Take("SwapFree"));
  if (!fields->status().ok()) return fields->status();
  return memory;
}

absl::StatusOr<std::vector<Cell>> ReadCells(const Sources& sources) {
  const std::string directory = sources.sys + "/devices/system/node";
  std::vector<Cell> cells;
  for (const uint64_t number : NumberedEntries(directory, "node", "")) {
    const std::string of_cell = absl::StrCat(directory, "/node", number);
    absl::StatusOr<Cell> cell = ReadCell(number, of_cell + "/meminfo", of_cell + "/hugepages");
    if (!cell.ok()) return cell.status();
    cells.push_back(*std::move(cell));
  }
  if (!cells.empty()) return cells;
  absl::StatusOr<Cell> all = ReadCell(0, sources.proc + "/meminfo", sources.sys + "/kernel/mm/hugepages");
  if (!all.ok()) return all.status();
  cells.push_back(*std::move(all));
  return cells;
}

}  // namespace reeve::node
