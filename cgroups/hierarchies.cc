#include "cgroups/hierarchies.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cgroups/device_program.h"
#include "cgroups/kernel_tree.h"
#include "util/files.h"

namespace reeve::cgroups {
namespace {

// mountinfo writes blank, tab, newline and backslash as three octal digits (proc(5)).
std::string Unescape(absl::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    bool octal = text[i] == '\\' && i + 3 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '3';
    for (size_t k = 2; octal && k <= 3; ++k) octal = text[i + k] >= '0' && text[i + k] <= '7';
    if (!octal) {
      result += text[i];
      continue;
    }
    result += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
    i += 3;
  }
  return result;
}

bool IsController(absl::string_view option) {
  static constexpr absl::string_view kNames[] = {"cpu",     "cpuacct", "cpuset", "memory",     "devices",
                                                 "freezer", "net_cls", "blkio",  "perf_event", "net_prio",
                                                 "hugetlb", "pids",    "rdma",   "misc",       "debug"};
  return std::find(std::begin(kNames), std::end(kNames), option) != std::end(kNames) ||
         absl::StartsWith(option, "name=");
}

// One line of mountinfo; nothing when it is another file system.
absl::StatusOr<std::optional<Hierarchy>> ParseMount(absl::string_view line) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
  const auto separator = std::find(fields.begin(), fields.end(), "-");
  if (fields.size() < 7 || separator == fields.end() || fields.end() - separator < 4) {
    return absl::InvalidArgumentError(absl::StrCat("malformed line in mountinfo: \"", line, "\""));
  }
  const absl::string_view type = separator[1];
  if (type != "cgroup" && type != "cgroup2") return std::nullopt;
  Hierarchy hierarchy;
  hierarchy.version = type == "cgroup2" ? 2 : 1;
  hierarchy.root = Unescape(fields[3]);
  hierarchy.mount_point = Unescape(fields[4]);
  if (hierarchy.version == 1) {
    for (absl::string_view option : absl::StrSplit(separator[3], ',')) {
      if (IsController(option)) hierarchy.controllers.emplace_back(option);
    }
  }
  return hierarchy;
}

bool SameControllers(const Hierarchy& one, const Hierarchy& other) {
  return std::is_permutation(one.controllers.begin(), one.controllers.end(), other.controllers.begin(),
                             other.controllers.end());
}

struct KernelController {
  int hierarchy_id = 0;
  bool enabled = false;
};

absl::StatusOr<std::map<std::string, KernelController>> ParseControllers(absl::string_view text) {
  std::map<std::string, KernelController> result;
  for (absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    if (line[0] == '#') continue;
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::ByAnyChar("\t "), absl::SkipEmpty());
    KernelController controller;
    if (fields.size() != 4 || !absl::SimpleAtoi(fields[1], &controller.hierarchy_id)) {
      return absl::InvalidArgumentError(absl::StrCat("malformed line in /proc/cgroups: \"", line, "\""));
    }
    controller.enabled = fields[3] == "1";
    result[std::string(fields[0])] = controller;
  }
  return result;
}

std::string WhyMissing(Controller controller, const std::map<std::string, KernelController>& known,
                       absl::string_view self_cgroup, bool unified) {
  const std::string name(Name(controller));
  const auto found = known.find(name);
  if (found != known.end() && !found->second.enabled) {
    return absl::StrCat("the kernel was started with cgroup_disable=", name);
  }
  for (absl::string_view line : absl::StrSplit(self_cgroup, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    const std::vector<absl::string_view> names = absl::StrSplit(fields[1], ',');
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      return "it belongs to a v1 hierarchy that is not mounted here";
    }
  }
  if (found == known.end() && !unified) return "the kernel does not have it";
  if (unified && controller == Controller::kDevices) {
    return "no v1 hierarchy has it and the kernel has no BPF device programs";
  }
  if (unified && controller == Controller::kNetCls) return "no v1 hierarchy has it and version 2 does not know it";
  if (unified) return "no v1 hierarchy has it and the v2 hierarchy does not offer it";
  return "no hierarchy that has it is mounted";
}

// Where `controller` is among the mounted hierarchies; v1 wins, as a controller is bound to one hierarchy only.
int Locate(Controller controller, const std::vector<Hierarchy>& all, int unified,
           const std::vector<std::string>& unified_controllers, bool device_programs) {
  // Some are better in v2, and are so preferred also where the v1 controller is there too: cgroup.freeze notifies, and
  // what it has frozen can be killed; a device program is replaced in one step.
  if (controller == Controller::kFreezer && unified >= 0) return unified;
  if (controller == Controller::kDevices && unified >= 0 && device_programs) return unified;
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& names = all[i].controllers;
    if (all[i].version == 1 && std::find(names.begin(), names.end(), Name(controller)) != names.end()) {
      return static_cast<int>(i);
    }
  }
  if (unified < 0) return -1;
  // They belong to every group; perf_event leaves v2 only for a v1 hierarchy, which then is mounted elsewhere.
  if (controller == Controller::kCpuacct || controller == Controller::kPerfEvent) return unified;
  const bool offered = std::find(unified_controllers.begin(), unified_controllers.end(), UnifiedName(controller)) !=
                       unified_controllers.end();
  return offered ? unified : -1;
}

}  // namespace

absl::string_view Name(Controller controller) {
  switch (controller) {
    case Controller::kMemory:
      return "memory";
    case Controller::kCpu:
      return "cpu";
    case Controller::kCpuacct:
      return "cpuacct";
    case Controller::kFreezer:
      return "freezer";
    case Controller::kDevices:
      return "devices";
    case Controller::kPids:
      return "pids";
    case Controller::kCpuset:
      return "cpuset";
    case Controller::kBlkio:
      return "blkio";
    case Controller::kHugetlb:
      return "hugetlb";
    case Controller::kNetCls:
      return "net_cls";
    case Controller::kPerfEvent:
      return "perf_event";
  }
  return "unknown";
}

