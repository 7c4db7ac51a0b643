#include "formats/registry.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "formats/capabilities_xml.h"
#include "formats/domain_capabilities_xml.h"
#include "formats/domain_defaults.h"
#include "formats/domain_name.h"
#include "formats/domain_xml.h"
#include "formats/host_defaults.h"
#include "formats/interface_xml.h"
#include "formats/lxc_conf.h"
#include "formats/mac_address.h"
#include "formats/model_text.h"
#include "formats/network_filter_xml.h"
#include "formats/network_xml.h"
#include "formats/node_device_xml.h"
#include "formats/secret_xml.h"
#include "formats/storage_pool_xml.h"
#include "formats/storage_volume_xml.h"
#include "formats/text_place.h"
#include "formats/xen_defaults.h"
#include "formats/xen_domain_config.h"
#include "formats/xen_sxpr.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

using google::protobuf::Message;
constexpr std::pair<absl::string_view, Format> kFormats[] = {
    {"xml", Format::kXml},
    {"json", Format::kJson},
    {"textproto", Format::kTextproto},
    {"xen-xl", Format::kXenXl},
    {"xen-xm", Format::kXenXm},
    {"xen-sxpr", Format::kXenSxpr},
    {"lxc-tools", Format::kLxcTools},
};

constexpr std::pair<absl::string_view, Kind> kKinds[] = {
    {"domain", Kind::kDomain},
    {"network", Kind::kNetwork},
    {"pool", Kind::kPool},
    {"volume", Kind::kVolume},
    {"interface", Kind::kInterface},
    {"nodedev", Kind::kNodeDevice},
    {"secret", Kind::kSecret},
    {"nwfilter", Kind::kNetworkFilter},
    {"capabilities", Kind::kCapabilities},
    {"domcapabilities", Kind::kDomainCapabilities},
};

constexpr std::pair<v1::Document::Format, Format> kProtoFormats[] = {
    {v1::Document::FORMAT_LIBVIRT_XML, Format::kXml},     {v1::Document::FORMAT_JSON, Format::kJson},
    {v1::Document::FORMAT_TEXTPROTO, Format::kTextproto}, {v1::Document::FORMAT_XEN_XL, Format::kXenXl},
    {v1::Document::FORMAT_XEN_XM, Format::kXenXm},        {v1::Document::FORMAT_XEN_SXPR, Format::kXenSxpr},
    {v1::Document::FORMAT_LXC_TOOLS, Format::kLxcTools},
};

constexpr std::pair<v1::DocumentKind, Kind> kProtoKinds[] = {
    {v1::DOCUMENT_KIND_DOMAIN, Kind::kDomain},
    {v1::DOCUMENT_KIND_NETWORK, Kind::kNetwork},
    {v1::DOCUMENT_KIND_POOL, Kind::kPool},
    {v1::DOCUMENT_KIND_VOLUME, Kind::kVolume},
    {v1::DOCUMENT_KIND_INTERFACE, Kind::kInterface},
    {v1::DOCUMENT_KIND_NODE_DEVICE, Kind::kNodeDevice},
    {v1::DOCUMENT_KIND_SECRET, Kind::kSecret},
    {v1::DOCUMENT_KIND_NETWORK_FILTER, Kind::kNetworkFilter},
    {v1::DOCUMENT_KIND_CAPABILITIES, Kind::kCapabilities},
    {v1::DOCUMENT_KIND_DOMAIN_CAPABILITIES, Kind::kDomainCapabilities},
};

using Reader = absl::StatusOr<MessagePointer> (*)(absl::string_view text, const ConvertOptions& options);
using Writer = absl::StatusOr<std::string> (*)(const Message& message);

// Either function may be null: then the format is only read, or only written.
struct Codec {
  Format format;
  Kind kind;
  Reader read;
  Writer write;
};

template <typename T>
absl::StatusOr<MessagePointer> Boxed(absl::StatusOr<T> message) {
  if (!message.ok()) return message.status();
  return std::make_unique<T>(*std::move(message));
}

