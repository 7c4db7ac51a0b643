// What is wrong with a specification, for the files of validate.h only.
#pragma once

#include <optional>
#include <string>

#include "drivers/violations.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::lxc {

using drivers::Violations;

// Why a path is not absolute, without ".." and of a length that the kernel takes.
std::optional<std::string> PathFault(const std::string& path);
void CheckPath(const std::string& path, const std::string& field, Violations* violations);
bool HasZero(const std::string& text);

// validate_devices.cc
void CheckFilesystems(const v1::Devices& devices, Violations* violations);
// Disks, host devices and timers: what becomes a node in /dev.
void CheckNodes(const v1::DomainSpec& spec, Violations* violations);

// validate_network.cc
void CheckInterfaces(const v1::DomainSpec& spec, Violations* violations);
// Whose namespaces the guest is in, against what it has of its own.
void CheckNamespaces(const v1::DomainSpec& spec, Violations* violations);

}  // namespace reeve::lxc
