#include "formats/xen_domain_config.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "formats/domain_name.h"
#include "formats/domain_spec_check.h"
#include "formats/message_difference.h"
#include "formats/text.h"
#include "formats/uuid.h"
#include "formats/xen_canonical.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

using SectionReader = void (*)(XenConfigReader* reader, v1::DomainSpec* spec);
using SectionWriter = void (*)(const v1::DomainSpec& spec, XenConfigWriter* writer);

// The order of the sections is libvirt's, as it decides the order of devices and settings.
constexpr SectionReader kCommonReaders[] = {
    ReadXenType,       ReadXenResources, ReadXenLife,   ReadXenFeatures, ReadXenClock, ReadXenBoot,
    ReadXenInterfaces, ReadXenPci,       ReadXenSounds, ReadXenGraphics, ReadXenPorts, ReadXenInputs,
};
constexpr SectionReader kXlReaders[] = {
    ReadXenNuma, ReadXenCpu, ReadXenLimits, ReadXenXlDisks, ReadXenVideo, ReadXenUsb, ReadXenChannels, ReadXenArguments,
};
constexpr SectionReader kXmReaders[] = {ReadXenXmDisks};

constexpr SectionWriter kCommonWriters[] = {
    WriteXenResources,  WriteXenFeatures, WriteXenClock, WriteXenLife,   WriteXenGraphics,
    WriteXenInterfaces, WriteXenPci,      WriteXenPorts, WriteXenSounds, WriteXenBoot,
};
constexpr SectionWriter kXlWriters[] = {
    WriteXenNesting, WriteXenCpuId, WriteXenNuma,     WriteXenLimits,    WriteXenXlDisks, WriteXenSpice,
    WriteXenInputs,  WriteXenUsb,   WriteXenChannels, WriteXenArguments, WriteXenVideo,   WriteXenWeight,
};
constexpr SectionWriter kXmWriters[] = {WriteXenXmDisks, WriteXenInputs, WriteXenWeight};

absl::string_view NameOf(XenDialect dialect) {
  return dialect == XenDialect::kXl ? "xen-xl" : "xen-xm";
}

void ReadIdentity(XenConfigReader* reader, v1::Domain* domain) {
  const auto name = reader->TakeText("name");
  if (!name) {
    if (!reader->Has("name")) reader->Fail(0, "has no setting name");
  } else if (const absl::Status status = CheckDomainName(name->text); !status.ok()) {
    reader->Fail(name->offset, absl::StrCat("is wrong: ", status.message()));
  } else {
    domain->set_name(DomainResourceName("xen", name->text));
  }
  const auto uuid = reader->TakeFilledText("uuid");
  if (!uuid) return;
  auto uid = ParseUuid(uuid->text);
  if (uid.ok()) {
    domain->set_uid(*std::move(uid));
  } else {
    reader->Fail(uuid->offset, absl::StrCat("is wrong: ", uid.status().message()));
  }
}

absl::StatusOr<v1::Domain> Read(XenDialect dialect, absl::string_view text, std::vector<Warning>* warnings) {
  auto reader = XenConfigReader::Create(text, dialect);
  if (!reader.ok()) return reader.status();
  v1::Domain domain;
  v1::DomainSpec* spec = domain.mutable_spec();
  ReadIdentity(&*reader, &domain);
  for (const SectionReader read : kCommonReaders) read(&*reader, spec);
  if (dialect == XenDialect::kXl) {
    for (const SectionReader read : kXlReaders) read(&*reader, spec);
  } else {
    for (const SectionReader read : kXmReaders) read(&*reader, spec);
  }
  if (absl::Status status = reader->ToStatus(); !status.ok()) return status;
  // Before the defaults, whose number follows from what is there.
  reader->Check(*spec);
  if (absl::Status status = reader->ToStatus(); !status.ok()) return status;
  AddXenDefaults(spec);
  reader->Check(*spec);
  if (absl::Status status = reader->ToStatus(); !status.ok()) return status;
  if (warnings != nullptr) {
    for (Warning& warning : reader->Warnings()) warnings->push_back(std::move(warning));
  }
  return domain;
}

