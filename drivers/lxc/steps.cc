#include "drivers/lxc/steps.h"

namespace reeve::lxc {

const char* StepText(Step step) {
  switch (step) {
    case Step::kReadPlan:
      return "read the plan";
    case Step::kListen:
      return "listen on the control socket";
    case Step::kOpenRoot:
      return "open the root directory";
    case Step::kOpenSource:
      return "open the source of a file system";
    case Step::kMakeDevices:
      return "make the devices";
    case Step::kMakeTerminals:
      return "make the terminals";
    case Step::kShareNamespace:
      return "enter a namespace of others";
    case Step::kReplaceFile:
      return "put a file of lxcfs in its place";
    case Step::kClone:
      return "make the first process and its namespaces";
    case Step::kMapIds:
      return "write the id maps";
    case Step::kMapRoot:
      return "map the owners of the root";
    case Step::kJoinGroup:
      return "join the control groups";
    case Step::kMakeInterface:
      return "make the network interface";
    case Step::kMoveInterface:
      return "move the network interface into the guest";
    case Step::kIsolatePort:
      return "isolate the port of the bridge";
    case Step::kLimitRates:
      return "limit the traffic of the network interface";
    case Step::kMakeStage:
      return "make the stage for the mounts";
    case Step::kBecomeRoot:
      return "become the guest's root";
    case Step::kKeyring:
      return "make a session keyring";
    case Step::kPrivateMounts:
      return "make the mounts private";
    case Step::kAttachRoot:
      return "attach the root";
    case Step::kMountProc:
      return "mount /proc";
    case Step::kProtectProc:
      return "protect /proc";
    case Step::kHide:
      return "hide what belongs to the host";
    case Step::kMountSys:
      return "mount /sys";
    case Step::kMountDev:
      return "mount /dev";
    case Step::kMountFilesystem:
      return "mount the file system";
    case Step::kMakeConsole:
      return "make the console";
    case Step::kProtectRoot:
      return "make the root read-only";
    case Step::kCopyStage:
      return "copy the mounts into the guest";
    case Step::kPivotRoot:
      return "change the root";
    case Step::kHostname:
      return "set the host name";
    case Step::kLoopback:
      return "bring up the loopback interface";
    case Step::kGroupNamespace:
      return "make the cgroup namespace";
    case Step::kAddress:
      return "add the address";
    case Step::kRoute:
      return "add the route";
    case Step::kFindUser:
      return "find the user or group of init";
    case Step::kDirectory:
      return "change to the directory of init";
    case Step::kLimits:
      return "set the limits of init";
    case Step::kSystemCalls:
      return "filter system calls";
    case Step::kCapabilities:
      return "drop capabilities";
    case Step::kChangeUser:
      return "become the user of init";
    case Step::kParentDeath:
      return "bind the guest to its supervisor";
    case Step::kSynchronize:
      return "wait for the supervisor";
    case Step::kExecute:
      return "execute init";
    case Step::kOpenLog:
      return "open the console's log";
    case Step::kRemoveInterface:
      return "remove the interface";
    case Step::kChangeInterface:
      return "change the interface";
    case Step::kRemoveDevice:
      return "remove the device node";
    case Step::kUnmount:
      return "unmount the file system";
    case Step::kSetUp:
      return "set up the guest";
  }
  return "do an unknown step";
}

}  // namespace reeve::lxc