// A reader `StatusOr<T>(string_view, vector<Warning>*)`.
template <auto Parse>
absl::StatusOr<MessagePointer> Read(absl::string_view text, const ConvertOptions& options) {
  return Boxed(Parse(text, options.warnings));
}

// A reader of XML `StatusOr<T>(string_view, vector<Warning>*, Strictness)`.
template <auto Parse>
absl::StatusOr<MessagePointer> ReadXmlOf(absl::string_view text, const ConvertOptions& options) {
  return Boxed(Parse(text, options.warnings, options.strictness));
}

// A writer `string(const T&)`.
template <typename T, std::string (*Text)(const T&)>
absl::StatusOr<std::string> Write(const Message& message) {
  return Text(static_cast<const T&>(message));
}

// A converted document is what libvirt would have written: with the devices that others imply. Containers have none.
absl::StatusOr<MessagePointer> ReadDomain(absl::string_view text, const ConvertOptions& options) {
  DomainXmlOptions running;
  absl::StatusOr<v1::Domain> domain =
      ParseDomainXml(text, options.warnings, options.keep_running ? &running : nullptr, options.strictness);
  if (!domain.ok()) return domain.status();
  if (running.id) domain->mutable_status()->set_id(*running.id);
  const absl::string_view hypervisor = SplitDomainResourceName(domain->name()).hypervisor;
  if (hypervisor == "qemu") AddLibvirtDefaults(domain->mutable_spec());
  if (hypervisor == "xen") AddXenDefaults(domain->mutable_spec());
  return Boxed(std::move(domain));
}

// A writer of domains that may refuse.
template <auto Text>
absl::StatusOr<std::string> WriteDomainAs(const Message& message) {
  return Text(static_cast<const v1::Domain&>(message));
}

absl::StatusOr<std::string> WriteDomain(const Message& message) {
  const auto& domain = static_cast<const v1::Domain&>(message);
  DomainXmlOptions options;
  if (domain.status().id() != 0) options.id = domain.status().id();
  return WriteDomainXml(domain, options);
}

absl::StatusOr<MessagePointer> ReadXenSxpr(absl::string_view text, const ConvertOptions& options) {
  std::optional<int64_t> id;
  auto domain = ParseXenSxpr(text, options.warnings, options.keep_running ? &id : nullptr);
  if (domain.ok() && id) domain->mutable_status()->set_id(*id);
  return Boxed(std::move(domain));
}

absl::StatusOr<MessagePointer> ReadVolume(absl::string_view text, const ConvertOptions& options) {
  if (options.pool.empty()) return Boxed(ParseStorageVolumeXml(text, nullptr, options.warnings, options.strictness));
  const auto pool = ParseStoragePoolXml(options.pool);
  if (!pool.ok()) return WithContext("read the pool of the volume", pool.status());
  return Boxed(ParseStorageVolumeXml(text, &*pool, options.warnings, options.strictness));
}

