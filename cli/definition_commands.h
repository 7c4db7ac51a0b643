// What a domain shall be: define, create, undefine, dumpxml, edit, autostart.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup DefinitionCommands();

}  // namespace reeve::cli
