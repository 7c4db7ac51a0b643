#include "formats/storage_pool_xml.h"

#include <utility>

#include "formats/storage_xml_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Pool = v1::StoragePool;
using Spec = v1::StoragePoolSpec;

constexpr absl::string_view kFsNamespace = "http://libvirt.org/schemas/storagepool/fs/1.0";
constexpr absl::string_view kRbdNamespace = "http://libvirt.org/schemas/storagepool/rbd/1.0";
constexpr absl::string_view kAllocations[] = {"default", "capacity"};

struct Draft {
  Pool* pool;
  Spec* spec;
  const StoragePoolType* type;
  bool has_fs_namespace = false;
  bool has_rbd_namespace = false;
};

template <auto Has, const auto& Namespace>
void ReadNamespace(XmlReader* reader, const XmlValue& value, Draft* draft) {
  draft->*Has = value.text == Namespace;
  if (!(draft->*Has)) reader->UnknownValue(value);
}

constexpr XmlAttributeRule<Draft> kAttributes[] = {
    {"type",
     [](XmlReader* reader, const XmlValue& value, Draft* draft) {
       draft->spec->set_type(PoolTypeFromName(value.text));
       if (draft->spec->type() == Spec::TYPE_UNSPECIFIED) reader->UnknownValue(value);
       draft->type = &PoolTypeOf(draft->spec->type());
     }},
    {"xmlns:fs", ReadNamespace<&Draft::has_fs_namespace, kFsNamespace>},
    {"xmlns:rbd", ReadNamespace<&Draft::has_rbd_namespace, kRbdNamespace>},
};

void ReadName(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  const XmlValue value = PlainText(reader, element);
  CheckObjectName(reader, value);
  draft->pool->set_name(absl::StrCat("pools/", value.text));
}

constexpr XmlAttributeRule<Spec> kCowAttributes[] = {{"state", AttributeYesNo<&Spec::set_copy_on_write>}};
constexpr XmlElementRule<Spec> kFeatureElements[] = {
    {"cow", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Spec* spec) {
       RequireAttributes(reader, element, {"state"});
       ReadXml<Spec>(reader, element, {.attributes = kCowAttributes}, spec);
     }},
};

void ReadFeatures(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  ReadXml<Spec>(reader, element, {.elements = kFeatureElements}, draft->spec);
  const auto type = draft->spec->type();
  if (draft->spec->has_copy_on_write() && type != Spec::TYPE_DIR && type != Spec::TYPE_FS) {
    reader->Invalid(element, absl::StrCat("has <cow>, which a pool of type ", draft->type->name, " cannot have"));
  }
}

constexpr XmlElementRule<v1::StorageTarget> kTargetElements[] = {
    {"path", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, v1::StorageTarget* target) {
       target->set_path(CleanPath(PlainText(reader, element).text));
     }},
    {"permissions", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, v1::StorageTarget* target) {
       ReadPermissions(reader, element, target->mutable_permissions());
     }},
};

constexpr XmlAttributeRule<Spec> kAllocationAttributes[] = {
    {"allocation", AttributeWord<&Spec::mutable_refresh_allocation, kAllocations>},
};
constexpr XmlElementRule<Spec> kRefreshElements[] = {
    {"volume", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Spec* spec) {
       ReadXml<Spec>(reader, element, {.attributes = kAllocationAttributes}, spec);
     }},
};

void ReadRefresh(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  if (draft->spec->type() != Spec::TYPE_RBD) {
    return reader->Invalid(element, absl::StrCat("cannot be in a pool of type ", draft->type->name));
  }
  ReadXml<Spec>(reader, element, {.elements = kRefreshElements}, draft->spec);
}

constexpr XmlAttributeRule<v1::BackendOption> kOptionAttributes[] = {
    {"name", AttributeText<&v1::BackendOption::mutable_name>},
    {"value",
     [](XmlReader*, const XmlValue& value, v1::BackendOption* option) { option->set_value(std::string(value.text)); }},
};

void ReadMountOption(XmlReader* reader, pugi::xml_node element, Spec* spec) {
  RequireAttributes(reader, element, {"name"});
  ReadXml<v1::BackendOption>(reader, element, {.attributes = absl::MakeConstSpan(kOptionAttributes).first(1)},
                             spec->add_options());
}