constexpr Codec kCodecs[] = {
    {Format::kXml, Kind::kDomain, ReadDomain, WriteDomain},
    {Format::kLxcTools, Kind::kDomain, Read<ParseLxcConf>, WriteDomainAs<WriteLxcConf>},
    {Format::kXenXl, Kind::kDomain, Read<ReadXenXl>, WriteDomainAs<WriteXenXl>},
    {Format::kXenXm, Kind::kDomain, Read<ReadXenXm>, WriteDomainAs<WriteXenXm>},
    {Format::kXenSxpr, Kind::kDomain, ReadXenSxpr, WriteDomainAs<WriteXenSxpr>},
    {Format::kXml, Kind::kNetwork, ReadXmlOf<ParseNetworkXml>, Write<v1::Network, WriteNetworkXml>},
    {Format::kXml, Kind::kPool, ReadXmlOf<ParseStoragePoolXml>, Write<v1::StoragePool, WriteStoragePoolXml>},
    {Format::kXml, Kind::kVolume, ReadVolume, Write<v1::StorageVolume, WriteStorageVolumeXml>},
    {Format::kXml, Kind::kInterface, ReadXmlOf<ParseInterfaceXml>, Write<v1::HostInterface, WriteInterfaceXml>},
    {Format::kXml, Kind::kNodeDevice, ReadXmlOf<ParseNodeDeviceXml>, Write<v1::NodeDevice, WriteNodeDeviceXml>},
    {Format::kXml, Kind::kSecret, ReadXmlOf<ParseSecretXml>, Write<v1::Secret, WriteSecretXml>},
    {Format::kXml, Kind::kNetworkFilter, ReadXmlOf<ParseNetworkFilterXml>,
     Write<v1::NetworkFilter, WriteNetworkFilterXml>},
    {Format::kXml, Kind::kCapabilities, ReadXmlOf<ParseCapabilitiesXml>,
     Write<v1::HostCapabilities, WriteCapabilitiesXml>},
    {Format::kXml, Kind::kDomainCapabilities, ReadXmlOf<ParseDomainCapabilitiesXml>,
     Write<v1::DomainCapabilities, WriteDomainCapabilitiesXml>},
};

const Codec* FindCodec(Format format, Kind kind) {
  for (const Codec& codec : kCodecs) {
    if (codec.format == format && codec.kind == kind) return &codec;
  }
  return nullptr;
}

bool IsModelForm(Format format) {
  return format == Format::kJson || format == Format::kTextproto;
}

MessagePointer NewMessage(Kind kind) {
  switch (kind) {
    case Kind::kDomain:
      return std::make_unique<v1::Domain>();
    case Kind::kNetwork:
      return std::make_unique<v1::Network>();
    case Kind::kPool:
      return std::make_unique<v1::StoragePool>();
    case Kind::kVolume:
      return std::make_unique<v1::StorageVolume>();
    case Kind::kInterface:
      return std::make_unique<v1::HostInterface>();
    case Kind::kNodeDevice:
      return std::make_unique<v1::NodeDevice>();
    case Kind::kSecret:
      return std::make_unique<v1::Secret>();
    case Kind::kNetworkFilter:
      return std::make_unique<v1::NetworkFilter>();
    case Kind::kCapabilities:
      return std::make_unique<v1::HostCapabilities>();
    case Kind::kDomainCapabilities:
      return std::make_unique<v1::DomainCapabilities>();
  }
  return nullptr;
}

absl::StatusOr<MessagePointer> ReadModel(Format format, Kind kind, absl::string_view text) {
  MessagePointer message = NewMessage(kind);
  const absl::Status status =
      format == Format::kJson ? ReadJson(text, message.get()) : ReadTextproto(text, message.get());
  if (!status.ok()) return status;
  return message;
}

// A strict reading refuses what a reader of keys has left out.
absl::Status RefuseUnknown(const std::vector<Warning>& warnings) {
  absl::Status status;
  for (const Warning& warning : warnings) {
    if (!warning.unknown) continue;
    const std::string place = ToString(TextPlace{warning.line, warning.column});
    if (status.ok()) status = Error(v1::REASON_DOCUMENT_UNKNOWN, absl::StrCat(place, ": ", warning.message));
    AddFieldViolation(&status, place, warning.message);
  }
  return status;
}

// Gives the object a UUID where it has a field for one and none in it. One without a name takes its text for it, so
// that two of them differ.
absl::Status GiveUuid(Kind kind, absl::string_view text, const ConvertOptions& options, Message* message) {
  const auto* descriptor = message->GetDescriptor();
  const auto* uid = descriptor->FindFieldByName("uid");
  const auto* name = descriptor->FindFieldByName("name");
  if (uid == nullptr || name == nullptr) return absl::OkStatus();
  const auto* reflection = message->GetReflection();
  if (!reflection->GetString(*message, uid).empty()) return absl::OkStatus();
  const std::string full = reflection->GetString(*message, name);
  const absl::string_view last = absl::string_view(full).substr(full.rfind('/') + 1);
  const auto uuid =
      options.make_uuid(last.empty() ? absl::StrCat(NameOf(kind), "//", text) : absl::StrCat(NameOf(kind), "/", last));
  if (!uuid.ok()) return uuid.status();
  reflection->SetString(message, uid, *uuid);
  // A secret has no other name.
  if (full.empty() && descriptor == v1::Secret::descriptor()) {
    reflection->SetString(message, name, absl::StrCat("secrets/", *uuid));
  }
  return absl::OkStatus();
}

