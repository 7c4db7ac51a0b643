// reeve pki show and check: what there is, and what is wrong with it.
#pragma once

#include "cli/arguments.h"
#include "cli/context.h"

namespace reeve::cli {

int ShowPki(Context& context, const Arguments& arguments);
int CheckPkiCommand(Context& context, const Arguments& arguments);

// The option --root without a slash at its end.
std::string RootOf(const Arguments& arguments);

}  // namespace reeve::cli
