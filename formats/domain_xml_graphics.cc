#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Graphics = v1::Graphics;
using Listen = v1::GraphicsListen;

// The attributes listen and socket, which libvirt keeps for old clients, say again what the first <listen> says.
void PassAttribute(XmlReader*, const XmlValue&, Graphics*) {}

constexpr XmlAttributeRule<Graphics> kAttributes[] = {
    {"type", AttributeWord<&Graphics::mutable_type, kGraphicsTypes>},
    {"port", AttributeNumber<&Graphics::set_port>},
    {"tlsPort", AttributeNumber<&Graphics::set_tls_port>},
    {"autoport", AttributeYesNo<&Graphics::set_auto_port>},
    {"websocket", AttributeNumber<&Graphics::set_websocket>},
    {"listen", PassAttribute},
    {"socket", PassAttribute},
    {"keymap", AttributeText<&Graphics::mutable_keymap>},
    {"passwd", AttributeText<&Graphics::mutable_password>},
    {"passwdValidTo", AttributeText<&Graphics::mutable_password_valid_to>},
    {"connected", AttributeWord<&Graphics::mutable_connected, kConnectedActions>},
    {"sharePolicy", AttributeWord<&Graphics::mutable_share_policy, kSharePolicies>},
    {"powerControl", AttributeYesNo<&Graphics::set_power_control>},
    {"defaultMode", AttributeWord<&Graphics::mutable_default_mode, kSpiceModes>},
    {"display", AttributeText<&Graphics::mutable_display>},
    {"xauth", AttributeText<&Graphics::mutable_x_authority>},
    {"fullscreen", AttributeYesNo<&Graphics::set_full_screen>},
    {"multiUser", AttributeYesNo<&Graphics::set_multi_user>},
    {"replaceUser", AttributeYesNo<&Graphics::set_replace_user>},
};

constexpr XmlAttributeRule<Listen> kListenAttributes[] = {
    {"type", AttributeWord<&Listen::mutable_type, kListenTypes>},
    {"address", AttributeText<&Listen::mutable_address>},
    {"network", AttributeText<&Listen::mutable_network>},
    {"socket", AttributeText<&Listen::mutable_socket>},
};

constexpr XmlAttributeRule<Graphics> kGlAttributes[] = {
    {"enable", AttributeYesNo<&Graphics::set_gl>},
    {"rendernode", AttributeText<&Graphics::mutable_render_node>},
};

constexpr XmlAttributeRule<Graphics> kMouseAttributes[] = {
    {"mode", AttributeWord<&Graphics::mutable_mouse_mode, kMouseModes>},
};

constexpr XmlAttributeRule<Graphics> kClipboardAttributes[] = {
    {"copypaste", AttributeYesNo<&Graphics::set_copy_paste>},
};

void ReadListen(XmlReader* reader, pugi::xml_node element, Graphics* graphics) {
  if (!element.attribute("type")) reader->Invalid(element, "has no attribute type");
  Listen* listen = graphics->add_listens();
  ReadXml<Listen>(reader, element, {.attributes = kListenAttributes}, listen);
  if (!listen->address().empty() && listen->type() != "address" && listen->type() != "network") {
    reader->Invalid(element, "has an address and is not of type address");
  }
  if (listen->type() == "network" && listen->network().empty()) reader->Invalid(element, "has no attribute network");
  if (!listen->socket().empty() && listen->type() != "socket") {
    reader->Invalid(element, "has a socket and is not of type socket");
  }
}

// An element that says something of a spice server only.
template <const auto& Attributes>
void ReadOfSpice(XmlReader* reader, pugi::xml_node element, Graphics* graphics) {
  if (graphics->type() != "spice") return reader->UnknownElement(element);
  ReadXml<Graphics>(reader, element, {.attributes = Attributes}, graphics);
}

constexpr XmlElementRule<Graphics> kElements[] = {
    {"listen", XmlCount::kRepeated, ReadListen},
    {"mouse", XmlCount::kOnce, ReadOfSpice<kMouseAttributes>},
    {"clipboard", XmlCount::kOnce, ReadOfSpice<kClipboardAttributes>},
    {"gl", XmlCount::kOnce, ElementAttributes<kGlAttributes, Graphics>},
};

bool HasListens(absl::string_view type) {
  return type == "vnc" || type == "spice" || type == "rdp";
}

// Makes the first <listen> and the old attributes one, or tells that they differ.
void JoinListens(XmlReader* reader, pugi::xml_node element, Graphics* graphics) {
  const pugi::xml_attribute old_address = element.attribute("listen");
  const pugi::xml_attribute old_socket = element.attribute("socket");
  if (graphics->listens().empty()) {
    Listen* listen = graphics->add_listens();
    if (old_socket && graphics->type() == "vnc") {
      listen->set_type("socket");
      listen->set_socket(old_socket.value());
    } else {
      listen->set_type("address");
      listen->set_address(old_address.value());
    }
    return;
  }
  Listen* first = graphics->mutable_listens(0);
  if (graphics->type() == "vnc" && old_socket && first->type() == "address") {
    // The socket is the stronger one, as it was before there were elements.
    first->Clear();
    first->set_type("socket");
    first->set_socket(old_socket.value());
    return;
  }
  if (first->type() == "address" && old_address) {
    if (first->address().empty()) first->set_address(old_address.value());
    if (first->address() != old_address.value()) {
      reader->Invalid({old_address.value(), element, old_address}, "is not the address of the first element listen");
    }
  }
  if (first->type() == "socket" && old_socket) {
    if (first->socket().empty()) first->set_socket(old_socket.value());
    if (first->socket() != old_socket.value()) {
      reader->Invalid({old_socket.value(), element, old_socket}, "is not the socket of the first element listen");
    }
  }
}

