#include "formats/domain_xml_character.h"

#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Source = v1::CharacterSource;
using Character = v1::CharacterDevice;
using Console = v1::Console;

// What one <source> says, before it is known which end of a datagram source it is.
constexpr XmlAttributeRule<Source> kSourceAttributes[] = {
    {"path", AttributeText<&Source::mutable_path>},
    {"append", AttributeOnOff<&Source::set_append>},
    {"mode", AttributeWord<&Source::mutable_mode, kSocketModes>},
    {"host", AttributeText<&Source::mutable_host>},
    {"service", AttributeText<&Source::mutable_service>},
    {"tls", AttributeYesNo<&Source::set_tls>},
    {"channel", AttributeText<&Source::mutable_channel>},
    {"master", AttributeText<&Source::mutable_master>},
    {"slave", AttributeText<&Source::mutable_slave>},
};

constexpr XmlAttributeRule<v1::Reconnect> kReconnectAttributes[] = {
    {"enabled", AttributeYesNo<&v1::Reconnect::set_enabled>},
    {"timeout", AttributeNumber<&v1::Reconnect::set_timeout_seconds>},
};

void ReadReconnect(XmlReader* reader, pugi::xml_node element, Source* source) {
  if (!element.attribute("enabled")) reader->Invalid(element, "has no attribute enabled");
  v1::Reconnect* reconnect = source->mutable_reconnect();
  ReadXml<v1::Reconnect>(reader, element, {.attributes = kReconnectAttributes}, reconnect);
  if (reconnect->enabled() && reconnect->timeout_seconds() == 0) reader->Invalid(element, "has no timeout above 0");
  if (!reconnect->enabled() && reconnect->has_timeout_seconds()) reader->Invalid(element, "is off and has a timeout");
}

constexpr XmlElementRule<Source> kSourceElements[] = {
    {"reconnect", XmlCount::kOnce, ReadReconnect},
};

constexpr XmlAttributeRule<Source> kLogAttributes[] = {
    {"file", AttributeText<&Source::mutable_log_file>},
    {"append", AttributeOnOff<&Source::set_log_append>},
};

constexpr XmlAttributeRule<Source> kProtocolAttributes[] = {
    {"type", AttributeWord<&Source::mutable_protocol, kStreamProtocols>},
};

bool IsPathType(absl::string_view type) {
  return type == "dev" || type == "file" || type == "pipe" || type == "unix";
}

// libvirt's virDomainChrSourceDefValidate.
void CheckSource(XmlReader* reader, pugi::xml_node parent, absl::string_view type, const Source& source,
                 PathRule path_rule) {
  const bool may_lack_path = type == "unix" && path_rule == PathRule::kChosenForSockets;
  if (IsPathType(type) && source.path().empty() && !may_lack_path) {
    reader->Invalid(parent, absl::StrCat("is of type ", type, " and has no source path"));
  }
  if (type == "tcp" && source.host().empty()) reader->Invalid(parent, "is of type tcp and has no source host");
  if ((type == "tcp" || type == "udp") && source.service().empty()) {
    reader->Invalid(parent, absl::StrCat("is of type ", type, " and has no source service"));
  }
  if (type == "nmdm" && (source.master().empty() || source.slave().empty())) {
    reader->Invalid(parent, "is of type nmdm and has not both of master and slave");
  }
  if (type == "spiceport" && source.channel().empty()) {
    reader->Invalid(parent, "is of type spiceport and has no source channel");
  }
  if (source.has_reconnect() && source.mode() == "bind") reader->Invalid(parent, "listens and has reconnect");
}

}  // namespace