// Gives the interfaces of a domain addresses, of the prefix that libvirt has for the hypervisor.
absl::Status GiveMacAddresses(const ConvertOptions& options, v1::Domain* domain) {
  const DomainNameParts parts = SplitDomainResourceName(domain->name());
  v1::Devices* devices = domain->mutable_spec()->mutable_devices();
  for (int i = 0; i < devices->interfaces_size(); ++i) {
    v1::Interface* interface = devices->mutable_interfaces(i);
    if (!interface->mac_address().empty()) continue;
    const auto uuid = options.make_uuid(absl::StrCat("domain/", parts.name, "/interface/", i));
    if (!uuid.ok()) return uuid.status();
    interface->set_mac_address(MacAddressOfUuid(parts.hypervisor == "xen" ? "00:16:3e" : "52:54:00", *uuid));
  }
  return absl::OkStatus();
}

// A domain of xend is told of as a running one, whose passwords libvirt does not show.
void HidePasswords(v1::Domain* domain, std::vector<Warning>* warnings) {
  for (v1::Graphics& graphics : *domain->mutable_spec()->mutable_devices()->mutable_graphics()) {
    if (!graphics.has_password()) continue;
    graphics.clear_password();
    if (warnings != nullptr) warnings->push_back({1, 1, "the password of a display is left out"});
  }
}

template <typename Table, typename Key>
absl::string_view NameIn(const Table& table, Key key) {
  for (const auto& [name, value] : table) {
    if (value == key) return name;
  }
  return "";
}

template <typename Value, typename Table, typename Key>
std::optional<Value> ValueIn(const Table& table, const Key& key) {
  for (const auto& [name, value] : table) {
    if (name == key) return value;
  }
  return std::nullopt;
}

template <typename Value, typename Table>
std::vector<Value> ValuesOf(const Table& table) {
  std::vector<Value> values;
  for (const auto& [name, value] : table) values.push_back(value);
  return values;
}

}  // namespace

std::optional<Format> FormatFromName(absl::string_view name) {
  return ValueIn<Format>(kFormats, name);
}

std::optional<Kind> KindFromName(absl::string_view name) {
  return ValueIn<Kind>(kKinds, name);
}

absl::string_view NameOf(Format format) {
  return NameIn(kFormats, format);
}

absl::string_view NameOf(Kind kind) {
  return NameIn(kKinds, kind);
}

std::optional<Format> FormatFromProto(int format) {
  return ValueIn<Format>(kProtoFormats, format);
}

std::optional<Kind> KindFromProto(int kind) {
  return kind == v1::DOCUMENT_KIND_UNSPECIFIED ? Kind::kDomain : ValueIn<Kind>(kProtoKinds, kind);
}

v1::Document::Format ToProto(Format format) {
  for (const auto& [number, value] : kProtoFormats) {
    if (value == format) return number;
  }
  return v1::Document::FORMAT_UNSPECIFIED;
}

v1::DocumentKind ToProto(Kind kind) {
  for (const auto& [number, value] : kProtoKinds) {
    if (value == kind) return number;
  }
  return v1::DOCUMENT_KIND_UNSPECIFIED;
}

std::vector<Format> AllFormats() {
  return ValuesOf<Format>(kFormats);
}

std::vector<Kind> AllKinds() {
  return ValuesOf<Kind>(kKinds);
}

bool CanRead(Format format, Kind kind) {
  const Codec* codec = FindCodec(format, kind);
  return IsModelForm(format) || (codec != nullptr && codec->read != nullptr);
}

