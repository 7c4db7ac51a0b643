// vnuma: a list for each node of the guest, [ "pnode=0", "size=2048", "vcpus=0-1", "vdistances=10,20" ].
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "formats/number_set.h"
#include "formats/text.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"

namespace reeve::formats {
namespace {

constexpr size_t kMaxNodes = 256;
constexpr int64_t kMaxMebibytes = int64_t{1} << 52;
constexpr int64_t kMaxDistance = 255;
constexpr uint32_t kLocalDistance = 10;
constexpr uint32_t kRemoteDistance = 20;

void ReadDistances(XenConfigReader* reader, const XenPiece& value, size_t nodes, v1::NumaCell* cell) {
  const std::vector<XenOption> numbers = SplitXenOptions(value);
  if (numbers.size() != nodes) {
    reader->Fail(value.offset, absl::StrCat("has ", numbers.size(), " distances for ", nodes, " nodes"));
    return;
  }
  for (size_t i = 0; i < nodes; ++i) {
    const auto number = reader->Number(numbers[i].value, 10, kLocalDistance, kMaxDistance);
    if (!number) return;
    v1::NumaDistance* distance = cell->add_distances();
    distance->set_id(static_cast<uint32_t>(i));
    distance->set_value(static_cast<uint32_t>(*number));
  }
}

void ReadNode(XenConfigReader* reader, const XenConfigValue& node, size_t place, size_t nodes, v1::NumaCell* cell) {
  bool has_host_node = false;
  cell->set_id(static_cast<uint32_t>(place));
  for (const XenConfigValue& item : node.items) {
    if (item.kind != XenConfigValue::Kind::kString) {
      reader->Fail(item.offset, "has a node with a value that is not a string");
      continue;
    }
    const XenPiece piece = reader->PieceOf(item);
    const size_t sign = piece.text.find('=');
    const absl::string_view key = piece.text.substr(0, sign);
    if (sign == absl::string_view::npos) {
      reader->Fail(piece.offset, absl::StrCat("has '", Printable(piece.text), "', not NAME=VALUE"));
      continue;
    }
    const XenPiece value = {piece.text.substr(sign + 1), piece.offset + sign + 1};
    if (key == "pnode") {
      const auto host_node = reader->Number(value, 10, 0, static_cast<int64_t>(nodes) - 1);
      has_host_node = host_node.has_value();
      if (host_node && *host_node != static_cast<int64_t>(place)) {
        reader->Warn(value.offset, "has a host node that is not the node's own number; it is ignored");
      }
    } else if (key == "size") {
      const auto size = reader->Number(value, 10, 1, kMaxMebibytes);
      if (size) cell->set_memory_kib(static_cast<uint64_t>(*size) * 1024);
    } else if (key == "vcpus") {
      cell->set_cpus(NormalNumberSet(value.text));
      if (!ParseNumberSet(value.text)) {
        reader->Fail(value.offset, absl::StrCat("has '", Printable(value.text), "', not a set of numbers"));
      }
    } else if (key == "vdistances") {
      ReadDistances(reader, value, nodes, cell);
    } else {
      reader->Fail(piece.offset, absl::StrCat("has '", Printable(key), "', which is not known"),
                   v1::REASON_DOCUMENT_UNKNOWN);
    }
  }
  if (!has_host_node || cell->memory_kib() == 0 || cell->cpus().empty()) {
    reader->Fail(node.offset, absl::StrCat("has a node without all of pnode, size and vcpus: node ", place));
  }
}

// The distances that are said, by the ids of both nodes.
using Distances = std::map<std::pair<uint32_t, uint32_t>, uint32_t>;

uint32_t DistanceOf(const Distances& said, uint32_t from, uint32_t to) {
  for (const auto& key : {std::make_pair(from, to), std::make_pair(to, from)}) {
    const auto found = said.find(key);
    if (found != said.end()) return found->second;
  }
  return from == to ? kLocalDistance : kRemoteDistance;
}

}  // namespace

void FillXenDistances(v1::Cpu* cpu) {
  const auto nodes = static_cast<uint32_t>(cpu->numa_cells_size());
  if (nodes > kMaxNodes) return;
  Distances said;
  for (uint32_t from = 0; from < nodes; ++from) {
    for (const auto& distance : cpu->numa_cells(static_cast<int>(from)).distances()) {
      said[{from, distance.id()}] = distance.value();
    }
  }
  for (uint32_t from = 0; from < nodes; ++from) {
    v1::NumaCell* cell = cpu->mutable_numa_cells(static_cast<int>(from));
    cell->clear_distances();
    for (uint32_t to = 0; to < nodes; ++to) {
      v1::NumaDistance* distance = cell->add_distances();
      distance->set_id(to);
      distance->set_value(DistanceOf(said, from, to));
    }
  }
}

void ReadXenNuma(XenConfigReader* reader, v1::DomainSpec* spec) {
  const XenConfigValue* value = reader->Take("vnuma");
  if (value == nullptr) return;
  const size_t nodes = value->items.size();
  if (value->kind != XenConfigValue::Kind::kList || nodes > kMaxNodes) {
    reader->Fail(value->offset, absl::StrCat("is not a list of at most ", kMaxNodes, " nodes"));
    return;
  }
  reader->Remember("spec.cpu.numa_cells", value->offset);
  uint64_t vcpus = 0;
  for (size_t i = 0; i < nodes; ++i) {
    const XenConfigValue& node = value->items[i];
    if (node.kind != XenConfigValue::Kind::kList) {
      reader->Fail(node.offset, "has a node that is not a list");
      continue;
    }
    v1::NumaCell* cell = spec->mutable_cpu()->add_numa_cells();
    ReadNode(reader, node, i, nodes, cell);
    if (const auto set = ParseNumberSet(cell->cpus())) vcpus += set->size();
  }
  if (vcpus <= spec->vcpus()) return;
  if (reader->Has("vcpus") || reader->Has("maxvcpus")) {
    reader->Fail(value->offset, absl::StrCat("has ", vcpus, " processors, the guest ", spec->vcpus()));
  } else {
    spec->set_vcpus(static_cast<uint32_t>(vcpus));
  }
}

void WriteXenNuma(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  v1::Cpu cpu = spec.cpu();
  if (cpu.numa_cells().empty()) return;
  if (static_cast<size_t>(cpu.numa_cells_size()) > kMaxNodes) {
    writer->faults.push_back({"spec.cpu.numa_cells", absl::StrCat("has more than ", kMaxNodes, " entries")});
    return;
  }
  FillXenDistances(&cpu);
  std::vector<XenConfigValue> nodes;
  for (int i = 0; i < cpu.numa_cells_size(); ++i) {
    const v1::NumaCell& cell = cpu.numa_cells(i);
    const std::string distances = absl::StrJoin(
        cell.distances(), ",", [](std::string* out, const auto& distance) { absl::StrAppend(out, distance.value()); });
    nodes.push_back(XenConfigValue::List({XenConfigValue::String(absl::StrCat("pnode=", i)),
                                          XenConfigValue::String(absl::StrCat("size=", cell.memory_kib() / 1024)),
                                          XenConfigValue::String(absl::StrCat("vcpus=", cell.cpus())),
                                          XenConfigValue::String(absl::StrCat("vdistances=", distances))}));
  }
  writer->config.Add("vnuma", XenConfigValue::List(std::move(nodes)));
}

}  // namespace reeve::formats
