#include "cli/node_commands.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/context.h"
#include "cli/cpu_commands.h"
#include "cli/domains.h"
#include "cli/json.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/units.h"
#include "formats/domain_capabilities_xml.h"
#include "util/version.h"

namespace reeve::cli {
namespace {

constexpr size_t kNodeWidth = 21;  // virsh's

absl::StatusOr<v1::Hypervisor> GetHypervisor(Context& context) {
  auto connection = context.Connect();
  if (!connection.ok()) return connection.status();
  v1::GetHypervisorRequest request;
  request.set_name((*connection)->Hypervisor());
  return context.Call(methods::kGetHypervisor, std::move(request));
}

int Version(Context& context, const Arguments&) {
  auto version = context.Call(methods::kGetVersion, v1::GetVersionRequest());
  if (!version.ok()) return context.Fail("Failed to get the version", version.status());
  if (context.json()) return context.PrintJson(*version);
  auto hypervisor = GetHypervisor(context);
  if (!hypervisor.ok()) return context.Fail("Failed to get the hypervisor", hypervisor.status());
  KeyValues info(kNodeWidth);
  info.Add("Client", absl::StrCat("reeve ", util::kVersion));
  info.Add("Daemon", absl::StrCat("reeved ", version->daemon()));
  info.Add("API", version->api());
  info.Add("gRPC", version->grpc());
  info.Add("Running hypervisor", absl::StrCat(hypervisor->type(), " ", hypervisor->version()));
  context.output().Print(absl::StrCat(info.Format(context.output().color()), "\n"));
  return kExitOk;
}

int Hostname(Context& context, const Arguments&) {
  auto node = context.Call(methods::kGetNode, v1::GetNodeRequest());
  if (!node.ok()) return context.Fail("failed to get hostname", node.status());
  if (context.json()) return context.PrintJson(*node);
  context.output().Print(absl::StrCat(Escape(node->hostname()), "\n\n"));
  return kExitOk;
}

int Nodeinfo(Context& context, const Arguments&) {
  auto node = context.Call(methods::kGetNode, v1::GetNodeRequest());
  if (!node.ok()) return context.Fail("failed to get node information", node.status());
  if (context.json()) return context.PrintJson(*node);
  KeyValues info(kNodeWidth);
  info.Add("CPU model", node->cpu_model());
  info.Add("CPU(s)", absl::StrCat(node->cpus()));
  if (node->cpu_mhz() != 0) info.Add("CPU frequency", absl::StrCat(node->cpu_mhz(), " MHz"));
  info.Add("CPU socket(s)", absl::StrCat(node->sockets_per_cell()));
  info.Add("Core(s) per socket", absl::StrCat(node->cores_per_socket()));
  info.Add("Thread(s) per core", absl::StrCat(node->threads_per_core()));
  info.Add("NUMA cell(s)", absl::StrCat(node->numa_cells()));
  info.Add("Memory size", absl::StrCat(node->memory_kib(), " KiB"));
  info.Add("Memory available", absl::StrCat(node->memory_available_kib(), " KiB"));
  info.Add("Kernel", node->kernel());
  info.Add("Uptime", absl::FormatDuration(absl::Seconds(node->uptime_seconds())));
  context.output().Print(absl::StrCat(info.Format(context.output().color()), "\n"));
  return kExitOk;
}

int ControlGroups(Context& context, const Arguments&) {
  auto groups = context.Call(methods::kGetControlGroups, v1::GetControlGroupsRequest());
  if (!groups.ok()) return context.Fail("failed to get the control groups", groups.status());
  if (context.json()) return context.PrintJson(*groups);
  KeyValues info(kNodeWidth);
  info.Add("Control groups", groups->mode());
  info.Add("systemd is init", groups->systemd() ? "yes" : "no");
  for (const v1::HostPressure& pressure : groups->pressures()) {
    info.Add(absl::StrCat("Pressure, ", pressure.resource()),
             absl::StrFormat("%.2f %.2f %.2f %%", pressure.some_average_10(), pressure.some_average_60(),
                             pressure.some_average_300()));
  }
  if (!groups->no_pressure_reason().empty()) info.Add("Pressure", absl::StrCat("none: ", groups->no_pressure_reason()));
  Table table({"Controller", "Version", "Mounted at", "Files"});
  for (const v1::ControlGroupController& controller : groups->controllers()) {
    if (controller.version() == 0) {
      table.AddRow(
          {controller.name(), "-", {absl::StrCat("missing: ", controller.missing_reason()), Style::kWarning}, ""});
    } else {
      table.AddRow({controller.name(), absl::StrCat("v", controller.version()), controller.mount_point(),
                    absl::StrCat(controller.files_size())});
    }
  }
  context.output().Print(absl::StrCat(info.Format(context.output().color()), "\n",
                                      table.Format(context.output().color(), !context.options().quiet), "\n"));
  return kExitOk;
}

int Capabilities(Context& context, const Arguments&) {
  const std::string failure = "failed to get capabilities";
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  v1::GetCapabilitiesRequest request;
  request.set_name((*connection)->Hypervisor());
  auto capabilities = context.Call(methods::kGetCapabilities, std::move(request));
  if (!capabilities.ok()) return context.Fail(failure, capabilities.status());
  if (context.json()) return context.PrintJson(*capabilities);
  context.output().Print(absl::StrCat(capabilities->xml(), "\n"));
  return kExitOk;
}

absl::StatusOr<v1::Capabilities> GetDomainCapabilities(Context& context, v1::GetDomainCapabilitiesRequest request) {
  auto connection = context.Connect();
  if (!connection.ok()) return connection.status();
  request.set_name((*connection)->Hypervisor());
  return context.Call(methods::kGetDomainCapabilities, std::move(request));
}

int MaxVcpus(Context& context, const Arguments& arguments) {
  const std::string failure = "failed to get the maximum of virtual CPUs";
  v1::GetDomainCapabilitiesRequest request;
  request.set_domain_type(arguments.Get("type"));
  request.set_machine(arguments.Get("machine"));
  auto document = GetDomainCapabilities(context, std::move(request));
  if (!document.ok()) return context.Fail(failure, document.status());
  auto capabilities = formats::ParseDomainCapabilitiesXml(document->xml());
  if (!capabilities.ok()) return context.Fail(failure, capabilities.status());
  if (context.json()) return context.PrintJson(*capabilities);
  context.output().Print(absl::StrCat(capabilities->max_vcpus(), "\n"));
  return kExitOk;
}

int DomainCapabilities(Context& context, const Arguments& arguments) {
  const std::string failure = "failed to get emulator capabilities";
  v1::GetDomainCapabilitiesRequest request;
  request.set_domain_type(arguments.Get("virttype"));
  request.set_emulator(arguments.Get("emulatorbin"));
  request.set_architecture(arguments.Get("arch"));
  request.set_machine(arguments.Get("machine"));
  auto capabilities = GetDomainCapabilities(context, std::move(request));
  if (!capabilities.ok()) return context.Fail(failure, capabilities.status());
  if (context.json()) return context.PrintJson(*capabilities);
  context.output().Print(absl::StrCat(capabilities->xml(), "\n"));
  return kExitOk;
}

int Uri(Context& context, const Arguments&) {
  auto hypervisor = GetHypervisor(context);
  if (!hypervisor.ok()) return context.Fail("failed to get URI", hypervisor.status());
  if (context.json()) return context.PrintJson(*hypervisor);
  // As virsh does it: how this program got there, where that says more than the daemon's own name of the hypervisor.
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail("failed to get URI", connection.status());
  const client::Uri& uri = (*connection)->uri();
  const bool plain = uri.transport == client::Transport::kUnix && uri.parameters.empty();
  const auto text = context.Uri();
  if (!text.ok()) return context.Fail("failed to get URI", text.status());
  context.output().Print(absl::StrCat(Escape(plain ? hypervisor->uri() : *text), "\n\n"));
  return kExitOk;
}

int Hypervisors(Context& context, const Arguments&) {
  auto list = context.Call(methods::kListHypervisors, v1::ListHypervisorsRequest());
  if (!list.ok()) return context.Fail("Failed to list hypervisors", list.status());
  if (context.json()) return context.PrintJson(*list);
  Table table({"URI", "Type", "Version", "Domains", "Running", "Available"});
  for (const v1::Hypervisor& hypervisor : list->hypervisors()) {
    const bool available = hypervisor.available();
    table.AddRow({hypervisor.uri(),
                  hypervisor.type(),
                  hypervisor.version(),
                  absl::StrCat(hypervisor.domains()),
                  absl::StrCat(hypervisor.running_domains()),
                  {available ? "yes" : absl::StrCat("no: ", hypervisor.unavailable_reason()),
                   available ? Style::kGood : Style::kWarning}});
  }
  std::string text = table.Format(context.output().color(), !context.options().quiet);
  for (const v1::Hypervisor& hypervisor : list->hypervisors()) {
    for (const std::string& leftover : hypervisor.leftovers()) {
      absl::StrAppend(&text, "\nLeft from before: ", Escape(leftover));
    }
  }
  context.output().Print(absl::StrCat(text, "\n"));
  return kExitOk;
}

int SessionCommand(Context& context, const Arguments&) {
  auto session = GetSession(context);
  if (!session.ok()) return context.Fail("Failed to get the session", session.status());
  if (context.json()) return context.PrintJson(*session);
  KeyValues info(16);
  info.Add("Identity", session->identity());
  info.Add("Connection", absl::StrCat(session->connection()));
  info.Add("Transport", Words(v1::Transport_Name(session->transport()), "TRANSPORT_"));
  info.Add("Access", session->read_only() ? "read-only" : "read-write");
  info.Add("Encrypted", session->encrypted() ? "yes" : "no");
  info.Add("Secure", session->secure() ? "yes" : "no");
  info.Add("Connected", TimeWords(session->connect_time()));
  context.output().Print(absl::StrCat(info.Format(context.output().color()), "\n"));
  return kExitOk;
}

int Health(Context& context, const Arguments& arguments) {
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(arguments.Get("service"));
  auto health = context.Call(methods::kHealthCheck, std::move(request));
  if (!health.ok()) return context.Fail("Failed to get the health", health.status());
  const bool serving = health->status() == grpc::health::v1::HealthCheckResponse::SERVING;
  if (context.json()) {
    context.PrintJson(*health);
  } else {
    context.output().Print(absl::StrCat(
        Styled(serving ? "serving" : "not serving", serving ? Style::kGood : Style::kBad, context.output().color()),
        "\n\n"));
  }
  return serving ? kExitOk : kExitFailed;
}

}  // namespace

CommandGroup NodeCommands() {
  Option service = Argument("service", "SERVICE", "a service's name, e.g. reeve.v1.DomainService; default: the daemon",
                            Completion::kNone);
  service.required = false;
  return {
      "Host and hypervisors",
      {
          {.name = "version", .summary = "show the versions of client, daemon and hypervisor", .run = Version},
          {.name = "hostname", .summary = "print the host's name", .run = Hostname},
          {.name = "nodeinfo", .summary = "show the host's CPUs and memory", .run = Nodeinfo},
          {.name = "node cgroups",
           .summary = "show the host's control groups",
           .description =
               "Which controllers there are, where, and why others are missing; the pressure of the host over "
               "the last 10, 60 and 300 seconds. With --output json also the files of each.",
           .run = ControlGroups},
          {.name = "capabilities", .summary = "print the capabilities XML", .run = Capabilities},
          {.name = "domcapabilities",
           .summary = "print the XML of what a kind of guest may have",
           .description = "Only where the hypervisor has several kinds of guests.",
           .options = {Value("virttype", "TYPE", "type of the domain, e.g. xen"),
                       Value("emulatorbin", "PATH", "path of the emulator"),
                       Value("arch", "ARCHITECTURE", "architecture of the guest, e.g. x86_64"),
                       Value("machine", "MACHINE", "machine type, e.g. xenpv")},
           .run = DomainCapabilities},
          {.name = "maxvcpus",
           .summary = "print how many virtual CPUs a guest may have",
           .description = "Only where the hypervisor has several kinds of guests.",
           .options = {Value("type", "TYPE", "type of the domain, e.g. xen"),
                       Value("machine", "MACHINE", "machine type, e.g. xenpv; default: that of the host's own kind")},
           .run = MaxVcpus},
          CpuCompareCommand(),
          CpuBaselineCommand(),
          {.name = "uri", .summary = "print the hypervisor's URI", .run = Uri},
          {.name = "hypervisors", .summary = "list the hypervisors of the daemon", .run = Hypervisors},
          {.name = "session", .summary = "show who the daemon takes you for", .run = SessionCommand},
          {.name = "health",
           .summary = "show whether the daemon serves",
           .description = "Exit code 1 when it does not.",
           .options = {service},
           .run = Health},
      }};
}

}  // namespace reeve::cli
