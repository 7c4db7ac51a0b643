// domxml-from-native and domxml-to-native: conversions of domains by the daemon, under virsh's names.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

Command DomxmlFromNativeCommand();
Command DomxmlToNativeCommand();

}  // namespace reeve::cli
