#include "cli/tuning_commands.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/domain_changes.h"
#include "cli/vcpu_commands.h"

namespace reeve::cli {
namespace {

constexpr uint64_t kUnlimited = 9007199254740991;

std::string Limit(bool given, uint64_t value) {
  return given && value < kUnlimited ? absl::StrCat(value) : "unlimited";
}

// virsh's "name           : value".
std::string Line(const std::string& name, const std::string& value) {
  return absl::StrCat(name, std::string(name.size() < 15 ? 15 - name.size() : 0, ' '), ": ", value, "\n");
}

absl::StatusOr<v1::DomainTuning> GetTuning(Context& context, const Arguments& arguments) {
  auto name = ResolveDomain(context, arguments.Get("domain"));
  if (!name.ok()) return name.status();
  v1::GetTuningRequest request;
  request.set_name(*name);
  request.set_config(arguments.Has("config"));
  return context.Call(methods::kGetTuning, std::move(request));
}

// A limit of memory: a size, or -1 and "unlimited" for none.
absl::StatusOr<uint64_t> ParseLimit(const std::string& text) {
  if (text == "-1" || text == "unlimited") return kUnlimited;
  return ParseKibibytes(text);
}

int SetMemorySize(Context& context, const Arguments& arguments, bool maximum) {
  auto size = ParseKibibytes(arguments.Get("size"));
  if (!size.ok()) return BadOption(context, "SIZE", size.status().message());
  v1::SetMemoryRequest request;
  request.set_memory_kib(*size);
  request.set_maximum(maximum);
  return ChangeDomain(context, arguments, methods::kSetMemory, std::move(request),
                      absl::StrCat("Failed to set the ", maximum ? "maximum " : "", "memory of domain '",
                                   arguments.Get("domain"), "'"),
                      "");
}
int Setmem(Context& context, const Arguments& arguments) {
  return SetMemorySize(context, arguments, false);
}
int Setmaxmem(Context& context, const Arguments& arguments) {
  return SetMemorySize(context, arguments, true);
}

int Memtune(Context& context, const Arguments& arguments) {
  v1::SetMemoryParametersRequest request;
  v1::MemoryTuning& memory = *request.mutable_memory();
  bool set = false;
  const auto take = [&](const char* option, auto setter) -> absl::Status {
    if (!arguments.Has(option)) return absl::OkStatus();
    auto limit = ParseLimit(arguments.Get(option));
    if (!limit.ok()) return absl::InvalidArgumentError(absl::StrCat("--", option, ": ", limit.status().message()));
    set = true;
    (memory.*setter)(*limit);
    return absl::OkStatus();
  };
  absl::Status status = take("hard-limit", &v1::MemoryTuning::set_hard_limit_kib);
  if (status.ok()) status = take("soft-limit", &v1::MemoryTuning::set_soft_limit_kib);
  if (status.ok()) status = take("swap-hard-limit", &v1::MemoryTuning::set_swap_hard_limit_kib);
  if (!status.ok()) return BadOption(context, "memtune", status.message());
  if (set) {
    return ChangeDomain(context, arguments, methods::kSetMemoryParameters, std::move(request),
                        "Unable to change memory parameters", "");
  }
  auto tuning = GetTuning(context, arguments);
  if (!tuning.ok()) {
    return FailDomain(context, "Unable to get memory parameters", arguments.Get("domain"), tuning.status());
  }
  if (context.json()) return context.PrintJson(*tuning);
  const v1::MemoryTuning& present = tuning->memory();
  context.output().Print(absl::StrCat(
      Line("hard_limit", Limit(present.has_hard_limit_kib(), present.hard_limit_kib())),
      Line("soft_limit", Limit(present.has_soft_limit_kib(), present.soft_limit_kib())),
      Line("swap_hard_limit", Limit(present.has_swap_hard_limit_kib(), present.swap_hard_limit_kib())), "\n"));
  return kExitOk;
}

struct DeviceOption {
  const char* option;
  const char* name;
};
constexpr DeviceOption kDeviceOptions[] = {{"device-weights", "device_weight"},
                                           {"device-read-iops-sec", "device_read_iops_sec"},
                                           {"device-write-iops-sec", "device_write_iops_sec"},
                                           {"device-read-bytes-sec", "device_read_bytes_sec"},
                                           {"device-write-bytes-sec", "device_write_bytes_sec"}};

void SetDeviceValue(absl::string_view option, uint64_t value, v1::BlockDeviceTuning* device) {
  if (option == "device-weights") device->set_weight(static_cast<uint32_t>(value));
  if (option == "device-read-iops-sec") device->set_read_iops(static_cast<uint32_t>(value));
  if (option == "device-write-iops-sec") device->set_write_iops(static_cast<uint32_t>(value));
  if (option == "device-read-bytes-sec") device->set_read_bytes_per_second(value);
  if (option == "device-write-bytes-sec") device->set_write_bytes_per_second(value);
}

uint64_t DeviceValue(absl::string_view option, const v1::BlockDeviceTuning& device) {
  if (option == "device-weights") return device.weight();
  if (option == "device-read-iops-sec") return device.read_iops();
  if (option == "device-write-iops-sec") return device.write_iops();
  if (option == "device-read-bytes-sec") return device.read_bytes_per_second();
  return device.write_bytes_per_second();
}

// virsh's "/dev/sda,100,/dev/sdb,200".
absl::Status ParseDevices(absl::string_view option, const std::string& text, v1::BlockIoTuning* tuning) {
  const std::vector<std::string> parts = absl::StrSplit(text, ',');
  if (parts.size() % 2 != 0) return absl::InvalidArgumentError("it must be DEVICE,VALUE pairs divided by commas");
  for (size_t i = 0; i < parts.size(); i += 2) {
    uint64_t value = 0;
    const bool small = option != "device-read-bytes-sec" && option != "device-write-bytes-sec";
    if (!absl::SimpleAtoi(parts[i + 1], &value) || (small && value > UINT32_MAX)) {
      return absl::InvalidArgumentError(absl::StrCat("'", parts[i + 1], "' is not a number"));
    }
    v1::BlockDeviceTuning* device = nullptr;
    for (v1::BlockDeviceTuning& present : *tuning->mutable_devices()) {
      if (present.path() == parts[i]) device = &present;
    }
    if (device == nullptr) {
      device = tuning->add_devices();
      device->set_path(parts[i]);
    }
    SetDeviceValue(option, value, device);
  }
  return absl::OkStatus();
}

int Blkiotune(Context& context, const Arguments& arguments) {
  v1::SetBlockIoParametersRequest request;
  v1::BlockIoTuning& block_io = *request.mutable_block_io();
  bool set = false;
  if (arguments.Has("weight")) {
    uint32_t weight = 0;
    if (!absl::SimpleAtoi(arguments.Get("weight"), &weight)) return BadOption(context, "--weight", "is not a number");
    block_io.set_weight(weight);
    set = true;
  }
  for (const DeviceOption& option : kDeviceOptions) {
    if (!arguments.Has(option.option)) continue;
    absl::Status status = ParseDevices(option.option, arguments.Get(option.option), &block_io);
    if (!status.ok()) return BadOption(context, absl::StrCat("--", option.option), status.message());
    set = true;
  }
  if (set) {
    return ChangeDomain(context, arguments, methods::kSetBlockIoParameters, std::move(request),
                        "Unable to change blkio parameters", "");
  }
  auto tuning = GetTuning(context, arguments);
  if (!tuning.ok()) {
    return FailDomain(context, "Unable to get blkio parameters", arguments.Get("domain"), tuning.status());
  }
  if (context.json()) return context.PrintJson(*tuning);
  std::string text = Line("weight", absl::StrCat(tuning->block_io().weight()));
  for (const DeviceOption& option : kDeviceOptions) {
    std::string values;
    for (const v1::BlockDeviceTuning& device : tuning->block_io().devices()) {
      const uint64_t value = DeviceValue(option.option, device);
      if (value != 0) absl::StrAppend(&values, values.empty() ? "" : ",", device.path(), ",", value);
    }
    absl::StrAppend(&text, Line(option.name, values));
  }
  context.output().Print(absl::StrCat(text, "\n"));
  return kExitOk;
}

absl::Status TakeScheduling(absl::string_view assignment, v1::CpuTuning* cpu) {
  const std::vector<std::string> parts = absl::StrSplit(assignment, absl::MaxSplits('=', 1));
  int64_t value = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[1], &value)) {
    return absl::InvalidArgumentError(absl::StrCat("'", assignment, "' is not NAME=NUMBER"));
  }
  if (parts[0] == "cpu_shares" && value >= 0) {
    cpu->set_shares(static_cast<uint64_t>(value));
  } else if (parts[0] == "vcpu_period" && value >= 0) {
    cpu->set_period_us(static_cast<uint64_t>(value));
  } else if (parts[0] == "vcpu_quota") {
    cpu->set_quota_us(value);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("'", parts[0], "' is not one of cpu_shares, vcpu_period, vcpu_quota, or its value is negative"));
  }
  return absl::OkStatus();
}

