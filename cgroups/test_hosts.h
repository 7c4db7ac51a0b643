// The kernel's texts on three kinds of hosts, for tests.
#pragma once

#include "cgroups/hierarchies.h"

namespace reeve::cgroups::test_hosts {

// v1 controllers one by one and an empty v2 hierarchy beside them.
inline Hierarchies::Texts Hybrid() {
  return {
      .mountinfo =
          "22 1 254:0 / / rw,relatime - ext4 /dev/root rw\n"
          "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
          "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
          "33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpuacct\n"
          "34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
          "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
          "36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices\n"
          "37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer\n"
          "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n"
          "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n"
          "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n",
      .cgroups =
          "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
          "cpuset\t3\t1\t1\ncpu\t1\t1\t1\ncpuacct\t2\t1\t1\nmemory\t4\t15\t1\ndevices\t5\t1\t1\n"
          "freezer\t6\t1\t1\nhugetlb\t0\t1\t1\npids\t8\t1\t1\n",
      .self_cgroup = "8:pids:/\n6:freezer:/\n5:devices:/\n4:memory:/a/b\n3:cpuset:/\n2:cpuacct:/\n1:cpu:/\n0::/\n",
      .unified_controllers = "hugetlb\n",
  };
}

// Only v2.
inline Hierarchies::Texts Unified() {
  return {
      .mountinfo = "26 22 0:23 / /sys/fs/cgroup rw,nosuid,nodev,noexec shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
      .cgroups =
          "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
          "cpuset\t0\t80\t1\ncpu\t0\t80\t1\ncpuacct\t0\t80\t1\nmemory\t0\t80\t1\ndevices\t0\t80\t1\n"
          "freezer\t0\t80\t1\npids\t0\t80\t1\n",
      .self_cgroup = "0::/user.slice/session-1.scope\n",
      .unified_controllers = "cpuset cpu io memory hugetlb pids rdma misc\n",
  };
}

// Only v1, with controllers mounted together, as systemd does it.
inline Hierarchies::Texts Legacy() {
  return {
      .mountinfo =
          "30 25 0:26 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
          "33 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
          "34 25 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset,clone_children\n"
          "35 25 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
          "36 25 0:32 / /sys/fs/cgroup/freezer\\040odd rw - cgroup cgroup rw,freezer\n"
          "37 25 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n",
      .cgroups =
          "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
          "cpuset\t5\t1\t1\ncpu\t4\t1\t1\ncpuacct\t4\t1\t1\nmemory\t6\t1\t1\ndevices\t7\t1\t1\n"
          "freezer\t8\t1\t1\npids\t9\t1\t1\n",
      .self_cgroup = "9:pids:/\n8:freezer:/\n7:devices:/\n6:memory:/\n5:cpuset:/\n4:cpu,cpuacct:/\n1:name=systemd:/\n",
      .unified_controllers = "",
  };
}

}  // namespace reeve::cgroups::test_hosts
