#include "drivers/node/huge_pages.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "drivers/node/node_memory.h"
#include "drivers/node/read_fields.h"
#include "proto/invalid_request.h"
#include "proto/status.h"

namespace reeve::node {
namespace {

constexpr char kPrefix[] = "hugepages-";
constexpr char kSuffix[] = "kB";

std::string DirectoryOf(const std::string& directory, uint64_t size_kib) {
  return absl::StrCat(directory, "/", kPrefix, size_kib, kSuffix);
}

absl::StatusOr<v1::HugePages> ReadOne(const std::string& directory, uint64_t size_kib) {
  const std::string of_size = DirectoryOf(directory, size_kib);
  const absl::StatusOr<uint64_t> total = ReadNumber(of_size + "/nr_hugepages");
  if (!total.ok()) return total.status();
  const absl::StatusOr<uint64_t> free = ReadNumber(of_size + "/free_hugepages");
  if (!free.ok()) return free.status();
  v1::HugePages pages;
  pages.set_size_kib(size_kib);
  pages.set_total(*total);
  pages.set_free(*free);
  return pages;
}

absl::Status TooMany(const v1::AllocateHugePagesRequest& request, const Cell& cell) {
  return Invalid("count", absl::StrCat("is more pages of ", request.size_kib(), " KiB than the ",
                                       cell.memory.total_kib(), " KiB of cell ", cell.memory.cell(), " hold"));
}

}  // namespace

absl::StatusOr<std::vector<v1::HugePages>> ReadHugePages(const std::string& directory) {
  std::vector<v1::HugePages> all;
  for (const uint64_t size_kib : NumberedEntries(directory, kPrefix, kSuffix)) {
    absl::StatusOr<v1::HugePages> pages = ReadOne(directory, size_kib);
    if (!pages.ok()) return pages.status();
    all.push_back(*std::move(pages));
  }
  return all;
}

absl::StatusOr<v1::HugePages> AllocateHugePages(const Sources& sources, const v1::AllocateHugePagesRequest& request) {
  const absl::StatusOr<std::vector<Cell>> cells = ReadCells(sources);
  if (!cells.ok()) return cells.status();
  const Cell* cell = nullptr;
  for (const Cell& one : *cells) {
    if (cell == nullptr && (!request.has_cell() || request.cell() == one.memory.cell())) cell = &one;
  }
  if (cell == nullptr) {
    return Error(v1::REASON_NODE_CANNOT, absl::StrCat("the host has no NUMA cell ", request.cell()));
  }
  const v1::HugePages* present = nullptr;
  std::vector<uint64_t> sizes;
  for (const v1::HugePages& pages : cell->memory.huge_pages()) {
    if (pages.size_kib() == request.size_kib()) present = &pages;
    sizes.push_back(pages.size_kib());
  }
  if (present == nullptr) {
    return Error(v1::REASON_NODE_CANNOT,
                 absl::StrCat("the host has no huge pages of ", request.size_kib(),
                              " KiB; it has those of: ", sizes.empty() ? "none" : absl::StrJoin(sizes, ", ")));
  }
  // The kernel takes any number, and would search for room for all of them.
  const uint64_t most = cell->memory.total_kib() / request.size_kib();
  const uint64_t before = request.add() ? present->total() : 0;
  if (request.count() > most || before > most - request.count()) return TooMany(request, *cell);
  const std::string path = DirectoryOf(cell->huge_pages, request.size_kib()) + "/nr_hugepages";
  if (absl::Status status = WriteNumber(path, before + request.count()); !status.ok()) return status;
  return ReadOne(cell->huge_pages, request.size_kib());
}

}  // namespace reeve::node
