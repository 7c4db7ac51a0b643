// Interfaces: "(device (vif (mac '00:16:3e:00:00:01')(bridge 'xenbr0')(script 'vif-bridge')))".
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "formats/mac_address.h"
#include "formats/text.h"
#include "formats/xen_rate_text.h"
#include "formats/xen_sxpr_sections.h"

namespace reeve::formats {
namespace {

using Interface = v1::Interface;

constexpr absl::string_view kBridgeScript = "vif-bridge";
constexpr absl::string_view kWithoutEffect[] = {"uuid",  "location", "handle",         "protocol", "network",
                                                "accel", "policy",   "security_label", "security"};

void ReadRate(XenSxprReader* reader, const SExpression& list, Interface* interface) {
  const auto text = reader->Text(list, "rate");
  if (!text) return;
  const SExpression& place = *reader->Take(list, "rate");
  const auto rate = ParseXenRateText(*text);
  if (!rate) return reader->Fail(place, absl::StrCat("is '", Printable(*text), "', not a rate"));
  if (!rate->exact) reader->Warn(place, "is taken as whole KB/s, without an interval");
  interface->mutable_bandwidth()->mutable_outbound()->set_average_kilobytes_per_second(rate->kilobytes_per_second);
}

void ReadModel(XenSxprReader* reader, const SExpression& list, Interface* interface) {
  reader->Text(list, "model", interface->mutable_model());
  const absl::string_view type = reader->Text(list, "type").value_or("ioemu");
  if (type == "netfront") {
    if (interface->model().empty()) interface->set_model("netfront");
  } else if (type != "ioemu") {
    reader->Fail(*reader->Take(list, "type"), absl::StrCat("is '", Printable(type), "', not ioemu or netfront"));
  }
}

void ReadInterface(XenSxprReader* reader, const XenSxprTree& tree, const SExpression& list, int index,
                   Interface* interface) {
  reader->Text(list, "script", interface->mutable_script());
  reader->Text(list, "bridge", interface->mutable_source());
  const bool bridge = !interface->source().empty() || interface->script() == kBridgeScript;
  interface->set_type(bridge ? Interface::TYPE_BRIDGE : Interface::TYPE_ETHERNET);
  if (const auto mac = reader->Text(list, "mac")) {
    if (const auto normal = NormalMacAddress(*mac)) {
      interface->set_mac_address(*normal);
    } else {
      reader->Fail(*reader->Take(list, "mac"), absl::StrCat("is '", Printable(*mac), "', not a hardware address"));
    }
  }
  if (const auto address = reader->Text(list, "ip")) interface->add_addresses()->set_address(std::string(*address));
  reader->Text(list, "vifname", interface->mutable_target_device());
  if (interface->target_device().empty() && tree.id) {
    interface->set_target_device(absl::StrCat("vif", *tree.id, ".", index));
  }
  reader->Text(list, "backend", interface->mutable_backend_domain());
  // What xend says of a running guest: the control domain.
  if (interface->backend_domain() == "0") interface->clear_backend_domain();
  ReadModel(reader, list, interface);
  ReadRate(reader, list, interface);
  reader->Finish(list, kWithoutEffect);
}

SExpression Item(absl::string_view head, absl::string_view text) {
  return SExpression::List(head, {SExpression::Quoted(text)});
}

}  // namespace

void ReadXenSxprInterfaces(XenSxprReader* reader, const XenSxprTree& tree, absl::Span<const SExpression* const> devices,
                           v1::Devices* result) {
  for (const SExpression* device : devices) {
    for (const SExpression* list : reader->TakeAll(*device, "vif")) {
      const int index = result->interfaces_size();
      reader->Remember(XenSxprDevicePath("interfaces", index), *list);
      ReadInterface(reader, tree, *list, index, result->add_interfaces());
    }
  }
}

void WriteXenSxprInterfaces(const v1::DomainSpec& spec, XenSxprDraft* root) {
  for (int i = 0; i < spec.devices().interfaces_size(); ++i) {
    const Interface& interface = spec.devices().interfaces(i);
    const bool bridge = interface.type() == Interface::TYPE_BRIDGE;
    if (!bridge && interface.type() != Interface::TYPE_ETHERNET) {
      root->faults.push_back(
          absl::StrCat(XenSxprDevicePath("interfaces", i),
                       ".type is neither bridge nor ethernet, which alone have a form in S-expressions"));
      continue;
    }
    SExpression list = SExpression::List("vif");
    if (!interface.mac_address().empty()) list.Add(Item("mac", interface.mac_address()));
    const auto& outbound = interface.bandwidth().outbound();
    if (outbound.has_average_kilobytes_per_second()) {
      list.Add(Item("rate", WriteXenRateText(outbound.average_kilobytes_per_second())));
    }
    if (bridge) list.Add(Item("bridge", interface.source()));
    if (bridge || !interface.script().empty()) {
      list.Add(Item("script", interface.script().empty() ? kBridgeScript : absl::string_view(interface.script())));
    }
    if (!interface.addresses().empty()) list.Add(Item("ip", interface.addresses(0).address()));
    const std::string& name = interface.target_device();
    if (!name.empty() && !absl::StartsWith(name, "vif")) list.Add(Item("vifname", name));
    if (interface.model() == "netfront" && spec.os().type() == "hvm") {
      list.Add(SExpression::List("type", {SExpression::Atom("netfront")}));
    } else if (!interface.model().empty()) {
      list.Add(Item("model", interface.model()));
    }
    if (!interface.backend_domain().empty()) list.Add(Item("backend", interface.backend_domain()));
    root->AddDevice(std::move(list));
  }
}

}  // namespace reeve::formats
