// One change of a network, as virNetworkUpdate and `virsh net-update` make it: an element of XML that is added, deleted
// or replaced. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "reeve/v1/network.pb.h"

namespace reeve::formats {

enum class UpdateCommand { kModify, kDelete, kAddLast, kAddFirst };

enum class UpdateSection {
  kIpDhcpHost,        // <host> in <dhcp>; found again by mac, id, name or address
  kIpDhcpRange,       // <range>; found by both addresses, cannot be modified
  kForwardInterface,  // <interface> in <forward>; found by device, cannot be modified
  kPortGroup,         // found by name
  kDnsHost,           // found by address or any name, cannot be modified
  kDnsTxt,            // found by name, cannot be modified
  kDnsSrv,            // found by the attributes that are there, cannot be modified
};

// By libvirt's names, in lower case with "-" or upper case with "_": "add-last", "ip-dhcp-host"; "add" is add-last.
std::optional<UpdateCommand> UpdateCommandFromName(absl::string_view name);
std::optional<UpdateSection> UpdateSectionFromName(absl::string_view name);

// Changes `network`. `parent_index` says which <ip> is meant, for what is in <dhcp>; -1 leaves it to the address, or to
// the first <ip> that has DHCP. After an error the network is as it was. Only the change is checked, not what it makes
// of the whole: who defines the network reads it as a document once more. Errors: those of reading XML; SPEC_INVALID
// where what is added is there already, or what is deleted or modified is not there; SPEC_UNSUPPORTED for a section
// that does not have the command.
absl::Status ApplyNetworkUpdate(v1::Network* network, UpdateCommand command, UpdateSection section, int parent_index,
                                absl::string_view xml);

}  // namespace reeve::formats