// What the port says of autoport, and the other way round (libvirt's virDomainGraphicsDefParseXMLVNC and -Spice).
void SettlePorts(bool keeps_running_state, Graphics* graphics) {
  const bool spice = graphics->type() == "spice";
  if (graphics->port() == -1 && (!spice || graphics->tls_port() == -1)) graphics->set_auto_port(true);
  if (!spice && !graphics->has_port() && !graphics->has_auto_port()) graphics->set_auto_port(true);
  if (!graphics->auto_port()) {
    graphics->set_auto_port(false);
    return;
  }
  if (keeps_running_state && graphics->port() > 0) return;
  graphics->clear_tls_port();
  if (spice) {
    graphics->clear_port();
  } else {
    graphics->set_port(-1);
  }
}

void WriteYesNo(XmlWriter* writer, absl::string_view name, bool has, bool yes) {
  if (has) writer->Attribute(name, yes ? "yes" : "no");
}

void WriteNetworkAttributes(XmlWriter* writer, const Graphics& graphics) {
  static const Listen& no_listen = Listen::default_instance();
  const Listen& listen = graphics.listens().empty() ? no_listen : graphics.listens(0);
  const bool network = listen.type() != "socket" && listen.type() != "none";
  if (network) {
    if (graphics.has_port() && graphics.port() != 0) writer->Attribute("port", graphics.port());
    if (graphics.has_tls_port() && graphics.tls_port() != 0) writer->Attribute("tlsPort", graphics.tls_port());
    writer->Attribute("autoport", graphics.auto_port() ? "yes" : "no");
    if (graphics.has_websocket()) writer->Attribute("websocket", graphics.websocket());
    WriteYesNo(writer, "replaceUser", graphics.has_replace_user(), graphics.replace_user());
    WriteYesNo(writer, "multiUser", graphics.has_multi_user(), graphics.multi_user());
    if (listen.type() == "address" || listen.type().empty()) writer->OptionalAttribute("listen", listen.address());
  } else if (graphics.type() == "vnc") {
    writer->OptionalAttribute("socket", listen.socket());
  }
}

}  // namespace

void ReadGraphics(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Graphics* graphics = devices->add_graphics();
  if (!element.attribute("type")) return reader->Invalid(element, "has no attribute type");
  ReadXml<Graphics>(reader, element, {.attributes = kAttributes, .elements = kElements}, graphics);
  if (!HasListens(graphics->type())) return;
  JoinListens(reader, element, graphics);
  SettlePorts(reader->keeps_running_state(), graphics);
}

void WriteGraphics(XmlWriter* writer, const Graphics& graphics) {
  writer->Begin("graphics").Attribute("type", graphics.type());
  if (HasListens(graphics.type())) WriteNetworkAttributes(writer, graphics);
  writer->OptionalAttribute("keymap", graphics.keymap())
      .OptionalAttribute("sharePolicy", graphics.share_policy())
      .OptionalAttribute("defaultMode", graphics.default_mode());
  WriteYesNo(writer, "powerControl", graphics.has_power_control(), graphics.power_control());
  if (graphics.has_password()) writer->Attribute("passwd", graphics.password());
  writer->OptionalAttribute("passwdValidTo", graphics.password_valid_to())
      .OptionalAttribute("connected", graphics.connected())
      .OptionalAttribute("display", graphics.display())
      .OptionalAttribute("xauth", graphics.x_authority());
  if (graphics.full_screen()) writer->Attribute("fullscreen", "yes");
  for (const Listen& listen : graphics.listens()) {
    writer->Begin("listen")
        .Attribute("type", listen.type().empty() ? "address" : listen.type())
        .OptionalAttribute("address", listen.address())
        .OptionalAttribute("network", listen.network())
        .OptionalAttribute("socket", listen.socket())
        .End();
  }
  if (!graphics.mouse_mode().empty()) writer->Begin("mouse").Attribute("mode", graphics.mouse_mode()).End();
  if (graphics.has_copy_paste()) {
    writer->Begin("clipboard").Attribute("copypaste", graphics.copy_paste() ? "yes" : "no").End();
  }
  if (graphics.has_gl() || !graphics.render_node().empty()) {
    writer->Begin("gl");
    WriteYesNo(writer, "enable", graphics.has_gl(), graphics.gl());
    writer->OptionalAttribute("rendernode", graphics.render_node()).End();
  }
  writer->End();
}

}  // namespace reeve::formats
