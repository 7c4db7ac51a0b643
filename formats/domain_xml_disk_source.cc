#include "formats/domain_xml_disk_source.h"

#include "formats/domain_words.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Disk = v1::Disk;
using Network = v1::NetworkDiskSource;
using Volume = v1::VolumeDiskSource;
using Host = v1::DiskHost;
using Cookie = v1::DiskCookie;
using Authentication = v1::DiskAuthentication;
using Encryption = v1::DiskEncryption;

constexpr XmlAttributeRule<Disk> kFileSource[] = {
    {"file", AttributeText<&Disk::mutable_source>},
    {"startupPolicy", AttributeWord<&Disk::mutable_startup_policy, kStartupPolicies>},
};
constexpr XmlAttributeRule<Disk> kBlockSource[] = {
    {"dev", AttributeText<&Disk::mutable_source>},
    {"startupPolicy", AttributeWord<&Disk::mutable_startup_policy, kStartupPolicies>},
};
constexpr XmlAttributeRule<Disk> kDirectorySource[] = {
    {"dir", AttributeText<&Disk::mutable_source>},
    {"startupPolicy", AttributeWord<&Disk::mutable_startup_policy, kStartupPolicies>},
};

constexpr XmlAttributeRule<Volume> kVolumeSource[] = {
    {"pool", AttributeText<&Volume::mutable_pool>},
    {"volume", AttributeText<&Volume::mutable_volume>},
    {"mode", AttributeWord<&Volume::mutable_mode, kVolumeModes>},
};

constexpr XmlAttributeRule<Network> kNetworkSource[] = {
    {"protocol", AttributeWord<&Network::mutable_protocol, kDiskProtocols>},
    {"name", AttributeText<&Network::mutable_name>},
    {"query", AttributeText<&Network::mutable_query>},
    {"tls", AttributeYesNo<&Network::set_tls>},
};

constexpr XmlAttributeRule<Host> kHost[] = {
    {"name", AttributeText<&Host::mutable_name>},
    {"port", AttributeNumber<&Host::set_port>},
    {"transport", AttributeWord<&Host::mutable_transport, kDiskTransports>},
    {"socket", AttributeText<&Host::mutable_socket>},
};

constexpr XmlAttributeRule<Network> kSnapshot[] = {{"name", AttributeText<&Network::mutable_snapshot>}};
constexpr XmlAttributeRule<Network> kConfig[] = {{"file", AttributeText<&Network::mutable_config_file>}};
constexpr XmlAttributeRule<Network> kSsl[] = {{"verify", AttributeYesNo<&Network::set_verify_certificate>}};
constexpr XmlAttributeRule<Network> kReadahead[] = {{"size", AttributeNumber<&Network::set_readahead_bytes>}};
constexpr XmlAttributeRule<Network> kTimeout[] = {{"seconds", AttributeNumber<&Network::set_timeout_seconds>}};
constexpr XmlAttributeRule<Cookie> kCookie[] = {{"name", AttributeText<&Cookie::mutable_name>}};

constexpr XmlElementRule<Network> kCookies[] = {
    {"cookie", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Network* network) {
       if (!element.attribute("name")) reader->Invalid(element, "has no attribute name");
       ReadXml<Cookie>(reader, element, {.attributes = kCookie, .text = AttributeText<&Cookie::mutable_value>},
                       network->add_cookies());
     }},
};

constexpr XmlElementRule<Network> kNetworkElements[] = {
    {"host", XmlCount::kRepeated, ElementAttributesOf<&Network::add_hosts, kHost, Network>},
    {"snapshot", XmlCount::kOnce, ElementAttributes<kSnapshot, Network>},
    {"config", XmlCount::kOnce, ElementAttributes<kConfig, Network>},
    {"ssl", XmlCount::kOnce, ElementAttributes<kSsl, Network>},
    {"cookies", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Network* network) {
       ReadXml<Network>(reader, element, {.elements = kCookies}, network);
     }},
    {"readahead", XmlCount::kOnce, ElementAttributes<kReadahead, Network>},
    {"timeout", XmlCount::kOnce, ElementAttributes<kTimeout, Network>},
};

// <secret type='' uuid='' usage=''/>, the same in both.
template <typename T, const auto& Types>
constexpr XmlAttributeRule<T> kSecret[] = {
    {"type", AttributeWord<&T::mutable_secret_type, Types>},
    {"uuid", AttributeText<&T::mutable_secret_uuid>},
    {"usage", AttributeText<&T::mutable_secret_usage>},
};

constexpr XmlAttributeRule<Authentication> kAuthentication[] = {
    {"username", AttributeText<&Authentication::mutable_username>},
};
constexpr XmlElementRule<Authentication> kAuthenticationElements[] = {
    {"secret", XmlCount::kOnce, ElementAttributes<kSecret<Authentication, kAuthenticationSecrets>, Authentication>},
};
constexpr XmlAttributeRule<Encryption> kEncryption[] = {
    {"format", AttributeWord<&Encryption::mutable_format, kEncryptionFormats>},
};
constexpr XmlElementRule<Encryption> kEncryptionElements[] = {
    {"secret", XmlCount::kOnce, ElementAttributes<kSecret<Encryption, kEncryptionSecrets>, Encryption>},
};