int Schedinfo(Context& context, const Arguments& arguments) {
  v1::SetSchedulerParametersRequest request;
  std::vector<std::string> assignments = arguments.All("parameter");
  for (const std::string& more : arguments.All("set")) assignments.push_back(more);
  for (const std::string& assignment : assignments) {
    absl::Status status = TakeScheduling(assignment, request.mutable_cpu());
    if (!status.ok()) return BadOption(context, "schedinfo", status.message());
  }
  if (!assignments.empty()) {
    const int code = ChangeDomain(context, arguments, methods::kSetSchedulerParameters, std::move(request),
                                  "Unable to change scheduler parameters", "");
    if (code != kExitOk || context.json()) return code;
  }
  auto tuning = GetTuning(context, arguments);
  if (!tuning.ok()) {
    return FailDomain(context, "Unable to get scheduler parameters", arguments.Get("domain"), tuning.status());
  }
  if (context.json()) return context.PrintJson(*tuning);
  const v1::CpuTuning& cpu = tuning->cpu();
  context.output().Print(absl::StrCat(
      Line("Scheduler", tuning->scheduler().empty() ? "posix" : tuning->scheduler()),
      Line("cpu_shares", absl::StrCat(cpu.has_shares() ? cpu.shares() : 1024)),
      Line("vcpu_period", absl::StrCat(cpu.has_period_us() ? cpu.period_us() : 100000)),
      Line("vcpu_quota", absl::StrCat(cpu.has_quota_us() ? cpu.quota_us() : -1)), "\n"));
  return kExitOk;
}