void ReadCharacterSource(XmlReader* reader, pugi::xml_node parent, absl::string_view type, PathRule path_rule,
                         Source* source) {
  int count = 0;
  for (const pugi::xml_node element : parent.children("source")) {
    if (++count > (type == "udp" ? 2 : 1)) {
      reader->Invalid(element, "is there once too often");
      return;
    }
    Source end;
    ReadXml<Source>(reader, element, {.attributes = kSourceAttributes, .elements = kSourceElements}, &end);
    if (type == "pty" && !end.path().empty() && !reader->keeps_running_state()) {
      reader->Ignored(element, "is of the running guest and is ignored");
      end.clear_path();
    }
    if (type == "udp" && end.mode() == "bind") {
      source->set_bind_host(end.host());
      source->set_bind_service(end.service());
      continue;
    }
    if (type == "udp") end.clear_mode();
    source->MergeFrom(end);
  }
  if (const pugi::xml_node log = parent.child("log")) {
    if (!log.attribute("file")) reader->Invalid(log, "has no attribute file");
    ReadXml<Source>(reader, log, {.attributes = kLogAttributes}, source);
  }
  if (const pugi::xml_node protocol = parent.child("protocol")) {
    if (type != "tcp") reader->Invalid(protocol, "is only for tcp");
    ReadXml<Source>(reader, protocol, {.attributes = kProtocolAttributes}, source);
  }
  CheckSource(reader, parent, type, *source, path_rule);
}

namespace {

void WriteStreamSource(XmlWriter* writer, absl::string_view type, const Source& source) {
  writer->Begin("source").Attribute("mode", source.mode().empty() ? "connect" : source.mode());
  if (type == "tcp") {
    writer->Attribute("host", source.host()).Attribute("service", source.service());
    if (source.has_tls()) writer->Attribute("tls", source.tls() ? "yes" : "no");
  } else {
    writer->Attribute("path", source.path());
  }
  if (source.has_reconnect()) {
    writer->Begin("reconnect").Attribute("enabled", source.reconnect().enabled() ? "yes" : "no");
    if (source.reconnect().has_timeout_seconds()) {
      writer->Attribute("timeout", source.reconnect().timeout_seconds());
    }
    writer->End();
  }
  writer->End();
}

void WriteDatagramSource(XmlWriter* writer, const Source& source) {
  if (!source.bind_host().empty() || !source.bind_service().empty()) {
    writer->Begin("source")
        .Attribute("mode", "bind")
        .OptionalAttribute("host", source.bind_host())
        .OptionalAttribute("service", source.bind_service())
        .End();
  }
  writer->Begin("source")
      .Attribute("mode", "connect")
      .OptionalAttribute("host", source.host())
      .OptionalAttribute("service", source.service())
      .End();
}

}  // namespace

void WriteCharacterSource(XmlWriter* writer, absl::string_view type, const Source& source) {
  if (type == "tcp") {
    WriteStreamSource(writer, type, source);
    writer->Begin("protocol").Attribute("type", source.protocol().empty() ? "raw" : source.protocol()).End();
  } else if (type == "unix") {
    if (!source.path().empty()) WriteStreamSource(writer, type, source);
  } else if (type == "udp") {
    WriteDatagramSource(writer, source);
  } else if (type == "nmdm") {
    writer->Begin("source").Attribute("master", source.master()).Attribute("slave", source.slave()).End();
  } else if (type == "spiceport") {
    writer->Begin("source").Attribute("channel", source.channel()).End();
  } else if (!source.path().empty()) {
    writer->Begin("source").Attribute("path", source.path());
    if (source.has_append()) writer->Attribute("append", source.append() ? "on" : "off");
    writer->End();
  }
  if (!source.log_file().empty()) {
    writer->Begin("log").Attribute("file", source.log_file());
    if (source.has_log_append()) writer->Attribute("append", source.log_append() ? "on" : "off");
    writer->End();
  }
}

