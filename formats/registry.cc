#include "formats/registry.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "formats/domain_defaults.h"
#include "formats/domain_name.h"
#include "formats/domain_xml.h"
#include "formats/interface_xml.h"
#include "formats/lxc_conf.h"
#include "formats/network_filter_xml.h"
#include "formats/network_xml.h"
#include "formats/node_device_xml.h"
#include "formats/secret_xml.h"
#include "formats/storage_pool_xml.h"
#include "formats/storage_volume_xml.h"
#include "formats/xen_defaults.h"
#include "formats/xen_domain_config.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

using google::protobuf::Message;
using MessagePointer = std::unique_ptr<Message>;

// What json and textproto may have at most.
constexpr size_t kMaxModelBytes = 4 << 20;

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
    {"domain", Kind::kDomain}, {"network", Kind::kNetwork},        {"pool", Kind::kPool},
    {"volume", Kind::kVolume}, {"interface", Kind::kInterface},    {"nodedev", Kind::kNodeDevice},
    {"secret", Kind::kSecret}, {"nwfilter", Kind::kNetworkFilter},
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

// A writer `string(const T&)`.
template <typename T, std::string (*Text)(const T&)>
absl::StatusOr<std::string> Write(const Message& message) {
  return Text(static_cast<const T&>(message));
}

// A converted document is what libvirt would have written: with the devices that others imply. Containers have none.
absl::StatusOr<MessagePointer> ReadDomain(absl::string_view text, const ConvertOptions& options) {
  absl::StatusOr<v1::Domain> domain = ParseDomainXml(text, options.warnings);
  if (!domain.ok()) return domain.status();
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
  return WriteDomainXml(static_cast<const v1::Domain&>(message));
}

absl::StatusOr<MessagePointer> ReadVolume(absl::string_view text, const ConvertOptions& options) {
  if (options.pool.empty()) return Boxed(ParseStorageVolumeXml(text, nullptr, options.warnings));
  const auto pool = ParseStoragePoolXml(options.pool);
  if (!pool.ok()) return WithContext("read the pool of the volume", pool.status());
  return Boxed(ParseStorageVolumeXml(text, &*pool, options.warnings));
}

constexpr Codec kCodecs[] = {
    {Format::kXml, Kind::kDomain, ReadDomain, WriteDomain},
    {Format::kLxcTools, Kind::kDomain, Read<ParseLxcConf>, WriteDomainAs<WriteLxcConf>},
    {Format::kXenXl, Kind::kDomain, Read<ReadXenXl>, WriteDomainAs<WriteXenXl>},
    {Format::kXenXm, Kind::kDomain, Read<ReadXenXm>, WriteDomainAs<WriteXenXm>},
    {Format::kXml, Kind::kNetwork, Read<ParseNetworkXml>, Write<v1::Network, WriteNetworkXml>},
    {Format::kXml, Kind::kPool, Read<ParseStoragePoolXml>, Write<v1::StoragePool, WriteStoragePoolXml>},
    {Format::kXml, Kind::kVolume, ReadVolume, Write<v1::StorageVolume, WriteStorageVolumeXml>},
    {Format::kXml, Kind::kInterface, Read<ParseInterfaceXml>, Write<v1::HostInterface, WriteInterfaceXml>},
    {Format::kXml, Kind::kNodeDevice, Read<ParseNodeDeviceXml>, Write<v1::NodeDevice, WriteNodeDeviceXml>},
    {Format::kXml, Kind::kSecret, Read<ParseSecretXml>, Write<v1::Secret, WriteSecretXml>},
    {Format::kXml, Kind::kNetworkFilter, Read<ParseNetworkFilterXml>, Write<v1::NetworkFilter, WriteNetworkFilterXml>},
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
  }
  return nullptr;
}

// What the text form found first.
class FirstFault : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty()) text_ = absl::StrCat("line ", line + 1, " column ", column + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// The path of the first field that has a number no name of its enumeration stands for, or nothing: the forms of the
// model take any number, and no document could have said it. Recursion is bounded by the parsers' own bound of depth.
std::string FindUnknownEnum(const Message& message) {
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_ENUM) {
        const int value = field->is_repeated() ? reflection->GetRepeatedEnumValue(message, field, i)
                                               : reflection->GetEnumValue(message, field);
        if (field->enum_type()->FindValueByNumber(value) == nullptr) return field->name();
      } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
        const Message& inner = field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                                    : reflection->GetMessage(message, field);
        const std::string path = FindUnknownEnum(inner);
        if (!path.empty()) return absl::StrCat(field->name(), ".", path);
      }
    }
  }
  return "";
}