absl::string_view UnifiedName(Controller controller) {
  return controller == Controller::kBlkio ? "io" : Name(controller);
}

absl::StatusOr<Hierarchies> Hierarchies::Parse(const Texts& texts) {
  return Create(texts, nullptr);
}

absl::StatusOr<Hierarchies> Hierarchies::Create(const Texts& texts, std::shared_ptr<Tree> tree) {
  auto data = std::make_shared<Data>();
  for (absl::string_view line : absl::StrSplit(texts.mountinfo, '\n', absl::SkipEmpty())) {
    absl::StatusOr<std::optional<Hierarchy>> mount = ParseMount(line);
    if (!mount.ok()) return mount.status();
    if (!mount->has_value()) continue;
    // The same hierarchy may be mounted at several places. The last mount counts, since it may cover those before; but
    // one that shows only a part of the hierarchy does not count where another shows all.
    const auto same = std::find_if(data->all.begin(), data->all.end(), [&](const Hierarchy& other) {
      return other.version == (*mount)->version && SameControllers(other, **mount);
    });
    if (same == data->all.end()) {
      data->all.push_back(*std::move(*mount));
    } else if ((*mount)->root == "/" || same->root != "/") {
      *same = *std::move(*mount);
    }
  }
  for (size_t i = 0; i < data->all.size(); ++i) {
    if (data->all[i].version == 2) data->unified = static_cast<int>(i);
  }
  const auto known = ParseControllers(texts.cgroups);
  if (!known.ok()) return known.status();
  if (data->all.empty()) {
    return absl::FailedPreconditionError("no control group hierarchy is mounted on this host");
  }
  const std::vector<std::string> offered =
      absl::StrSplit(texts.unified_controllers, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  if (data->unified >= 0) data->all[data->unified].controllers = offered;

  auto use = [&](int hierarchy) {
    if (std::find(data->used.begin(), data->used.end(), hierarchy) == data->used.end()) data->used.push_back(hierarchy);
  };
  if (data->unified >= 0) use(data->unified);
  for (Controller controller : kAllControllers) {
    Placement& placement = data->placements[static_cast<int>(controller)];
    placement.hierarchy = Locate(controller, data->all, data->unified, offered, texts.device_programs);
    if (placement.hierarchy < 0) {
      placement.missing = WhyMissing(controller, *known, texts.self_cgroup, data->unified >= 0);
      continue;
    }
    placement.version = data->all[placement.hierarchy].version;
    use(placement.hierarchy);
  }
  if (data->unified < 0) {
    for (size_t i = 0; i < data->all.size(); ++i) {
      const auto& names = data->all[i].controllers;
      if (std::find(names.begin(), names.end(), "name=systemd") != names.end()) use(static_cast<int>(i));
    }
  }
  Hierarchies result;
  result.data_ = std::move(data);
  result.tree_ = std::move(tree);
  return result;
}

absl::StatusOr<Hierarchies::Texts> Hierarchies::ReadTexts() {
  Texts texts;
  struct Source {
    const char* path;
    std::string* text;
  };
  for (const Source& source :
       {Source{"/proc/self/mountinfo", &texts.mountinfo}, Source{"/proc/cgroups", &texts.cgroups},
        Source{"/proc/self/cgroup", &texts.self_cgroup}}) {
    absl::StatusOr<std::string> text = util::ReadFile(source.path, 16 << 20);
    if (!text.ok()) return text.status();
    *source.text = *std::move(text);
  }
  absl::StatusOr<Hierarchies> mounts = Parse(texts);
  if (!mounts.ok()) return mounts.status();
  if (mounts->unified() >= 0) {
    absl::StatusOr<std::string> offered =
        util::ReadFile(absl::StrCat(mounts->all()[mounts->unified()].mount_point, "/cgroup.controllers"));
    if (!offered.ok()) return offered.status();
    texts.unified_controllers = *std::move(offered);
    const util::UniqueFd root(
        ::open(mounts->all()[mounts->unified()].mount_point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    texts.device_programs = root && SupportsDevicePrograms(root.get());
  }
  return texts;
}

absl::StatusOr<Hierarchies> Hierarchies::Open(const Texts& texts) {
  absl::StatusOr<Hierarchies> mounts = Parse(texts);
  if (!mounts.ok()) return mounts.status();
  absl::StatusOr<std::shared_ptr<Tree>> tree = OpenKernelTree(mounts->all());
  if (!tree.ok()) return tree.status();
  return Create(texts, *std::move(tree));
}

absl::StatusOr<Hierarchies> Hierarchies::Detect() {
  absl::StatusOr<Texts> texts = ReadTexts();
  if (!texts.ok()) return texts.status();
  return Open(*texts);
}

absl::string_view Hierarchies::Mode() const {
  if (unified() < 0) return "v1";
  for (int hierarchy : used()) {
    if (all()[hierarchy].version == 1) return "hybrid";
  }
  return "v2";
}

std::string Hierarchies::Describe() const {
  std::string line(Mode());
  for (Controller controller : kAllControllers) {
    const Placement& placement = Find(controller);
    absl::StrAppend(&line, ", ", Name(controller), " ");
    if (placement.hierarchy < 0) {
      absl::StrAppend(&line, "missing (", placement.missing, ")");
    } else {
      absl::StrAppend(&line, "v", placement.version, " at ", all()[placement.hierarchy].mount_point);
    }
  }
  return line;
}

}  // namespace reeve::cgroups
