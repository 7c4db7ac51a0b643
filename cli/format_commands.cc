#include "cli/format_commands.h"

#include "cli/convert_command.h"
#include "cli/native_commands.h"
#include "cli/validate_command.h"

namespace reeve::cli {

CommandGroup FormatCommands() {
  return {"Documents", {ConvertCommand(), ValidateCommand(), DomxmlFromNativeCommand(), DomxmlToNativeCommand()}};
}

}  // namespace reeve::cli
