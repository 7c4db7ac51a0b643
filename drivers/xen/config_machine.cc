// Identity, memory, processors, clock, boot and switches of a domain.
#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "drivers/xen/config_sections.h"
#include "formats/number_set.h"

namespace reeve::xen {
namespace {

// Xen takes at most so many virtual CPUs of a domain (HVM_MAX_VCPUS is 128, PV takes 8192; libxenlight's lists are ours
// to bound).
constexpr uint32_t kMaximumProcessors = 4096;
constexpr uint32_t kLocalDistance = 10;   // ACPI 6.4, 5.2.17: SLIT
constexpr uint32_t kRemoteDistance = 20;  // what libvirt takes for nodes without a distance

void Set(const ConfigContext& context, libxl_defbool* field, bool value) {
  context.library.libxl_defbool_set(field, value);
}

libxl_bitmap BitmapOf(const ConfigContext& context, const std::set<uint32_t>& numbers) {
  libxl_bitmap map = MakeBitmap(static_cast<int>(*numbers.rbegin()) + 1);
  for (uint32_t number : numbers) context.library.libxl_bitmap_set(&map, static_cast<int>(number));
  return map;
}

// The CPUs that are there at start: those that are enabled one by one, or the first `current`.
std::set<uint32_t> ProcessorsAtStart(const v1::DomainSpec& spec, uint32_t count) {
  std::set<uint32_t> online;
  for (const v1::Vcpu& vcpu : spec.individual_vcpus()) {
    if (vcpu.enabled() && vcpu.id() < count) online.insert(vcpu.id());
  }
  if (!online.empty()) return online;
  const uint32_t current = spec.cpu_placement().has_current() ? std::min(spec.cpu_placement().current(), count) : count;
  for (uint32_t id = 0; id < current; ++id) online.insert(id);
  return online;
}

void SetPins(const ConfigContext& context, uint32_t count) {
  const v1::DomainSpec& spec = context.spec;
  std::optional<std::set<uint32_t>> all;
  if (!spec.cpu_placement().cpuset().empty()) {
    all = formats::ParseNumberSet(spec.cpu_placement().cpuset());
    if (!all) return context.violations->Invalid("cpu_placement.cpuset", "is no set of CPUs");
  }
  if (!all && spec.cpu_tuning().vcpu_pins().empty()) return;
  std::vector<std::optional<std::set<uint32_t>>> pins(count, all);
  for (int i = 0; i < spec.cpu_tuning().vcpu_pins_size(); ++i) {
    const v1::CpuPin& pin = spec.cpu_tuning().vcpu_pins(i);
    const std::string field = absl::StrCat("cpu_tuning.vcpu_pins[", i, "]");
    const auto set = formats::ParseNumberSet(pin.cpuset());
    if (!set) {
      context.violations->Invalid(absl::StrCat(field, ".cpuset"), "is no set of CPUs");
    } else if (pin.id() < count) {
      pins[pin.id()] = set;
    }  // libvirt keeps pins of CPUs that may come later, and so do we
  }
  for (const auto& pin : pins) {
    libxl_bitmap* const map =
        AppendElement(&context.build().vcpu_hard_affinity, &context.build().num_vcpu_hard_affinity);
    // An empty map would bind a CPU to nothing: one that has no pin may run everywhere.
    if (pin) {
      *map = BitmapOf(context, *pin);
    } else {
      *map = MakeBitmap(1024);
      std::fill(map->map, map->map + map->size, uint8_t{0xff});
    }
  }
}

void SetNodes(const ConfigContext& context) {
  const auto& cells = context.spec.cpu().numa_cells();
  for (int i = 0; i < cells.size(); ++i) {
    const v1::NumaCell& cell = cells[i];
    const std::string field = absl::StrCat("cpu.numa_cells[", i, "]");
    libxl_vnode_info* const node = AppendElement(&context.build().vnuma_nodes, &context.build().num_vnuma_nodes);
    node->memkb = cell.memory_kib();
    if (!cell.memory_access().empty() || cell.has_discard()) {
      context.violations->Unsupported(field, "Xen has no access mode of a memory node");
    }
    if (!cell.cpus().empty()) {
      if (const auto cpus = formats::ParseNumberSet(cell.cpus())) {
        node->vcpus = BitmapOf(context, *cpus);
      } else {
        context.violations->Invalid(absl::StrCat(field, ".cpus"), "is no set of CPUs");
      }
    }
    const int own = static_cast<int>(cell.has_id() ? cell.id() : i);
    for (int other = 0; other < cells.size(); ++other) {
      uint32_t distance = other == own ? kLocalDistance : kRemoteDistance;
      for (const v1::NumaDistance& given : cell.distances()) {
        if (given.id() == static_cast<uint32_t>(other)) distance = given.value();
      }
      *AppendElement(&node->distances, &node->num_distances) = distance;
    }
  }
}

}  // namespace

int CapOf(const v1::CpuTuning& tuning) {
  constexpr uint64_t kDefaultPeriod = 100'000;  // DomainSpec.cpu_tuning.period_us
  if (!tuning.has_quota_us() || tuning.quota_us() < 0) return 0;
  const uint64_t period = tuning.period_us() > 0 ? tuning.period_us() : kDefaultPeriod;
  // Rounded up: 0 would be no limit. More than the scheduler's number holds is none either.
  const uint64_t percent = (static_cast<uint64_t>(tuning.quota_us()) * 100 + period - 1) / period;
  return percent > UINT16_MAX ? 0 : static_cast<int>(std::max<uint64_t>(percent, 1));
}

void SetIdentity(const ConfigContext& context) {
  const v1::OperatingSystem& os = context.spec.os();
  libxl_domain_create_info& info = context.config->c_info;
  const bool pvh = os.type() == "xenpvh" || os.machine() == "xenpvh";
  if (os.type() == "hvm") {
    info.type = LIBXL_DOMAIN_TYPE_HVM;
  } else if (pvh) {
    info.type = LIBXL_DOMAIN_TYPE_PVH;
  } else if (os.type() == "linux" || os.type() == "xen") {
    info.type = LIBXL_DOMAIN_TYPE_PV;
  } else {
    context.violations->Unsupported("os.type",
                                    absl::StrCat("'", os.type(), "' is not \"linux\", \"xen\", \"xenpvh\" or \"hvm\""));
    info.type = LIBXL_DOMAIN_TYPE_PV;
  }
  context.library.libxl_domain_build_info_init_type(&context.build(), info.type);
  info.name = CopyText(context.domain.name);
  if (context.library.libxl_uuid_from_string(&info.uuid, context.domain.uid.c_str()) != 0) {
    context.violations->Invalid("uid", "is no UUID");
  }
  const v1::Features& features = context.spec.features();
  if (features.has_hap() && !context.pv()) Set(context, &info.hap, features.hap());
  if (features.xen().has_passthrough()) {
    const std::string& mode = features.xen().passthrough_mode();
    info.passthrough = !features.xen().passthrough() ? LIBXL_PASSTHROUGH_DISABLED
                       : mode == "sync_pt"           ? LIBXL_PASSTHROUGH_SYNC_PT
                       : mode == "share_pt"          ? LIBXL_PASSTHROUGH_SHARE_PT
                                                     : LIBXL_PASSTHROUGH_ENABLED;
  }
}

void SetMemoryAndProcessors(const ConfigContext& context) {
  const v1::DomainSpec& spec = context.spec;
  libxl_domain_build_info& build = context.build();
  const uint32_t count = std::max<uint32_t>(spec.vcpus(), 1);
  if (count > kMaximumProcessors) return context.violations->Unsupported("vcpus", "more than 4096");
  build.max_vcpus = static_cast<int>(count);
  build.avail_vcpus = BitmapOf(context, ProcessorsAtStart(spec, count));
  if (spec.memory_kib() == 0) context.violations->Invalid("memory_kib", "is 0: a machine needs memory");
  build.max_memkb = spec.memory_kib();
  build.target_memkb = spec.has_current_memory_kib() ? spec.current_memory_kib() : spec.memory_kib();
  if (!context.pv()) {
    // For the page tables of a guest without hardware assisted paging.
    build.shadow_memkb = context.library.libxl_get_required_shadow_memory(build.max_memkb, count);
  }
  if (spec.cpu_tuning().has_shares()) {
    if (spec.cpu_tuning().shares() > 65535) {
      context.violations->Invalid("cpu_tuning.shares", "the weight of a domain is 1 to 65535 (xl(1), sched-credit)");
    } else {
      build.sched_params.weight = static_cast<int>(spec.cpu_tuning().shares());
    }
  }
  build.sched_params.cap = CapOf(spec.cpu_tuning());
  if (build.sched_params.cap == 0) build.sched_params.cap = LIBXL_DOMAIN_SCHED_PARAM_CAP_DEFAULT;
  SetPins(context, count);
  SetNodes(context);
}

void SetClock(const ConfigContext& context) {
  const v1::Clock& clock = context.spec.clock();
  libxl_domain_build_info& build = context.build();
  const std::string& offset = clock.offset();
  if (offset == "timezone" || offset == "absolute") {
    context.violations->Unsupported("clock.offset", absl::StrCat("Xen has no offset '", offset, "'"));
  }
  const bool local = offset == "localtime" || (offset == "variable" && clock.basis() == "localtime");
  if (local) Set(context, &build.localtime, true);
  if (!clock.adjustment().empty() && clock.adjustment() != "reset") {
    int64_t seconds = 0;
    if (!absl::SimpleAtoi(clock.adjustment(), &seconds) || seconds < std::numeric_limits<int32_t>::min() ||
        seconds > std::numeric_limits<int32_t>::max()) {
      context.violations->Invalid("clock.adjustment", "is no number of seconds that Xen can keep");
    } else {
      build.rtc_timeoffset = static_cast<uint32_t>(static_cast<int32_t>(seconds));
    }
  }
  for (int i = 0; i < clock.timers_size(); ++i) {
    const v1::ClockTimer& timer = clock.timers(i);
    const std::string field = absl::StrCat("clock.timers[", i, "]");
    if (timer.has_catch_up() || !timer.tick_policy().empty() || !timer.track().empty() || timer.has_frequency_hz()) {
      context.violations->Unsupported(field, "Xen's timers have no tick policy, track, frequency or catch-up");
    }
    if (timer.name() == "tsc") {
      build.tsc_mode = timer.mode() == "native"     ? LIBXL_TSC_MODE_NATIVE
                       : timer.mode() == "paravirt" ? LIBXL_TSC_MODE_NATIVE_PARAVIRT
                       : timer.mode() == "emulate"  ? LIBXL_TSC_MODE_ALWAYS_EMULATE
                                                    : LIBXL_TSC_MODE_DEFAULT;
      if (timer.mode() == "smpsafe") context.violations->Unsupported(absl::StrCat(field, ".mode"), "is not Xen's");
    } else if (timer.name() == "hpet" && context.hvm()) {
      if (timer.has_present()) Set(context, &build.u.hvm.hpet, timer.present());
    } else {
      context.violations->Unsupported(absl::StrCat(field, ".name"),
                                      absl::StrCat("such a domain has no timer '", timer.name(), "'"));
    }
  }
}

void SetBoot(const ConfigContext& context) {
  const v1::OperatingSystem& os = context.spec.os();
  libxl_domain_build_info& build = context.build();
  if (!os.kernel().empty()) build.kernel = CopyText(os.kernel());
  if (!os.initrd().empty()) build.ramdisk = CopyText(os.initrd());
  if (!os.command_line().empty()) build.cmdline = CopyText(os.command_line());
  if (os.has_bootloader() && !context.hvm()) {
    build.bootloader = CopyText(os.bootloader().empty() ? "pygrub" : os.bootloader());
    for (absl::string_view word :
         absl::StrSplit(os.bootloader_arguments(), absl::ByAnyChar(" \t\n"), absl::SkipEmpty()))
      build.bootloader_args = AppendText(build.bootloader_args, word);
  } else if (context.pv() && os.kernel().empty()) {
    build.bootloader = CopyText("pygrub");  // as libvirt: a PV guest without kernel brings its own on its first disk
  }
  if (!context.hvm()) {
    if (!os.boot_devices().empty()) context.violations->Unsupported("os.boot_devices", "are of HVM only");
    if (context.config->c_info.type == LIBXL_DOMAIN_TYPE_PVH && build.kernel == nullptr && build.bootloader == nullptr)
      context.violations->Invalid("os.kernel", "is missing: a PVH guest boots a kernel or by a boot loader");
    return;
  }
  if (os.has_bootloader()) context.violations->Unsupported("os.bootloader", "is of PV and PVH only");
  std::string order;
  for (int i = 0; i < os.boot_devices_size(); ++i) {
    const std::string& device = os.boot_devices(i);
    const char letter = device == "fd"        ? 'a'
                        : device == "hd"      ? 'c'
                        : device == "cdrom"   ? 'd'
                        : device == "network" ? 'n'
                                              : '\0';
    if (letter == '\0') {
      context.violations->Unsupported(absl::StrCat("os.boot_devices[", i, "]"), absl::StrCat("'", device, "'"));
    } else {
      order += letter;
    }
  }
  build.u.hvm.boot = CopyText(order.empty() ? "c" : order);
  const bool uefi = os.firmware() == "efi" || os.loader().type() == "pflash";
  if (os.loader().secure()) context.violations->Unsupported("os.loader.secure", "Xen has no secure boot");
  if (!os.nvram().empty() || !os.nvram_template().empty()) {
    context.violations->Unsupported("os.nvram", "Xen keeps no variables of the firmware");
  }
  if (uefi) {
    build.u.hvm.bios = LIBXL_BIOS_TYPE_OVMF;
    if (!os.loader().path().empty()) build.u.hvm.system_firmware = CopyText(os.loader().path());
  } else if (!os.loader().path().empty() && !absl::EndsWith(os.loader().path(), "/hvmloader")) {
    build.u.hvm.firmware = CopyText(os.loader().path());  // in place of hvmloader
  }
  if (!os.acpi_table().empty()) build.u.hvm.acpi_firmware = CopyText(os.acpi_table());
}

void SetFeatures(const ConfigContext& context) {
  const v1::Features& features = context.spec.features();
  libxl_domain_build_info& build = context.build();
  if (context.hvm()) {
    Set(context, &build.u.hvm.pae, features.pae());
    Set(context, &build.apic, features.apic());
    Set(context, &build.acpi, features.acpi());
    if (features.has_viridian()) Set(context, &build.u.hvm.viridian, features.viridian());
  } else if (!context.pv()) {
    if (features.has_apic()) Set(context, &build.apic, features.apic());
    if (features.has_acpi()) Set(context, &build.acpi, features.acpi());
  }
  if (features.has_viridian() && !context.hvm()) context.violations->Unsupported("features.viridian", "is of HVM only");
  if (features.has_apic_eoi()) context.violations->Unsupported("features.apic_eoi", "Xen has no such switch");
  if (features.xen().has_e820_host()) {
    if (context.pv()) {
      Set(context, &build.u.pv.e820_host, features.xen().e820_host());
    } else {
      context.violations->Unsupported("features.xen.e820_host", "is of PV only");
    }
  }
  if (context.spec.has_emulator_command_line()) {
    const v1::EmulatorCommandLine& line = context.spec.emulator_command_line();
    if (line.dialect() != "xen" || !line.environment().empty()) {
      context.violations->Unsupported("emulator_command_line", "is that of another hypervisor");
    }
    for (const std::string& argument : line.arguments()) build.extra = AppendText(build.extra, argument);
  }
}

void SetLifecycleActions(const ConfigContext& context) {
  const v1::LifecycleActions& actions = context.spec.lifecycle_actions();
  const auto action = [&](const std::string& field, const std::string& word, libxl_action_on_shutdown fallback) {
    static constexpr std::pair<absl::string_view, libxl_action_on_shutdown> kActions[] = {
        {"destroy", LIBXL_ACTION_ON_SHUTDOWN_DESTROY},
        {"restart", LIBXL_ACTION_ON_SHUTDOWN_RESTART},
        {"rename-restart", LIBXL_ACTION_ON_SHUTDOWN_RESTART_RENAME},
        {"preserve", LIBXL_ACTION_ON_SHUTDOWN_PRESERVE},
        {"coredump-destroy", LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_DESTROY},
        {"coredump-restart", LIBXL_ACTION_ON_SHUTDOWN_COREDUMP_RESTART},
    };
    if (word.empty()) return fallback;
    for (const auto& [name, value] : kActions) {
      if (name == word) return value;
    }
    context.violations->Unsupported(absl::StrCat("lifecycle_actions.", field), absl::StrCat("'", word, "'"));
    return fallback;
  };
  context.config->on_poweroff = action("on_poweroff", actions.on_poweroff(), LIBXL_ACTION_ON_SHUTDOWN_DESTROY);
  context.config->on_reboot = action("on_reboot", actions.on_reboot(), LIBXL_ACTION_ON_SHUTDOWN_RESTART);
  context.config->on_crash = action("on_crash", actions.on_crash(), LIBXL_ACTION_ON_SHUTDOWN_DESTROY);
}

}  // namespace reeve::xen