template <typename T>
void WriteSecret(XmlWriter* writer, const T& owner) {
  if (owner.secret_type().empty()) return;
  writer->Begin("secret")
      .Attribute("type", owner.secret_type())
      .OptionalAttribute("uuid", owner.secret_uuid())
      .OptionalAttribute("usage", owner.secret_usage())
      .End();
}

void WriteNetwork(XmlWriter* writer, const Network& network) {
  writer->Begin("source")
      .Attribute("protocol", network.protocol())
      .OptionalAttribute("name", network.name())
      .OptionalAttribute("query", network.query());
  if (network.has_tls()) writer->Attribute("tls", network.tls() ? "yes" : "no");
  for (const Host& host : network.hosts()) {
    writer->Begin("host").OptionalAttribute("name", host.name());
    if (host.has_port()) writer->Attribute("port", host.port());
    writer->OptionalAttribute("transport", host.transport() == "tcp" ? "" : host.transport())
        .OptionalAttribute("socket", host.socket())
        .End();
  }
  if (!network.snapshot().empty()) writer->Begin("snapshot").Attribute("name", network.snapshot()).End();
  if (!network.config_file().empty()) writer->Begin("config").Attribute("file", network.config_file()).End();
  if (network.has_verify_certificate()) {
    writer->Begin("ssl").Attribute("verify", network.verify_certificate() ? "yes" : "no").End();
  }
  if (!network.cookies().empty()) {
    writer->Begin("cookies");
    for (const Cookie& cookie : network.cookies()) {
      writer->Begin("cookie").Attribute("name", cookie.name()).Text(cookie.value()).End();
    }
    writer->End();
  }
  if (network.has_readahead_bytes()) writer->Begin("readahead").Attribute("size", network.readahead_bytes()).End();
  if (network.has_timeout_seconds()) writer->Begin("timeout").Attribute("seconds", network.timeout_seconds()).End();
  writer->End();
}

}  // namespace

void ReadDiskSource(XmlReader* reader, pugi::xml_node element, Disk* disk) {
  if (disk->type() == "network") {
    if (!element.attribute("protocol")) reader->Invalid(element, "has no attribute protocol");
    return ReadXml<Network>(reader, element, {.attributes = kNetworkSource, .elements = kNetworkElements},
                            disk->mutable_network_source());
  }
  if (disk->type() == "volume") {
    return ReadXml<Volume>(reader, element, {.attributes = kVolumeSource}, disk->mutable_volume_source());
  }
  XmlRules<Disk> rules{.attributes = kFileSource};
  if (disk->type() == "block") rules.attributes = kBlockSource;
  if (disk->type() == "dir") rules.attributes = kDirectorySource;
  ReadXml<Disk>(reader, element, rules, disk);
}

void WriteDiskSource(XmlWriter* writer, const Disk& disk) {
  if (disk.has_network_source()) return WriteNetwork(writer, disk.network_source());
  if (disk.has_volume_source()) {
    writer->Begin("source")
        .Attribute("pool", disk.volume_source().pool())
        .Attribute("volume", disk.volume_source().volume())
        .OptionalAttribute("mode", disk.volume_source().mode())
        .End();
    return;
  }
  if (disk.source().empty() && disk.startup_policy().empty()) return;
  const absl::string_view name = disk.type() == "block" ? "dev" : disk.type() == "dir" ? "dir" : "file";
  writer->Begin("source").OptionalAttribute(name, disk.source());
  writer->OptionalAttribute("startupPolicy", disk.startup_policy()).End();
}

void ReadDiskAuthentication(XmlReader* reader, pugi::xml_node element, Disk* disk) {
  ReadXml<Authentication>(reader, element, {.attributes = kAuthentication, .elements = kAuthenticationElements},
                          disk->mutable_authentication());
}

void WriteDiskAuthentication(XmlWriter* writer, const Disk& disk) {
  if (!disk.has_authentication()) return;
  writer->Begin("auth").Attribute("username", disk.authentication().username());
  WriteSecret(writer, disk.authentication());
  writer->End();
}

void ReadDiskEncryption(XmlReader* reader, pugi::xml_node element, Disk* disk) {
  ReadXml<Encryption>(reader, element, {.attributes = kEncryption, .elements = kEncryptionElements},
                      disk->mutable_encryption());
}

void WriteDiskEncryption(XmlWriter* writer, const Disk& disk) {
  if (!disk.has_encryption()) return;
  writer->Begin("encryption").Attribute("format", disk.encryption().format());
  WriteSecret(writer, disk.encryption());
  writer->End();
}

}  // namespace reeve::formats
