#include "cli/commands.h"

#include "cli/admin_commands.h"
#include "cli/auth_commands.h"
#include "cli/builtin_commands.h"
#include "cli/console_command.h"
#include "cli/definition_commands.h"
#include "cli/device_commands.h"
#include "cli/domain_commands.h"
#include "cli/event_command.h"
#include "cli/format_commands.h"
#include "cli/guest_commands.h"
#include "cli/host_commands.h"
#include "cli/image_commands.h"
#include "cli/lifecycle_commands.h"
#include "cli/migrate_command.h"
#include "cli/monitor_commands.h"
#include "cli/node_commands.h"
#include "cli/node_device_commands.h"
#include "cli/operation_commands.h"
#include "cli/pki_commands.h"
#include "cli/proxy_command.h"
#include "cli/test_commands.h"
#include "cli/token_commands.h"
#include "cli/tuning_commands.h"
#include "cli/user_commands.h"

namespace reeve::cli {

const std::vector<CommandGroup>& AllCommands() {
  static const auto* groups = new std::vector<CommandGroup>{
      DomainCommands(),     MonitorCommands(), DefinitionCommands(), FormatCommands(),  LifecycleCommands(),
      ImageCommands(),      MigrateCommands(), DeviceCommands(),     TuningCommands(),  GuestCommands(),
      ConsoleCommands(),    EventCommands(),   OperationCommands(),  NodeCommands(),    HostCommands(),
      NodeDeviceCommands(), AuthCommands(),    UserCommands(),       PkiCommands(),     TokenCommands(),
      ProxyCommands(),      AdminCommands(),   TestCommands(),       BuiltinCommands(),
  };
  return *groups;
}

}  // namespace reeve::cli