// Shows one set of a placement, or sets it.
int Placement(Context& context, const Arguments& arguments, const char* option, const char* name, bool nodes) {
  if (arguments.Has(option)) {
    const std::string& set = arguments.Get(option);
    v1::SetPlacementRequest request;
    if (nodes) {
      request.set_nodeset(set == "all" ? "" : set);
    } else {
      request.set_cpuset(set == "all" ? "" : set);
    }
    return ChangeDomain(context, arguments, methods::kSetPlacement, std::move(request),
                        "Unable to change the placement", "");
  }
  auto tuning = GetTuning(context, arguments);
  if (!tuning.ok()) {
    return FailDomain(context, "Unable to get the placement", arguments.Get("domain"), tuning.status());
  }
  if (context.json()) return context.PrintJson(*tuning);
  const std::string& set = nodes ? tuning->nodeset() : tuning->cpuset();
  context.output().Print(absl::StrCat(Line(name, set.empty() ? "all" : set), "\n"));
  return kExitOk;
}
int Numatune(Context& context, const Arguments& arguments) {
  return Placement(context, arguments, "nodeset", "numa_nodeset", true);
}
int Cpuset(Context& context, const Arguments& arguments) {
  return Placement(context, arguments, "cpus", "cpuset", false);
}

std::vector<Option> BlkiotuneOptions() {
  std::vector<Option> options = {DomainArgument(Completion::kDomain),
                                 Value("weight", "NUMBER", "proportional weight, 10 to 1000; 0: the default")};
  for (const DeviceOption& option : kDeviceOptions) {
    options.push_back(Value(option.option, "DEVICE,NUMBER,...", "of block devices of the host; 0: none"));
  }
  return WithAffect(std::move(options));
}

}  // namespace

CommandGroup TuningCommands() {
  const Option domain = DomainArgument(Completion::kDomain);
  Option parameters = Argument("parameter", "NAME=NUMBER", "cpu_shares, vcpu_period or vcpu_quota", Completion::kNone);
  parameters.required = false;
  parameters.repeated = true;
  Option set = Value("set", "NAME=NUMBER", "the same");
  set.repeated = true;
  Option cpus = Argument("cpus", "CPUS", "CPUs of the host, \"0-3,^2\"; all: no limit", Completion::kNone);
  cpus.required = false;
  CommandGroup group = {
      "Limits",
      {
          {.name = "setmem",
           .summary = "set the memory of a domain",
           .examples = "reeve setmem web1 256M\nreeve setmem web1 256M --config",
           .options = WithAffect({domain, Argument("size", "SIZE", "KiB, or with a unit: 512M", Completion::kNone)}),
           .run = Setmem},
          {.name = "setmaxmem",
           .summary = "set the maximum of memory of a domain",
           .options = WithAffect({domain, Argument("size", "SIZE", "KiB, or with a unit: 512M", Completion::kNone)}),
           .run = Setmaxmem},
          {.name = "memtune",
           .summary = "show or set memory limits",
           .examples = "reeve memtune web1\nreeve memtune web1 --hard-limit 512M --live",
           .options = WithAffect({domain, Value("hard-limit", "SIZE", "beyond it processes are killed; -1: no limit"),
                                  Value("soft-limit", "SIZE", "what is reclaimed to under contention; -1: no limit"),
                                  Value("swap-hard-limit", "SIZE", "memory and swap together; -1: no limit")}),
           .run = Memtune},
          {.name = "blkiotune",
           .summary = "show or set weights and limits of block I/O",
           .examples = "reeve blkiotune web1 --device-read-bytes-sec /dev/sda,1048576",
           .options = BlkiotuneOptions(),
           .run = Blkiotune},
          {.name = "schedinfo",
           .summary = "show or set CPU scheduling",
           .examples = "reeve schedinfo web1\nreeve schedinfo web1 cpu_shares=2048 --live",
           .options = WithAffect({domain, parameters, set}),
           .run = Schedinfo},
          {.name = "cpuset",
           .summary = "show or set the CPUs that a domain runs on",
           .examples = "reeve cpuset web1\nreeve cpuset web1 0-1 --live --config",
           .options = WithAffect({domain, cpus}),
           .run = Cpuset},
          {.name = "numatune",
           .summary = "show or set the memory nodes that a domain uses",
           .examples = "reeve numatune web1 --nodeset 0",
           .options = WithAffect({domain, Value("nodeset", "NODES", "memory nodes of the host, \"0-1\"; all: no limit")}),
           .run = Numatune},
      }};
  for (Command& command : VcpuCommands()) group.commands.push_back(std::move(command));
  return group;
}

}  // namespace reeve::cli