absl::Status ToStatus(const std::vector<SpecFault>& faults, absl::string_view name, XenDialect dialect) {
  if (faults.empty()) return absl::OkStatus();
  const auto describe = [](const SpecFault& fault) { return absl::StrCat(fault.field, " ", fault.cause); };
  absl::Status status = Error(
      v1::REASON_SPEC_UNSUPPORTED,
      absl::StrCat("domain '", Printable(name), "' cannot be written as ", NameOf(dialect), ": ", describe(faults[0])),
      {{"field", faults[0].field}});
  for (const SpecFault& fault : faults) AddFieldViolation(&status, fault.field, fault.cause);
  return status;
}

uint64_t WholeMebibytes(uint64_t kibibytes) {
  return (kibibytes / 1024 + (kibibytes % 1024 != 0 ? 1 : 0)) * 1024;
}

// What reading the text gives that is not what was to be written.
std::vector<SpecFault> FindLosses(const v1::Domain& wanted, const std::string& text, XenDialect dialect) {
  auto got = Read(dialect, text, nullptr);
  if (!got.ok()) {
    return {{"spec", absl::StrCat("would be refused when it is read again: ", got.status().message())}};
  }
  MakeXenCanonical(dialect, got->mutable_spec());
  std::vector<SpecFault> faults;
  if (got->name() != wanted.name()) faults.push_back({"name", "has no form there"});
  if (got->uid() != wanted.uid()) faults.push_back({"uid", "has no form there"});
  for (std::string& path : FindDifferences(wanted.spec(), got->spec(), "spec", kMaxSpecFaults)) {
    faults.push_back({std::move(path), "has no form there"});
  }
  return faults;
}

absl::StatusOr<std::string> Write(XenDialect dialect, const v1::Domain& domain) {
  if (absl::Status status = CheckDomainSpec(domain.spec()); !status.ok()) return status;
  const DomainNameParts parts = SplitDomainResourceName(domain.name());
  if (parts.hypervisor != "xen") {
    return ToStatus({{"name", absl::StrCat("is of the hypervisor '", Printable(parts.hypervisor), "', not of xen")}},
                    parts.name, dialect);
  }
  v1::Domain canonical;
  canonical.set_name(domain.name());
  canonical.set_uid(domain.uid());
  *canonical.mutable_spec() = domain.spec();
  v1::DomainSpec* spec = canonical.mutable_spec();
  MakeXenCanonical(dialect, spec);
  spec->set_memory_kib(WholeMebibytes(spec->memory_kib()));
  spec->set_current_memory_kib(WholeMebibytes(spec->current_memory_kib()));

  XenConfigWriter writer{dialect, {}, {}};
  writer.Text("name", parts.name);
  writer.OptionalText("uuid", domain.uid());
  for (const SectionWriter write : kCommonWriters) write(*spec, &writer);
  if (dialect == XenDialect::kXl) {
    for (const SectionWriter write : kXlWriters) write(*spec, &writer);
  } else {
    for (const SectionWriter write : kXmWriters) write(*spec, &writer);
  }
  if (absl::Status status = ToStatus(writer.faults, parts.name, dialect); !status.ok()) return status;
  std::string text = WriteXenConfig(writer.config);
  if (absl::Status status = ToStatus(FindLosses(canonical, text, dialect), parts.name, dialect); !status.ok()) {
    return status;
  }
  return text;
}

}  // namespace

void XenConfigWriter::List(absl::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  std::vector<XenConfigValue> values;
  for (const std::string& text : texts) values.push_back(XenConfigValue::String(text));
  config.Add(name, XenConfigValue::List(std::move(values)));
}

absl::StatusOr<v1::Domain> ReadXenXl(absl::string_view text, std::vector<Warning>* warnings) {
  return Read(XenDialect::kXl, text, warnings);
}

absl::StatusOr<v1::Domain> ReadXenXm(absl::string_view text, std::vector<Warning>* warnings) {
  return Read(XenDialect::kXm, text, warnings);
}

absl::StatusOr<std::string> WriteXenXl(const v1::Domain& domain) {
  return Write(XenDialect::kXl, domain);
}

absl::StatusOr<std::string> WriteXenXm(const v1::Domain& domain) {
  return Write(XenDialect::kXm, domain);
}

}  // namespace reeve::formats