bool CanWrite(Format format, Kind kind) {
  const Codec* codec = FindCodec(format, kind);
  return IsModelForm(format) || (codec != nullptr && codec->write != nullptr);
}

namespace {

absl::Status ApplyHost(Format format, const ConvertOptions& options, v1::Domain* domain) {
  const auto capabilities = ParseCapabilitiesXml(options.capabilities);
  if (!capabilities.ok()) return WithContext("read the capabilities of the host", capabilities.status());
  return ApplyCapabilities(*capabilities, /*replace_usual=*/format != Format::kXml && !IsModelForm(format), domain);
}

}  // namespace

Strictness DefaultStrictness(Format format) {
  return format == Format::kXml || IsModelForm(format) ? Strictness::kStrict : Strictness::kLenient;
}

absl::StatusOr<MessagePointer> ReadDocument(Format format, Kind kind, absl::string_view text,
                                            const ConvertOptions& options) {
  std::vector<Warning> unheard;
  ConvertOptions heard = options;
  if (heard.warnings == nullptr) heard.warnings = &unheard;
  absl::StatusOr<MessagePointer> message = absl::UnknownError("");
  if (IsModelForm(format)) {
    message = ReadModel(format, kind, text);
  } else {
    const Codec* codec = FindCodec(format, kind);
    if (codec == nullptr || codec->read == nullptr) {
      return Error(v1::REASON_SPEC_UNSUPPORTED,
                   absl::StrCat("a ", NameOf(kind), " cannot be read from the format ", NameOf(format)));
    }
    message = codec->read(text, heard);
    if (message.ok() && options.strictness == Strictness::kStrict) {
      if (absl::Status status = RefuseUnknown(*heard.warnings); !status.ok()) return status;
    }
  }
  if (!message.ok()) return message;
  if (kind == Kind::kDomain && !options.capabilities.empty()) {
    absl::Status status = ApplyHost(format, options, static_cast<v1::Domain*>(message->get()));
    if (!status.ok()) return status;
  }
  if (!options.make_uuid) return message;
  absl::Status given = GiveUuid(kind, text, options, message->get());
  if (given.ok() && kind == Kind::kDomain) {
    given = GiveMacAddresses(options, static_cast<v1::Domain*>(message->get()));
  }
  if (!given.ok()) return given;
  return message;
}

absl::StatusOr<std::string> WriteDocument(Format format, Kind kind, const Message& message) {
  if (format == Format::kJson) return WriteJson(message);
  if (format == Format::kTextproto) return WriteTextproto(message);
  const Codec* codec = FindCodec(format, kind);
  if (codec == nullptr || codec->write == nullptr) {
    return Error(v1::REASON_SPEC_UNSUPPORTED,
                 absl::StrCat("a ", NameOf(kind), " cannot be written in the format ", NameOf(format)));
  }
  return codec->write(message);
}

absl::StatusOr<std::string> Convert(Format from, Format to, Kind kind, absl::string_view text,
                                    const ConvertOptions& options) {
  ConvertOptions running = options;
  // What libvirt writes in Xen's and lxc's formats is what the definition says, not what became of it in a running guest.
  running.keep_running = from != Format::kXml || to == Format::kXml || IsModelForm(to);
  auto message = ReadDocument(from, kind, text, running);
  if (!message.ok()) return message.status();
  if (from == Format::kXenSxpr && to == Format::kXml) {
    HidePasswords(static_cast<v1::Domain*>(message->get()), options.warnings);
  }
  auto written = WriteDocument(to, kind, **message);
  if (!written.ok() || !IsModelForm(from) || IsModelForm(to)) return written;
  // A model from outside has passed no reader's checks: what is written must read again.
  ConvertOptions strict = running;
  strict.strictness = Strictness::kStrict;
  const auto again = ReadDocument(to, kind, *written, strict);
  if (!again.ok()) return WithContext("the model is not one that can be written", again.status());
  return written;
}

}  // namespace reeve::formats
