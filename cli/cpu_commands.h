// cpu-compare and cpu-baseline.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

Command CpuCompareCommand();
Command CpuBaselineCommand();

}  // namespace reeve::cli
