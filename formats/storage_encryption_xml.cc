#include "formats/storage_xml_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Cipher = v1::StorageCipher;
using Encryption = v1::StorageEncryption;
using Generator = v1::StorageVectorGenerator;

constexpr absl::string_view kFormats[] = {"default", "qcow", "luks", "luks2"};
constexpr absl::string_view kEngines[] = {"qemu", "librbd"};

constexpr XmlAttributeRule<Encryption> kAttributes[] = {
    {"format", AttributeWord<&Encryption::mutable_format, kFormats>},
    {"engine", AttributeWord<&Encryption::mutable_engine, kEngines>},
};

constexpr XmlAttributeRule<Cipher> kCipherAttributes[] = {
    {"name", AttributeText<&Cipher::mutable_name>},
    {"size", AttributeNumber<&Cipher::set_size_bits>},
    {"mode", AttributeText<&Cipher::mutable_mode>},
    {"hash", AttributeText<&Cipher::mutable_hash>},
};

constexpr XmlAttributeRule<Generator> kGeneratorAttributes[] = {
    {"name", AttributeText<&Generator::mutable_name>},
    {"hash", AttributeText<&Generator::mutable_hash>},
};

void ReadSecret(XmlReader* reader, pugi::xml_node element, Encryption* encryption) {
  v1::SecretReference* secret = encryption->add_secrets();
  RequireAttributes(reader, element, {"type"});
  ReadSecretReference(reader, element, secret);
  if (!secret->type().empty() && secret->type() != "passphrase") {
    reader->UnknownValue({secret->type(), element, element.attribute("type")});
  }
}

void ReadCipher(XmlReader* reader, pugi::xml_node element, Encryption* encryption) {
  RequireAttributes(reader, element, {"name", "size"});
  ReadXml<Cipher>(reader, element, {.attributes = kCipherAttributes}, encryption->mutable_cipher());
}

void ReadGenerator(XmlReader* reader, pugi::xml_node element, Encryption* encryption) {
  RequireAttributes(reader, element, {"name"});
  ReadXml<Generator>(reader, element, {.attributes = kGeneratorAttributes}, encryption->mutable_vector_generator());
}

constexpr XmlElementRule<Encryption> kElements[] = {
    {"secret", XmlCount::kRepeated, ReadSecret},
    {"cipher", XmlCount::kOnce, ReadCipher},
    {"ivgen", XmlCount::kOnce, ReadGenerator},
};

}  // namespace

void ReadEncryption(XmlReader* reader, pugi::xml_node element, Encryption* encryption) {
  RequireAttributes(reader, element, {"format"});
  ReadXml<Encryption>(reader, element, {.attributes = kAttributes, .elements = kElements}, encryption);
  if (encryption->has_vector_generator() && !encryption->has_cipher())
    reader->Invalid(element, "has <ivgen> and no <cipher>");
}

void WriteEncryption(XmlWriter* writer, const Encryption& encryption) {
  writer->Begin("encryption").Attribute("format", encryption.format()).OptionalAttribute("engine", encryption.engine());
  writer->Body();
  for (const auto& secret : encryption.secrets()) WriteSecretReference(writer, secret);
  if (encryption.has_cipher()) {
    const Cipher& cipher = encryption.cipher();
    writer->Begin("cipher").Attribute("name", cipher.name()).Attribute("size", cipher.size_bits());
    writer->OptionalAttribute("mode", cipher.mode()).OptionalAttribute("hash", cipher.hash()).End();
  }
  if (encryption.has_vector_generator()) {
    writer->Begin("ivgen").Attribute("name", encryption.vector_generator().name());
    writer->OptionalAttribute("hash", encryption.vector_generator().hash()).End();
  }
  writer->End();
}

}  // namespace reeve::formats
