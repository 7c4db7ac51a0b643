#include "formats/storage_volume_xml.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "formats/storage_xml_sections.h"
#include "formats/xml_messages.h"
#include "formats/xml_number.h"

namespace reeve::formats {
namespace {

using Backing = v1::StorageBackingStore;
using Spec = v1::StorageVolumeSpec;
using Target = v1::StorageVolumeTarget;
using Times = v1::StorageTimestamps;
using Volume = v1::StorageVolume;

constexpr absl::string_view kTypes[] = {"file", "block", "dir", "network", "netdir"};
constexpr absl::string_view kFileFormats[] = {"raw", "dir",  "bochs", "cloop", "dmg",   "iso",
                                              "vpc", "vdi",  "fat",   "vhd",   "ploop", "luks",
                                              "cow", "qcow", "qcow2", "qed",   "vmdk",  "unknown"};
constexpr absl::string_view kDiskFormats[] = {"none",       "linux",     "fat16",      "fat32",
                                              "linux-swap", "linux-lvm", "linux-raid", "extended"};
// In the order in which they are written.
constexpr absl::string_view kFeatures[] = {"lazy_refcounts", "extended_l2"};

struct Draft {
  Volume* volume;
  Spec* spec;
  VolumeFormats formats;
};

// A target or backing store that is read, with what its pool allows.
template <typename T>
struct Storage {
  T* part;
  VolumeFormats formats;
};

constexpr XmlAttributeRule<Draft> kAttributes[] = {
    {"type",
     [](XmlReader* reader, const XmlValue& value, Draft* draft) {
       if (const auto place = reader->OneOf(value, kTypes)) draft->spec->set_type(static_cast<Spec::Type>(*place + 1));
     }},
};

struct Word {
  XmlValue value;
};
constexpr XmlAttributeRule<Word> kFormatAttributes[] = {
    {"type", [](XmlReader*, const XmlValue& value, Word* word) { word->value = value; }},
};

template <typename T>
void ReadFormat(XmlReader* reader, pugi::xml_node element, Storage<T>* storage) {
  Word word;
  RequireAttributes(reader, element, {"type"});
  ReadXml<Word>(reader, element, {.attributes = kFormatAttributes}, &word);
  if (!word.value.attribute) return;
  if (storage->formats == VolumeFormats::kNone || storage->formats == VolumeFormats::kUnknown) {
    if (word.value.text != "unknown") reader->Ignored(element, "has no meaning in a pool of this type and is ignored");
    return;
  }
  const auto known = storage->formats == VolumeFormats::kFiles ? absl::MakeConstSpan(kFileFormats) : kDiskFormats;
  if (reader->OneOf(word.value, known)) storage->part->set_format(std::string(word.value.text));
}

// The format that there is when the document says none.
template <typename T>
void CompleteFormat(Storage<T>* storage) {
  if (!storage->part->format().empty()) return;
  if (storage->formats == VolumeFormats::kFiles) storage->part->set_format("raw");
  if (storage->formats == VolumeFormats::kDisk) storage->part->set_format("none");
  if (storage->formats == VolumeFormats::kUnknown) storage->part->set_format("unknown");
}

template <typename T>
void ReadStoragePath(XmlReader* reader, pugi::xml_node element, Storage<T>* storage) {
  storage->part->set_path(std::string(PlainText(reader, element).text));
}

template <typename T>
void ReadStoragePermissions(XmlReader* reader, pugi::xml_node element, Storage<T>* storage) {
  ReadPermissions(reader, element, storage->part->mutable_permissions());
}

void ReadCompat(XmlReader* reader, pugi::xml_node element, Storage<Target>* storage) {
  const XmlValue value = PlainText(reader, element);
  const size_t point = value.text.find('.');
  const bool digits =
      std::all_of(value.text.begin(), value.text.end(), [](char c) { return absl::ascii_isdigit(c) || c == '.'; });
  if (!digits || point == 0 || point == absl::string_view::npos || point + 1 == value.text.size() ||
      value.text.find('.', point + 1) != absl::string_view::npos) {
    return reader->Invalid(value, "is not a version of two numbers");
  }
  storage->part->set_compat(std::string(value.text));
}

void ReadFeature(XmlReader* reader, pugi::xml_node element, Target* target) {
  if (element.first_attribute() || element.first_child()) reader->Invalid(element, "has an attribute or content");
  target->add_features(element.name());
}
constexpr XmlElementRule<Target> kFeatureElements[] = {
    {kFeatures[0], XmlCount::kOnce, ReadFeature},
    {kFeatures[1], XmlCount::kOnce, ReadFeature},
};

void ReadFeatures(XmlReader* reader, pugi::xml_node element, Storage<Target>* storage) {
  ReadXml<Target>(reader, element, {.elements = kFeatureElements}, storage->part);
  storage->part->set_has_features(true);
}

constexpr XmlElementRule<Storage<Target>> kTargetElements[] = {
    {"path", XmlCount::kOnce, ReadStoragePath<Target>},
    {"format", XmlCount::kOnce, ReadFormat<Target>},
    {"permissions", XmlCount::kOnce, ReadStoragePermissions<Target>},
    {"timestamps", XmlCount::kOnce, ElementState},
    {"encryption", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Storage<Target>* storage) {
       ReadEncryption(reader, element, storage->part->mutable_encryption());
     }},
    {"compat", XmlCount::kOnce, ReadCompat},
    {"nocow", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Storage<Target>* storage) {
       ElementFlag<&Target::set_no_copy_on_write>(reader, element, storage->part);
     }},
    {"clusterSize", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Storage<Target>* storage) {
       const auto bytes = ReadBytes(reader, element);
       if (bytes && *bytes != 0) storage->part->set_cluster_size_bytes(*bytes);
     }},
    {"features", XmlCount::kOnce, ReadFeatures},
};

