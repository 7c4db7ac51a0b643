// libxenlight, loaded when it is needed.
#pragma once

#include <libxl.h>
#include <libxl_event.h>
#include <libxl_utils.h>
#include <xentoollog.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace reeve::xen {

// Every function of libxenlight that the driver calls. A row here is all that a new one needs.
#define REEVE_LIBXL_FUNCTIONS(F)         \
  F(libxl_ao_abort)                      \
  F(libxl_bitmap_set)                    \
  F(libxl_cdrom_insert)                  \
  F(libxl_childproc_setmode)             \
  F(libxl_cpuid_dispose)                 \
  F(libxl_cpuid_parse_config)            \
  F(libxl_ctx_alloc)                     \
  F(libxl_ctx_free)                      \
  F(libxl_defbool_set)                   \
  F(libxl_device_channel_init)           \
  F(libxl_device_disk_add)               \
  F(libxl_device_disk_dispose)           \
  F(libxl_device_disk_init)              \
  F(libxl_device_disk_remove)            \
  F(libxl_device_nic_add)                \
  F(libxl_device_nic_dispose)            \
  F(libxl_device_nic_init)               \
  F(libxl_device_nic_remove)             \
  F(libxl_device_pci_add)                \
  F(libxl_device_pci_assignable_add)     \
  F(libxl_device_pci_assignable_list)    \
  F(libxl_device_pci_assignable_list_free) \
  F(libxl_device_pci_assignable_remove)  \
  F(libxl_device_pci_dispose)            \
  F(libxl_device_pci_init)               \
  F(libxl_device_pci_list)               \
  F(libxl_device_pci_list_free)          \
  F(libxl_device_pci_remove)             \
  F(libxl_device_usbctrl_add)            \
  F(libxl_device_usbctrl_init)           \
  F(libxl_device_usbctrl_list)           \
  F(libxl_device_usbctrl_list_free)      \
  F(libxl_device_usbdev_add)             \
  F(libxl_device_usbdev_init)            \
  F(libxl_device_usbdev_list)            \
  F(libxl_device_usbdev_list_free)       \
  F(libxl_device_usbdev_remove)          \
  F(libxl_device_vfb_init)               \
  F(libxl_device_vkb_init)               \
  F(libxl_domain_build_info_init_type)   \
  F(libxl_domain_config_dispose)         \
  F(libxl_domain_config_init)            \
  F(libxl_domain_core_dump)              \
  F(libxl_domain_create_new)             \
  F(libxl_domain_create_restore)         \
  F(libxl_domain_destroy)                \
  F(libxl_domain_info)                   \
  F(libxl_domain_need_memory)            \
  F(libxl_domain_pause)                  \
  F(libxl_domain_reboot)                 \
  F(libxl_domain_rename)                 \
  F(libxl_domain_restore_params_dispose) \
  F(libxl_domain_restore_params_init)    \
  F(libxl_domain_resume)                 \
  F(libxl_domain_sched_params_get)       \
  F(libxl_domain_sched_params_init)      \
  F(libxl_domain_sched_params_set)       \
  F(libxl_domain_setmaxmem)              \
  F(libxl_domain_shutdown)               \
  F(libxl_domain_soft_reset)             \
  F(libxl_domain_suspend)                \
  F(libxl_domain_suspend_only)           \
  F(libxl_domain_unpause)                \
  F(libxl_domid_to_name)                 \
  F(libxl_dominfo_dispose)               \
  F(libxl_dominfo_init)                  \
  F(libxl_dominfo_list_free)             \
  F(libxl_evdisable_domain_death)        \
  F(libxl_evenable_domain_death)         \
  F(libxl_event_free)                    \
  F(libxl_event_register_callbacks)      \
  F(libxl_get_free_memory)               \
  F(libxl_get_memory_target)             \
  F(libxl_get_physinfo)                  \
  F(libxl_get_required_shadow_memory)    \
  F(libxl_get_scheduler)                 \
  F(libxl_get_version_info)              \
  F(libxl_list_domain)                   \
  F(libxl_list_vcpu)                     \
  F(libxl_mac_to_device_nic)             \
  F(libxl_osevent_afterpoll)             \
  F(libxl_osevent_beforepoll)            \
  F(libxl_physinfo_dispose)              \
  F(libxl_physinfo_init)                 \
  F(libxl_primary_console_get_tty)       \
  F(libxl_retrieve_domain_configuration) \
  F(libxl_scheduler_to_string)           \
  F(libxl_send_trigger)                  \
  F(libxl_set_memory_target)             \
  F(libxl_set_vcpuaffinity)              \
  F(libxl_set_vcpuonline)                \
  F(libxl_userdata_retrieve)             \
  F(libxl_userdata_store)                \
  F(libxl_uuid_from_string)              \
  F(libxl_vcpuinfo_list_free)            \
  F(libxl_vdev_to_device_disk)           \
  F(libxl_wait_for_memory_target)

// The functions of libxenlight by their names. The library is opened, not linked: a host without Xen pays nothing for
// the driver and needs no package of Xen. It is of the version that the headers were of, for its interface changes with
// every release. Immutable once loaded; lives as long as the process, since libxenlight cannot be unloaded safely.
class LibxlLibrary {
 public:
  // Opens the library. FAILED_PRECONDITION with dlopen(3)'s words when it is not installed or lacks a function.
  static absl::StatusOr<std::shared_ptr<const LibxlLibrary>> Load();

#define REEVE_LIBXL_MEMBER(name) decltype(&::name) name = nullptr;
  REEVE_LIBXL_FUNCTIONS(REEVE_LIBXL_MEMBER)
#undef REEVE_LIBXL_MEMBER

 private:
  LibxlLibrary() = default;
};

// "libxenlight.so.4.17".
std::string LibxlLibraryName();

}  // namespace reeve::xen
