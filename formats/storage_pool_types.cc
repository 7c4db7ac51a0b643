#include "formats/storage_pool_types.h"

namespace reeve::formats {
namespace {

using Spec = v1::StoragePoolSpec;

constexpr absl::string_view kFileSystems[] = {"auto", "ext2", "ext3", "ext4", "ufs", "iso9660", "udf",
                                              "gfs",  "gfs2", "vfat", "hfs+", "xfs", "ocfs2",   "vmfs"};
constexpr absl::string_view kNetworkFileSystems[] = {"auto", "nfs", "glusterfs", "cifs"};
constexpr absl::string_view kLogicalFormats[] = {"unknown", "lvm2"};
constexpr absl::string_view kDiskFormats[] = {"unknown", "dos", "dvh", "gpt", "mac", "bsd", "pc98", "sun", "lvm2"};

// In the order of the enumeration, from 1.
const StoragePoolType kTypes[] = {
    {.name = "dir", .volumes = VolumeFormats::kFiles},
    {.name = "fs",
     .devices = true,
     .formats = kFileSystems,
     .default_format = "auto",
     .volumes = VolumeFormats::kFiles},
    {.name = "netfs",
     .hosts = true,
     .directory = true,
     .formats = kNetworkFileSystems,
     .default_format = "auto",
     .volumes = VolumeFormats::kFiles},
    {.name = "logical", .devices = true, .source_name = true, .formats = kLogicalFormats, .default_format = "lvm2"},
    {.name = "disk",
     .devices = true,
     .formats = kDiskFormats,
     .default_format = "unknown",
     .volumes = VolumeFormats::kDisk},
    {.name = "iscsi", .hosts = true, .devices = true, .initiator = true, .volumes = VolumeFormats::kUnknown},
    {.name = "iscsi-direct",
     .hosts = true,
     .devices = true,
     .initiator = true,
     .network = true,
     .volumes = VolumeFormats::kUnknown},
    {.name = "scsi", .adapter = true, .volumes = VolumeFormats::kUnknown},
    {.name = "mpath", .volumes = VolumeFormats::kUnknown},
    {.name = "rbd", .hosts = true, .source_name = true, .network = true, .volumes = VolumeFormats::kUnknown},
    {.name = "sheepdog", .hosts = true, .source_name = true, .network = true, .volumes = VolumeFormats::kUnknown},
    {.name = "gluster",
     .hosts = true,
     .directory = true,
     .source_name = true,
     .network = true,
     .volumes = VolumeFormats::kFiles},
    {.name = "zfs", .devices = true, .source_name = true, .volumes = VolumeFormats::kUnknown},
    {.name = "vstorage", .source_name = true, .volumes = VolumeFormats::kFiles},
};

}  // namespace

const StoragePoolType& PoolTypeOf(Spec::Type type) {
  const bool known = type != Spec::TYPE_UNSPECIFIED && Spec::Type_IsValid(type);
  return kTypes[known ? type - 1 : 0];
}

Spec::Type PoolTypeFromName(absl::string_view name) {
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    if (kTypes[i].name == name) return static_cast<Spec::Type>(i + 1);
  }
  return Spec::TYPE_UNSPECIFIED;
}

}  // namespace reeve::formats