constexpr XmlElementRule<Storage<Backing>> kBackingElements[] = {
    {"path", XmlCount::kOnce, ReadStoragePath<Backing>},
    {"format", XmlCount::kOnce, ReadFormat<Backing>},
    {"permissions", XmlCount::kOnce, ReadStoragePermissions<Backing>},
    {"timestamps", XmlCount::kOnce, ElementState},
};

void ReadTarget(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  Target* target = draft->spec->mutable_target();
  Storage<Target> storage{target, draft->formats};
  ReadXml<Storage<Target>>(reader, element, {.elements = kTargetElements}, &storage);
  // Features came with version 1.1 of the format.
  if (target->has_features() && target->compat().empty()) target->set_compat("1.1");
}

void ReadBacking(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  Storage<Backing> storage{draft->spec->mutable_backing_store(), draft->formats};
  RequireElements(reader, element, {"path"});
  ReadXml<Storage<Backing>>(reader, element, {.elements = kBackingElements}, &storage);
  CompleteFormat(&storage);
}

void ReadName(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  const XmlValue value = PlainText(reader, element);
  if (value.text.empty()) reader->Invalid(value, "is empty");
  if (value.text.find('/') != absl::string_view::npos) reader->Invalid(value, "has a slash");
  if (value.text == "." || value.text == "..") reader->Invalid(value, "is a directory's name for itself or its parent");
  if (value.text.size() > 255) reader->Invalid(value, "is longer than 255 bytes");
  absl::StrAppend(draft->volume->mutable_name(), value.text);
}

template <auto Set>
void ReadSize(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  if (const auto bytes = ReadBytes(reader, element)) (draft->spec->*Set)(*bytes);
}

constexpr XmlElementRule<Draft> kElements[] = {
    {"name", XmlCount::kOnce, ReadName},
    {"key", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Draft* draft) {
       ElementText<&Volume::mutable_key>(reader, element, draft->volume);
     }},
    {"source", XmlCount::kOnce, ElementState},
    {"capacity", XmlCount::kOnce, ReadSize<&Spec::set_capacity_bytes>},
    {"allocation", XmlCount::kOnce, ReadSize<&Spec::set_allocation_bytes>},
    {"physical", XmlCount::kOnce, ElementState},
    {"target", XmlCount::kOnce, ReadTarget},
    {"backingStore", XmlCount::kOnce, ReadBacking},
};

