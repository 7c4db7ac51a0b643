// Where the displays of domains are.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "cli/command.h"
#include "reeve/v1/domain.pb.h"

namespace reeve::cli {

// domdisplay and vncdisplay.
Command DomdisplayCommand();
Command VncdisplayCommand();

// A display as viewers name it, in virsh's form: "vnc://localhost:1", "spice://10.0.0.1:5930?tls-port=5931"; "" for one
// without a server. `host` stands for the addresses that mean every address: it is the daemon's host as the user names
// it, "" for this one. `password` is put in where it is not empty.
std::string DisplayUri(const v1::DisplayStatus& display, absl::string_view host, absl::string_view password);

}  // namespace reeve::cli