void ReadConfigOption(XmlReader* reader, pugi::xml_node element, Spec* spec) {
  RequireAttributes(reader, element, {"name", "value"});
  ReadXml<v1::BackendOption>(reader, element, {.attributes = kOptionAttributes}, spec->add_options());
}

constexpr XmlElementRule<Spec> kMountElements[] = {{"fs:option", XmlCount::kRepeated, ReadMountOption}};
constexpr XmlElementRule<Spec> kConfigElements[] = {{"rbd:option", XmlCount::kRepeated, ReadConfigOption}};

void ReadMountOptions(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  const auto type = draft->spec->type();
  if (!draft->has_fs_namespace || (type != Spec::TYPE_FS && type != Spec::TYPE_NETFS)) {
    return reader->UnknownElement(element);
  }
  ReadXml<Spec>(reader, element, {.elements = kMountElements}, draft->spec);
}

void ReadConfigOptions(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  if (!draft->has_rbd_namespace || draft->spec->type() != Spec::TYPE_RBD) return reader->UnknownElement(element);
  ReadXml<Spec>(reader, element, {.elements = kConfigElements}, draft->spec);
}

constexpr XmlElementRule<Draft> kElements[] = {
    {"name", XmlCount::kOnce, ReadName},
    {"uuid", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Draft* draft) {
       ElementUuid<&Pool::mutable_uid>(reader, element, draft->pool);
     }},
    {"features", XmlCount::kOnce, ReadFeatures},
    {"capacity", XmlCount::kOnce, ElementState},
    {"allocation", XmlCount::kOnce, ElementState},
    {"available", XmlCount::kOnce, ElementState},
    {"source", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Draft* draft) {
       ReadPoolSource(reader, element, *draft->type, draft->spec->mutable_source());
     }},
    {"target", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Draft* draft) {
       if (draft->type->network) {
         return reader->Ignored(element, "is of no effect in a pool behind a network and is ignored");
       }
       ReadXml<v1::StorageTarget>(reader, element, {.elements = kTargetElements}, draft->spec->mutable_target());
     }},
    {"refresh", XmlCount::kOnce, ReadRefresh},
    {"fs:mount_opts", XmlCount::kOnce, ReadMountOptions},
    {"rbd:config_opts", XmlCount::kOnce, ReadConfigOptions},
};

// Fills in what follows from the rest; it happens when all is read, since elements may come in any order.
void Complete(XmlReader* reader, pugi::xml_node root, Draft* draft) {
  const StoragePoolType& type = *draft->type;
  v1::StoragePoolSource* source = draft->spec->mutable_source();
  if (draft->pool->name().empty() && type.source_name && !source->name().empty()) {
    const pugi::xml_node element = root.child("source").child("name");
    CheckObjectName(reader, {source->name(), element, {}});
    draft->pool->set_name(absl::StrCat("pools/", source->name()));
  }
  if (draft->pool->name().empty()) reader->Invalid(root, "has no element <name>");
  if (type.source_name && source->name().empty()) {
    if (draft->spec->type() == Spec::TYPE_RBD) {
      reader->Invalid(root, "has no name of its source");
    } else {
      source->set_name(std::string(LastPart(draft->pool->name())));
    }
  }
  if (draft->spec->type() == Spec::TYPE_GLUSTER && source->directory().empty()) source->set_directory("/");
  if (!type.formats.empty() && source->format().empty()) source->set_format(std::string(type.default_format));
}

void CheckSource(XmlReader* reader, pugi::xml_node root, const Draft& draft) {
  const StoragePoolType& type = *draft.type;
  const v1::StoragePoolSource& source = draft.spec->source();
  const pugi::xml_node element = root.child("source") ? root.child("source") : root;
  if (type.hosts && source.hosts().empty()) reader->Invalid(element, "has no <host>");
  if (type.directory && source.directory().empty()) reader->Invalid(element, "has no <dir>");
  if (type.adapter && !source.has_adapter()) reader->Invalid(element, "has no <adapter>");
  if (type.devices && !type.source_name && source.devices().empty()) reader->Invalid(element, "has no <device>");
  if (draft.spec->type() == Spec::TYPE_ISCSI_DIRECT && source.initiator_iqn().empty()) {
    reader->Invalid(element, "has no <initiator>");
  }
}

