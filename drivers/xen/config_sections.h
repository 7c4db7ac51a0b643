// The sections of a configuration, each in a file config_SECTION.cc. Only for BuildDomainConfig.
#pragma once

#include <string>

#include "drivers/driver.h"
#include "drivers/violations.h"
#include "drivers/xen/config_builder.h"
#include "drivers/xen/domain_config.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::xen {

// What every section works on. Lives for one BuildDomainConfig.
struct ConfigContext {
  const drivers::DomainKey& domain;
  const v1::DomainSpec& spec;
  const ConfigOptions& options;
  const LibxlLibrary& library;
  libxl_domain_config* config;
  drivers::Violations* violations;

  libxl_domain_build_info& build() const { return config->b_info; }
  bool hvm() const { return config->c_info.type == LIBXL_DOMAIN_TYPE_HVM; }
  bool pv() const { return config->c_info.type == LIBXL_DOMAIN_TYPE_PV; }
};

// By os.type: PV, PVH or HVM; the first of all, the others rest on it.
void SetIdentity(const ConfigContext& context);
void SetMemoryAndProcessors(const ConfigContext& context);
void SetCpuFeatures(const ConfigContext& context);
void SetClock(const ConfigContext& context);
void SetBoot(const ConfigContext& context);
void SetFeatures(const ConfigContext& context);
void SetLifecycleActions(const ConfigContext& context);
void AddDisks(const ConfigContext& context);
void AddInterfaces(const ConfigContext& context);
void SetDisplays(const ConfigContext& context);
void SetCharacterDevices(const ConfigContext& context);
void SetHardware(const ConfigContext& context);
void AddHostDevices(const ConfigContext& context);

// One disk or interface, for the domain's list or to be added to a running one.
void FillDisk(const ConfigContext& context, const v1::Disk& disk, const std::string& field, libxl_device_disk* out);
void FillInterface(const ConfigContext& context, const v1::Interface& interface, const std::string& field,
                   libxl_device_nic* out);

}  // namespace reeve::xen
