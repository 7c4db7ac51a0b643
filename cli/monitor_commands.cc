#include "cli/monitor_commands.h"

#include <google/protobuf/text_format.h>
#include <poll.h>

#include <cerrno>
#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/domain_changes.h"
#include "cli/list_command.h"
#include "cli/statistics_text.h"
#include "cli/table.h"
#include "cli/text.h"
#include "util/errno.h"

namespace reeve::cli {
namespace {

struct Part {
  const char* option;
  v1::StatisticsPart part;
  const char* help;
};
constexpr Part kParts[] = {{"cpu-total", v1::STATISTICS_PART_CPU, "CPU time"},
                           {"balloon", v1::STATISTICS_PART_MEMORY, "memory"},
                           {"tasks", v1::STATISTICS_PART_TASKS, "processes"},
                           {"block", v1::STATISTICS_PART_BLOCK, "block devices"},
                           {"interface", v1::STATISTICS_PART_INTERFACE, "network interfaces"},
                           {"pressure", v1::STATISTICS_PART_PRESSURE, "how much its processes wait"}};

template <typename Request>
void SetParts(const Arguments& arguments, Request* request) {
  for (const Part& part : kParts) {
    if (arguments.Has(part.option)) request->add_statistics(part.part);
  }
}

// The statistics of one domain that runs.
absl::StatusOr<v1::DomainStatistics> Sample(Context& context, const std::string& argument, v1::StatisticsPart part) {
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return name.status();
  v1::GetDomainRequest request;
  request.set_name(*name);
  request.set_view(v1::DOMAIN_VIEW_STATS);
  request.add_statistics(part);
  auto domain = context.Call(methods::kGetDomain, std::move(request));
  if (!domain.ok()) return domain.status();
  if (!domain->has_statistics()) return absl::FailedPreconditionError("domain is not running");
  return domain->statistics();
}

int PrintSample(Context& context, const Arguments& arguments, v1::StatisticsPart part, const std::string& failure,
                const std::function<std::string(const v1::DomainStatistics&)>& format) {
  const std::string argument = arguments.Get("domain");
  auto statistics = Sample(context, argument, part);
  if (!statistics.ok()) return FailDomain(context, failure, argument, statistics.status());
  if (context.json()) return context.PrintJson(*statistics);
  const std::string text = format(*statistics);
  if (text.empty()) return context.Fail(failure, absl::NotFoundError("there is no such device"));
  context.output().Print(absl::StrCat(text, "\n"));
  return kExitOk;
}

int CpuStats(Context& context, const Arguments& arguments) {
  int start = 0;
  int count = -1;
  if (arguments.Has("start") && (!absl::SimpleAtoi(arguments.Get("start"), &start) || start < 0)) {
    return BadOption(context, "--start", "is not a number from 0");
  }
  if (arguments.Has("count") && (!absl::SimpleAtoi(arguments.Get("count"), &count) || count < 0)) {
    return BadOption(context, "--count", "is not a number from 0");
  }
  return PrintSample(context, arguments, v1::STATISTICS_PART_CPU, "Failed to get CPU statistics",
                     [&](const v1::DomainStatistics& statistics) {
                       return CpuStatisticsText(statistics, arguments.Has("total"), start, count);
                     });
}

int DomMemStat(Context& context, const Arguments& arguments) {
  return PrintSample(context, arguments, v1::STATISTICS_PART_MEMORY,
                     absl::StrCat("Failed to get memory statistics for domain ", arguments.Get("domain")),
                     MemoryStatisticsText);
}

int DomBlkStat(Context& context, const Arguments& arguments) {
  const std::string device = arguments.Get("device");
  return PrintSample(
      context, arguments, v1::STATISTICS_PART_BLOCK,
      absl::StrCat("Failed to get block stats for domain '", arguments.Get("domain"), "' device '", device, "'"),
      [&](const v1::DomainStatistics& statistics) { return BlockStatisticsText(statistics, device); });
}

int DomIfStat(Context& context, const Arguments& arguments) {
  const std::string interface = arguments.Get("interface");
  return PrintSample(
      context, arguments, v1::STATISTICS_PART_INTERFACE,
      absl::StrCat("Failed to get interface stats ", arguments.Get("domain"), " ", interface),
      [&](const v1::DomainStatistics& statistics) { return InterfaceStatisticsText(statistics, interface); });
}

// The rounds of a stream, as they come.
int WatchStatistics(Context& context, v1::WatchStatisticsRequest request) {
  const std::string failure = "Failed to watch statistics";
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  if (request.parent().empty()) request.set_parent((*connection)->Hypervisor());
  auto stream = (*connection)->Start(methods::kWatchStatistics, request);
  if (!stream.ok()) return context.Fail(failure, stream.status());
  v1::WatchStatisticsResponse response;
  while (true) {
    switch ((*stream)->Take(&response)) {
      case client::Taken::kMessage:
        if (context.json()) {
          (void)context.PrintJson(response);
        } else {
          for (v1::DomainSample& sample : *response.mutable_samples()) {
            v1::Domain domain;
            domain.set_name(sample.name());
            domain.mutable_status()->set_state(sample.state());
            domain.mutable_statistics()->Swap(sample.mutable_statistics());
            context.output().Print(absl::StrCat(DomainStatisticsText(domain), "\n"));
          }
        }
        continue;
      case client::Taken::kEnded:
        if ((*stream)->status().ok()) return kExitOk;
        return context.Fail(failure, (*stream)->status());
      case client::Taken::kNothing:
        break;
    }
    if (absl::Status status = context.output().Flush(); !status.ok()) return kExitFailed;
    pollfd polled[2] = {{(*stream)->ready_fd(), POLLIN, 0}, {context.interrupt_fd(), POLLIN, 0}};
    if (::poll(polled, 2, -1) < 0 && errno != EINTR) return context.Fail(failure, util::ErrnoStatus("poll"));
    if (polled[1].revents != 0) return kExitInterrupted;
  }
}

int Domstats(Context& context, const Arguments& arguments) {
  const std::string failure = "Failed to get domain statistics";
  if (arguments.Has("interval")) {
    v1::WatchStatisticsRequest request;
    auto interval = ParseSeconds(arguments.Get("interval"));
    if (!interval.ok()) return BadOption(context, "--interval", interval.status().message());
    const int64_t nanoseconds = absl::ToInt64Nanoseconds(*interval);
    request.mutable_interval()->set_seconds(nanoseconds / 1000000000);
    request.mutable_interval()->set_nanos(static_cast<int32_t>(nanoseconds % 1000000000));
    uint32_t rounds = 0;
    if (arguments.Has("rounds") && !absl::SimpleAtoi(arguments.Get("rounds"), &rounds)) {
      return BadOption(context, "--rounds", "is not a number");
    }
    request.set_rounds(rounds);
    SetParts(arguments, &request);
    if (arguments.All("domain").size() > 1) return BadOption(context, "--interval", "is for one domain or for all");
    if (arguments.Has("domain")) {
      auto name = ResolveDomain(context, arguments.Get("domain"));
      if (!name.ok()) return FailDomain(context, failure, arguments.Get("domain"), name.status());
      request.set_parent(*name);
    }
    return WatchStatistics(context, std::move(request));
  }
  v1::ListDomainsResponse result;
  if (arguments.Has("domain")) {
    for (const std::string& argument : arguments.All("domain")) {
      auto name = ResolveDomain(context, argument);
      if (!name.ok()) return FailDomain(context, failure, argument, name.status());
      v1::GetDomainRequest request;
      request.set_name(*name);
      request.set_view(v1::DOMAIN_VIEW_STATS);
      SetParts(arguments, &request);
      auto domain = context.Call(methods::kGetDomain, std::move(request));
      if (!domain.ok()) return FailDomain(context, failure, argument, domain.status());
      *result.add_domains() = *std::move(domain);
    }
  } else {
    v1::ListDomainsRequest request;
    request.set_view(v1::DOMAIN_VIEW_STATS);
    SetParts(arguments, &request);
    auto all = ListAll(context, std::move(request));
    if (!all.ok()) return context.Fail(failure, all.status());
    result = *std::move(all);
  }
  if (context.json()) return context.PrintJson(result);
  for (const v1::Domain& domain : result.domains()) {
    context.output().Print(absl::StrCat(DomainStatisticsText(domain), "\n"));
  }
  return kExitOk;
}

const char* TypeWord(v1::Interface::Type type) {
  switch (type) {
    case v1::Interface::TYPE_BRIDGE:
      return "bridge";
    case v1::Interface::TYPE_NETWORK:
      return "network";
    case v1::Interface::TYPE_DIRECT:
      return "direct";
    case v1::Interface::TYPE_ETHERNET:
      return "ethernet";
    default:
      return "other";
  }
}

std::string HostName(const v1::Domain& domain, const v1::Interface& interface) {
  for (const v1::InterfaceStatus& status : domain.status().interfaces()) {
    if (status.mac_address() == interface.mac_address() && !status.host_name().empty()) return status.host_name();
  }
  return interface.target_device().empty() ? "-" : interface.target_device();
}

// A domain with the devices that it has now: while it runs those may be others than its definition's.
absl::StatusOr<v1::Domain> GetWithPresentDevices(Context& context, const std::string& argument) {
  auto domain = GetDomain(context, argument, v1::DOMAIN_VIEW_FULL);
  if (!domain.ok() || !domain->status().updated()) return domain;
  v1::ExportDomainRequest request;
  request.set_name(domain->name());
  request.set_format(v1::Document::FORMAT_TEXTPROTO);
  auto document = context.Call(methods::kExportDomain, std::move(request));
  if (!document.ok()) return document.status();
  v1::Domain present;
  if (!google::protobuf::TextFormat::ParseFromString(document->text(), &present)) {
    return absl::InternalError("the daemon's document of the domain cannot be read");
  }
  domain->mutable_spec()->Swap(present.mutable_spec());
  return domain;
}

int DomIfList(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  auto domain = GetWithPresentDevices(context, argument);
  if (!domain.ok()) return FailDomain(context, "Failed to get domain interfaces", argument, domain.status());
  if (context.json()) return context.PrintJson(domain->spec().devices());
  Table table({"Interface", "Type", "Source", "Model", "MAC"});
  for (const v1::Interface& interface : domain->spec().devices().interfaces()) {
    table.AddRow({HostName(*domain, interface), TypeWord(interface.type()),
                  interface.source().empty() ? "-" : interface.source(),
                  interface.model().empty() ? "-" : interface.model(), interface.mac_address()});
  }
  context.output().Print(absl::StrCat(table.Format(context.output().color(), !context.options().quiet), "\n"));
  return kExitOk;
}

int DomBlkList(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  auto domain = GetWithPresentDevices(context, argument);
  if (!domain.ok()) return FailDomain(context, "Failed to get domain disks", argument, domain.status());
  if (context.json()) return context.PrintJson(domain->spec().devices());
  Table table({"Target", "Source"});
  for (const v1::Disk& disk : domain->spec().devices().disks()) {
    table.AddRow({disk.target_device(), disk.source().empty() ? "-" : disk.source()});
  }
  context.output().Print(absl::StrCat(table.Format(context.output().color(), !context.options().quiet), "\n"));
  return kExitOk;
}

int DomIfAddr(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to query for interfaces addresses of domain '", argument, "'");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::ListInterfaceAddressesRequest request;
  request.set_name(*name);
  auto response = context.Call(methods::kListInterfaceAddresses, std::move(request));
  if (!response.ok()) return FailDomain(context, failure, argument, response.status());
  if (context.json()) return context.PrintJson(*response);
  Table table({"Name", "MAC address", "Protocol", "Address"});
  for (const v1::GuestInterface& interface : response->interfaces()) {
    const bool loopback = interface.mac_address().empty() && interface.name() == "lo";
    if (loopback && !arguments.Has("full")) continue;
    for (const std::string& address : interface.addresses()) {
      table.AddRow({interface.name(), interface.mac_address().empty() ? "-" : interface.mac_address(),
                    absl::StrContains(address, ":") ? "ipv6" : "ipv4", address});
    }
  }
  context.output().Print(absl::StrCat(table.Format(context.output().color(), !context.options().quiet), "\n"));
  return kExitOk;
}

int DomHostname(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = "Failed to get domain hostname";
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  v1::GetHostnameRequest request;
  request.set_name(*name);
  auto response = context.Call(methods::kGetHostname, std::move(request));
  if (!response.ok()) return FailDomain(context, failure, argument, response.status());
  if (context.json()) return context.PrintJson(*response);
  context.output().Print(absl::StrCat(Escape(response->hostname()), "\n\n"));
  return kExitOk;
}

std::vector<Option> DomstatsOptions() {
  Option domains = DomainArgument(Completion::kDomain);
  domains.required = false;
  domains.repeated = true;
  std::vector<Option> options = {domains};
  for (const Part& part : kParts) options.push_back(Flag(part.option, part.help));
  options.push_back(Value("interval", "SECONDS", "again and again, until Ctrl-C"));
  options.push_back(Value("rounds", "NUMBER", "with --interval: so many times"));
  return options;
}

}  // namespace

CommandGroup MonitorCommands() {
  const Option domain = DomainArgument(Completion::kDomain);
  const Option active = DomainArgument(Completion::kActiveDomain);
  Option device = Argument("device", "DEVICE", "target or name of a block device; all together without it",
                           Completion::kNone);
  device.required = false;
  return {
      "Monitoring",
      {
          {.name = "domstats",
           .summary = "show what domains use",
           .description = "Without a domain: all of them, in one call. Without options: everything.",
           .examples = "reeve domstats web1\nreeve domstats --cpu-total --interval 5\nreeve -o json domstats",
           .options = DomstatsOptions(),
           .run = Domstats},
          {.name = "cpu-stats",
           .summary = "show the CPU time of a domain",
           .options = {active, Flag("total", "the total only"), Value("start", "CPU", "from this CPU on"),
                       Value("count", "NUMBER", "so many CPUs")},
           .run = CpuStats},
          {.name = "dommemstat",
           .summary = "show the memory use of a domain, KiB",
           .options = {active},
           .run = DomMemStat},
          {.name = "domblkstat",
           .summary = "show reads and writes of a domain",
           .options = {active, device},
           .run = DomBlkStat},
          {.name = "domifstat",
           .summary = "show the traffic of a network interface",
           .options = {active, Argument("interface", "INTERFACE", "name of the host's end, or MAC address",
                                        Completion::kNone)},
           .run = DomIfStat},
          {.name = "domiflist", .summary = "list network interfaces", .options = {domain}, .run = DomIfList},
          {.name = "domblklist", .summary = "list disks", .options = {domain}, .run = DomBlkList},
          {.name = "domifaddr",
           .summary = "list the addresses of a guest",
           .options = {active, Flag("full", "also those of the loopback interface")},
           .run = DomIfAddr},
          {.name = "domhostname",
           .summary = "show the host name of a guest",
           .options = {active},
           .run = DomHostname},
      }};
}

}  // namespace reeve::cli