void CompleteTarget(XmlReader* reader, pugi::xml_node root, Draft* draft) {
  if (draft->type->network) return;
  v1::StorageTarget* target = draft->spec->mutable_target();
  const std::string& name = draft->spec->source().name();
  if (draft->spec->type() == Spec::TYPE_LOGICAL) {
    target->set_path(absl::StrCat("/dev/", name));
  } else if (draft->spec->type() == Spec::TYPE_ZFS) {
    target->set_path(absl::StrCat("/dev/zvol/", name));
  } else if (target->path().empty()) {
    reader->Invalid(root, "has no path of its target");
  }
}

void WriteOptions(XmlWriter* writer, const Spec& spec) {
  if (spec.options().empty()) return;
  const bool is_rbd = spec.type() == Spec::TYPE_RBD;
  writer->Begin(is_rbd ? "rbd:config_opts" : "fs:mount_opts");
  for (const auto& option : spec.options()) {
    writer->Begin(is_rbd ? "rbd:option" : "fs:option").Attribute("name", option.name());
    if (option.has_value()) writer->Attribute("value", option.value());
    writer->End();
  }
  writer->End();
}

void WriteBytes(XmlWriter* writer, absl::string_view name, uint64_t bytes) {
  writer->Begin(name).Attribute("unit", "bytes").Text(absl::StrCat(bytes)).End();
}

}  // namespace

absl::StatusOr<Pool> ParseStoragePoolXml(absl::string_view text, std::vector<Warning>* warnings,
                                         Strictness strictness) {
  XmlReader reader(text, warnings, strictness);
  Pool pool;
  if (const pugi::xml_node root = reader.Load({})) {
    if (absl::string_view(root.name()) != "pool") {
      reader.UnknownElement(root);
      return reader.ToStatus();
    }
    Draft draft{&pool, pool.mutable_spec(), &PoolTypeOf(Spec::TYPE_DIR)};
    RequireAttributes(&reader, root, {"type"});
    ReadXml<Draft>(&reader, root, {.attributes = kAttributes, .elements = kElements}, &draft);
    if (reader.ok()) {
      Complete(&reader, root, &draft);
      CheckSource(&reader, root, draft);
      CompleteTarget(&reader, root, &draft);
    }
  }
  if (!reader.ok()) return reader.ToStatus();
  return pool;
}

std::string WriteStoragePoolXml(const Pool& pool) {
  const Spec& spec = pool.spec();
  const StoragePoolType& type = PoolTypeOf(spec.type());
  XmlWriter writer;
  writer.Begin("pool").Attribute("type", type.name);
  if (!spec.options().empty()) {
    if (spec.type() == Spec::TYPE_RBD) {
      writer.Attribute("xmlns:rbd", kRbdNamespace);
    } else {
      writer.Attribute("xmlns:fs", kFsNamespace);
    }
  }
  writer.Element("name", LastPart(pool.name()));
  writer.OptionalElement("uuid", pool.uid());
  if (spec.has_copy_on_write()) {
    writer.Begin("features");
    writer.Begin("cow").Attribute("state", YesNo(spec.copy_on_write())).End();
    writer.End();
  }
  WriteBytes(&writer, "capacity", pool.capacity_bytes());
  WriteBytes(&writer, "allocation", pool.allocation_bytes());
  WriteBytes(&writer, "available", pool.available_bytes());
  WritePoolSource(&writer, spec.source());
  if (!type.network) {
    writer.Begin("target").Body();
    writer.OptionalElement("path", spec.target().path());
    WritePermissions(&writer, spec.target().permissions());
    writer.End();
  }
  if (!spec.refresh_allocation().empty()) {
    writer.Begin("refresh");
    writer.Begin("volume").Attribute("allocation", spec.refresh_allocation()).End();
    writer.End();
  }
  WriteOptions(&writer, spec);
  writer.End();
  return std::move(writer).Finish();
}

}  // namespace reeve::formats