void WriteBytes(XmlWriter* writer, absl::string_view name, absl::string_view unit, uint64_t bytes) {
  writer->Begin(name).Attribute("unit", unit).Text(absl::StrCat(bytes)).End();
}

void WriteTimes(XmlWriter* writer, const Times& times) {
  writer->Begin("timestamps");
  writer->OptionalElement("atime", times.access());
  writer->OptionalElement("mtime", times.modify());
  writer->OptionalElement("ctime", times.change());
  writer->OptionalElement("btime", times.birth());
  writer->End();
}

template <typename T>
void WriteStorage(XmlWriter* writer, const T& storage) {
  writer->OptionalElement("path", storage.path());
  if (!storage.format().empty()) writer->Begin("format").Attribute("type", storage.format()).End();
  WritePermissions(writer, storage.permissions());
}

void WriteTarget(XmlWriter* writer, const Volume& volume) {
  const Target& target = volume.spec().target();
  writer->Begin("target").Body();
  WriteStorage(writer, target);
  if (volume.has_timestamps()) WriteTimes(writer, volume.timestamps());
  if (target.has_encryption()) WriteEncryption(writer, target.encryption());
  writer->OptionalElement("compat", target.compat());
  if (target.no_copy_on_write()) writer->Flag("nocow");
  if (target.has_cluster_size_bytes()) WriteBytes(writer, "clusterSize", "B", target.cluster_size_bytes());
  if (target.has_features()) {
    writer->Begin("features").Body();
    for (const absl::string_view feature : kFeatures) {
      const auto& all = target.features();
      if (std::find(all.begin(), all.end(), feature) != all.end()) writer->Flag(feature);
    }
    writer->End();
  }
  writer->End();
}

}  // namespace

absl::StatusOr<Volume> ParseStorageVolumeXml(absl::string_view text, const v1::StoragePool* pool,
                                             std::vector<Warning>* warnings, Strictness strictness) {
  XmlReader reader(text, warnings, strictness);
  Volume volume;
  const absl::string_view pool_name = pool != nullptr ? absl::string_view(pool->name()) : "pools/-";
  volume.set_name(absl::StrCat(pool_name, "/volumes/"));
  if (const pugi::xml_node root = reader.Load({})) {
    if (absl::string_view(root.name()) != "volume") {
      reader.UnknownElement(root);
      return reader.ToStatus();
    }
    const auto type = pool != nullptr ? pool->spec().type() : v1::StoragePoolSpec::TYPE_DIR;
    Draft draft{&volume, volume.mutable_spec(), PoolTypeOf(type).volumes};
    draft.spec->set_type(Spec::TYPE_FILE);
    ReadXml<Draft>(&reader, root, {.attributes = kAttributes, .elements = kElements}, &draft);
    RequireElements(&reader, root, {"name"});
    if (!draft.spec->has_backing_store()) RequireElements(&reader, root, {"capacity"});
    Storage<Target> storage{draft.spec->mutable_target(), draft.formats};
    CompleteFormat(&storage);
  }
  if (!reader.ok()) return reader.ToStatus();
  return volume;
}

std::string WriteStorageVolumeXml(const Volume& volume) {
  const Spec& spec = volume.spec();
  XmlWriter writer;
  const bool typed = spec.type() != Spec::TYPE_UNSPECIFIED && Spec::Type_IsValid(spec.type());
  const int type = typed ? spec.type() - 1 : 0;
  writer.Begin("volume").Attribute("type", kTypes[type]);
  writer.Element("name", LastPart(volume.name()));
  writer.OptionalElement("key", volume.key());
  WriteBytes(&writer, "capacity", "bytes", spec.capacity_bytes());
  WriteBytes(&writer, "allocation", "bytes",
             spec.has_allocation_bytes() ? spec.allocation_bytes() : spec.capacity_bytes());
  if (volume.physical_bytes() != 0) WriteBytes(&writer, "physical", "bytes", volume.physical_bytes());
  WriteTarget(&writer, volume);
  if (spec.has_backing_store()) {
    writer.Begin("backingStore");
    WriteStorage(&writer, spec.backing_store());
    writer.End();
  }
  writer.End();
  return std::move(writer).Finish();
}

}  // namespace reeve::formats