absl::StatusOr<MessagePointer> ReadModel(Format format, Kind kind, absl::string_view text) {
  if (text.size() > kMaxModelBytes) return Error(v1::REASON_DOCUMENT_MALFORMED, "the document is larger than 4 MiB");
  MessagePointer message = NewMessage(kind);
  if (format == Format::kTextproto) {
    FirstFault fault;
    google::protobuf::TextFormat::Parser parser;
    parser.RecordErrorsTo(&fault);
    parser.SetRecursionLimit(64);
    if (!parser.ParseFromString(std::string(text), message.get())) {
      return Error(v1::REASON_DOCUMENT_MALFORMED, fault.text());
    }
    return message;
  }
  const auto status = google::protobuf::util::JsonStringToMessage(std::string(text), message.get());
  if (!status.ok()) return Error(v1::REASON_DOCUMENT_MALFORMED, std::string(status.message()));
  return message;
}

absl::StatusOr<std::string> WriteModel(Format format, const Message& message) {
  std::string text;
  if (format == Format::kTextproto) {
    google::protobuf::TextFormat::PrintToString(message, &text);
    return text;
  }
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  if (!status.ok()) return Error(v1::REASON_INTERNAL, std::string(status.message()));
  return text;
}

absl::StatusOr<MessagePointer> ReadAs(Format format, Kind kind, absl::string_view text, const ConvertOptions& options) {
  if (IsModelForm(format)) {
    auto message = ReadModel(format, kind, text);
    if (!message.ok()) return message;
    const std::string path = FindUnknownEnum(**message);
    if (path.empty()) return message;
    return Error(v1::REASON_SPEC_INVALID, absl::StrCat("the field ", path, " has a number that stands for nothing"),
                 {{"field", path}});
  }
  const Codec* codec = FindCodec(format, kind);
  if (codec == nullptr || codec->read == nullptr) {
    return Error(v1::REASON_SPEC_UNSUPPORTED,
                 absl::StrCat("a ", NameOf(kind), " cannot be read from the format ", NameOf(format)));
  }
  return codec->read(text, options);
}

absl::StatusOr<std::string> WriteAs(Format format, Kind kind, const Message& message) {
  if (IsModelForm(format)) return WriteModel(format, message);
  const Codec* codec = FindCodec(format, kind);
  if (codec == nullptr || codec->write == nullptr) {
    return Error(v1::REASON_SPEC_UNSUPPORTED,
                 absl::StrCat("a ", NameOf(kind), " cannot be written in the format ", NameOf(format)));
  }
  return codec->write(message);
}

// Gives the object a UUID where it has a field for one and none in it.
void GiveUuid(Message* message, const ConvertOptions& options) {
  const auto* descriptor = message->GetDescriptor();
  const auto* uid = descriptor->FindFieldByName("uid");
  const auto* name = descriptor->FindFieldByName("name");
  if (!options.make_uuid || uid == nullptr || name == nullptr) return;
  const auto* reflection = message->GetReflection();
  if (!reflection->GetString(*message, uid).empty()) return;
  const std::string full = reflection->GetString(*message, name);
  const std::string uuid = options.make_uuid(absl::string_view(full).substr(full.rfind('/') + 1));
  reflection->SetString(message, uid, uuid);
  // A secret has no other name.
  if (full.empty() && descriptor == v1::Secret::descriptor()) {
    reflection->SetString(message, name, absl::StrCat("secrets/", uuid));
  }
}

template <typename Table, typename Key>
absl::string_view NameIn(const Table& table, Key key) {
  for (const auto& [name, value] : table) {
    if (value == key) return name;
  }
  return "";
}

template <typename Value, typename Table>
std::optional<Value> ValueIn(const Table& table, absl::string_view key) {
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

absl::StatusOr<std::string> Convert(Format from, Format to, Kind kind, absl::string_view text,
                                    const ConvertOptions& options) {
  auto message = ReadAs(from, kind, text, options);
  if (!message.ok()) return message.status();
  GiveUuid(message->get(), options);
  auto written = WriteAs(to, kind, **message);
  if (!written.ok() || !IsModelForm(from) || IsModelForm(to)) return written;
  // A model from outside has passed no reader's checks: what is written must read again.
  const auto again = ReadAs(to, kind, *written, options);
  if (!again.ok()) return WithContext("the model is not one that can be written", again.status());
  return written;
}

}  // namespace reeve::formats
