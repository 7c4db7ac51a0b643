// The kernel's mount API (open_tree(2), fsopen(2), move_mount(2), openat2(2)), as descriptors. Functions set errno and
// return an empty descriptor, or false, on failure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

#include "util/fd.h"

namespace reeve::lxc {

// One option of a file system; a null value: a flag.
using MountOption = std::pair<const char*, const char*>;

// A detached copy of what is mounted at a path; with `recursive` of all below it. Its propagation is private.
util::UniqueFd CloneTree(int directory, const char* path, bool recursive);

// A detached copy of one mount, which is private because the one that it is of is: one of those made below.
util::UniqueFd CopyMount(int directory, const char* path);

// A new, detached file system with the mount attributes `attributes` (MOUNT_ATTR_*).
util::UniqueFd MakeFilesystem(const char* type, std::initializer_list<MountOption> options, uint64_t attributes);

// The file system on a block device.
util::UniqueFd MountDevice(const char* type, const char* device, bool read_only, uint64_t attributes);

// Attaches a detached mount where `target` (an O_PATH descriptor) is.
bool Attach(const util::UniqueFd& mount, const util::UniqueFd& target);

// Sets attributes of a mount, with `recursive` of all below it.
bool SetAttributes(int mount, uint64_t attributes, bool recursive);

// Shifts the owners of a detached mount by the id map of a user namespace.
bool MapOwners(int mount, int user_namespace);

// Makes an attached mount the root directory of all processes of this mount namespace, and unmounts the former one.
bool ChangeRoot(int root);

// Opens a path as if `root` were "/": absolute links, ".." and links that lead out all end inside it, /proc-style links
// are refused (openat2(2), RESOLVE_IN_ROOT).
util::UniqueFd OpenInRoot(int root, const std::string& path, int flags);

// The place where something is to be mounted, made when missing: a directory, or an empty file. Never touches anything
// outside `root`. ENOTDIR or EISDIR when something else is there.
util::UniqueFd MountTarget(int root, const std::string& path, bool directory);

}  // namespace reeve::lxc