namespace {

template <typename T>
constexpr XmlAttributeRule<T> kTypeAttributes[] = {
    {"type", AttributeWord<&T::mutable_type, kConsoleTypes>},
    // The terminal of a running guest; its <source> says it too.
    {"tty",
     [](XmlReader* reader, const XmlValue& value, T* device) {
       if (!reader->keeps_running_state()) return AttributeIgnored<T>(reader, value, device);
       device->mutable_source()->set_path(std::string(value.text));
     }},
};

constexpr XmlAttributeRule<Console> kConsoleTarget[] = {
    {"type", AttributeWord<&Console::mutable_target_type, kConsoleTargets>},
    {"port", AttributeNumber<&Console::set_target_port>},
};

constexpr XmlAttributeRule<Character> kTarget[] = {
    {"type", AttributeText<&Character::mutable_target_type>},
    {"port", AttributeNumber<&Character::set_target_port>},
    {"name", AttributeText<&Character::mutable_target_name>},
    {"address", AttributeText<&Character::mutable_target_address>},
    {"state", AttributeIgnored<Character>},
};

constexpr XmlAttributeRule<Character> kModel[] = {
    {"name", AttributeText<&Character::mutable_target_model>},
};

constexpr XmlElementRule<Character> kTargetElements[] = {
    {"model", XmlCount::kOnce, ElementAttributes<kModel, Character>},
};

void ReadTarget(XmlReader* reader, pugi::xml_node element, Character* device) {
  ReadXml<Character>(reader, element, {.attributes = kTarget, .elements = kTargetElements}, device);
}

// Read by ReadCharacterSource.
template <typename T>
void PassElement(XmlReader*, pugi::xml_node, T*) {}

template <typename T, auto ReadTargetOf>
constexpr XmlElementRule<T> kElements[] = {
    {"source", XmlCount::kRepeated, PassElement<T>},
    {"protocol", XmlCount::kOnce, PassElement<T>},
    {"log", XmlCount::kOnce, PassElement<T>},
    {"target", XmlCount::kOnce, ReadTargetOf},
    {"alias", XmlCount::kOnce, ElementAlias<&T::mutable_alias, T>},
    {"address", XmlCount::kOnce, ReadDeviceAddress<T>},
};

template <typename T, auto ReadTargetOf>
void ReadDevice(XmlReader* reader, pugi::xml_node element, PathRule path_rule, T* device) {
  device->set_type("pty");
  ReadXml<T>(reader, element, {.attributes = kTypeAttributes<T>, .elements = kElements<T, ReadTargetOf>}, device);
  Source source;
  ReadCharacterSource(reader, element, device->type(), path_rule, &source);
  if (source.ByteSizeLong() != 0) device->mutable_source()->MergeFrom(source);
}

}  // namespace

void ReadConsole(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  ReadDevice<Console, ElementAttributes<kConsoleTarget, Console>>(reader, element, PathRule::kRequired,
                                                                  devices->add_consoles());
}

void WriteConsole(XmlWriter* writer, const Console& console, int place, absl::string_view default_target) {
  const absl::string_view type = console.type().empty() ? "pty" : absl::string_view(console.type());
  writer->Begin("console").Attribute("type", type);
  if (type == "pty") writer->OptionalAttribute("tty", console.source().path());
  WriteCharacterSource(writer, type, console.source());
  writer->Begin("target")
      .Attribute("type", console.target_type().empty() ? default_target : absl::string_view(console.target_type()))
      .Attribute("port", console.has_target_port() ? console.target_port() : static_cast<uint32_t>(place))
      .End();
  WriteAlias(writer, console.alias());
  if (console.has_address()) WriteBusAddress(writer, console.address());
  writer->End();
}

void ReadSerial(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  ReadDevice<Character, ReadTarget>(reader, element, PathRule::kRequired, devices->add_serials());
}

void ReadParallel(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  ReadDevice<Character, ReadTarget>(reader, element, PathRule::kRequired, devices->add_parallels());
}

void ReadChannel(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  if (!element.child("target").attribute("type")) reader->Invalid(element, "has no type of its target");
  ReadDevice<Character, ReadTarget>(reader, element, PathRule::kChosenForSockets, devices->add_channels());
}

void WriteCharacterDevice(XmlWriter* writer, absl::string_view name, const Character& device, int place) {
  const absl::string_view type = device.type().empty() ? "pty" : absl::string_view(device.type());
  writer->Begin(name).Attribute("type", type);
  WriteCharacterSource(writer, type, device.source());
  writer->Begin("target").OptionalAttribute("type", device.target_type());
  writer->OptionalAttribute("address", device.target_address());
  if (name != "channel" || device.has_target_port()) {
    writer->Attribute("port", device.has_target_port() ? device.target_port() : static_cast<uint32_t>(place));
  }
  writer->OptionalAttribute("name", device.target_name());
  if (!device.target_model().empty()) writer->Begin("model").Attribute("name", device.target_model()).End();
  writer->End();
  WriteAlias(writer, device.alias());
  if (device.has_address()) WriteBusAddress(writer, device.address());
  writer->End();
}

}  // namespace reeve::formats
