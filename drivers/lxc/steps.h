// The steps of a launch, each with the words an error names it by.
#pragma once

#include <cstdint>

namespace reeve::lxc {

// In about the order they are done.
enum class Step : uint8_t {
  kReadPlan = 1,
  kListen,
  kOpenRoot,
  kOpenSource,
  kMakeDevices,
  kMakeTerminals,
  kShareNamespace,
  kReplaceFile,
  kClone,
  kMapIds,
  kMapRoot,
  kJoinGroup,
  kMakeInterface,
  kMoveInterface,
  kIsolatePort,
  kLimitRates,
  kMakeStage,
  kBecomeRoot,
  kKeyring,
  kPrivateMounts,
  kAttachRoot,
  kMountProc,
  kProtectProc,
  kHide,
  kMountSys,
  kMountDev,
  kMountFilesystem,
  kMakeConsole,
  kProtectRoot,
  kCopyStage,
  kPivotRoot,
  kHostname,
  kLoopback,
  kGroupNamespace,
  kAddress,
  kRoute,
  kFindUser,
  kDirectory,
  kLimits,
  kSystemCalls,
  kCapabilities,
  kChangeUser,
  kParentDeath,
  kSynchronize,
  kExecute,
  kOpenLog,
  kRemoveInterface,
  kChangeInterface,
  kRemoveDevice,
  kUnmount,
  kSetUp,
  kLast = kSetUp,
};

// "mount /proc". "step N" for a number that is none.
const char* StepText(Step step);

}  // namespace reeve::lxc
