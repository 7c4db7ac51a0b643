// The sections of an lxc configuration, each in a file of its own. Each takes its lines and fills in the specification.
#pragma once

#include "absl/status/status.h"
#include "formats/lxc_conf_lines.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// lxc.rootfs.path, lxc.mount.entry; lxc.mount.fstab is refused.
absl::Status ReadLxcFilesystems(LxcConfLines* lines, v1::DomainSpec* spec);
// lxc.net.N.*, lxc.network.*.
absl::Status ReadLxcNetworks(LxcConfLines* lines, v1::DomainSpec* spec);
// lxc.cgroup.{memory,cpu,cpuset,blkio}.*.
absl::Status ReadLxcCgroups(LxcConfLines* lines, v1::DomainSpec* spec);
// lxc.idmap.
absl::Status ReadLxcIdMap(LxcConfLines* lines, v1::DomainSpec* spec);
// lxc.cap.drop.
absl::Status ReadLxcCapabilities(LxcConfLines* lines, v1::DomainSpec* spec);

}  // namespace reeve::formats
