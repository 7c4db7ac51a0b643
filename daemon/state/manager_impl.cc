#include "daemon/state/manager_impl.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "daemon/state/core.h"
#include "util/files.h"
#include "util/log.h"
#include "util/uuid.h"

namespace reeve::state {
namespace {

// A value of the store that is made when it is not there.
absl::StatusOr<std::string> InstanceOf(Store& store) {
  absl::StatusOr<std::string> instance = store.GetMeta("instance");
  if (!instance.ok() || !instance->empty()) return instance;
  absl::StatusOr<std::string> uuid = util::NewUuid();
  if (!uuid.ok()) return uuid;
  uuid->resize(8);
  if (absl::Status status = store.PutMeta("instance", *uuid); !status.ok()) return status;
  return uuid;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ManagerImpl>> ManagerImpl::Create(Options options) {
  if (options.boot_id.empty()) {
    absl::StatusOr<std::string> boot_id = util::ReadFile("/proc/sys/kernel/random/boot_id");
    if (!boot_id.ok()) return boot_id.status();
    options.boot_id = std::string(absl::StripAsciiWhitespace(*boot_id));
  }
  std::vector<std::string> notes;
  absl::StatusOr<std::unique_ptr<Store>> store = Store::Open({.directory = options.directory,
                                                              .now = options.clock->Now(),
                                                              .step_hook = options.step_hook,
                                                              .max_pages = options.max_pages},
                                                             &notes);
  for (const std::string& note : notes) util::LogError(note);
  if (!store.ok()) return store.status();
  absl::StatusOr<std::string> stored_boot_id = (*store)->GetMeta("boot_id");
  if (!stored_boot_id.ok()) return stored_boot_id.status();
  absl::StatusOr<std::string> instance = InstanceOf(**store);
  if (!instance.ok()) return instance.status();

  const std::string boot_id = options.boot_id;
  const std::vector<std::shared_ptr<drivers::HypervisorDriver>> drivers = options.drivers;
  auto core = std::make_unique<Core>(std::move(options), *std::move(store), *instance);
  for (const std::shared_ptr<drivers::HypervisorDriver>& driver : drivers) {
    const std::string full_name = driver->Describe().name();
    std::string name(absl::StripPrefix(full_name, "hypervisors/"));
    if (name.empty() || core->FindSlot(name) != nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("two drivers, or one without a name: '", full_name, "'"));
    }
    core->slots_.push_back({name, std::make_unique<Observer>(core.get(), name), driver});
  }
  std::sort(core->slots_.begin(), core->slots_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  if (absl::Status status = core->LoadDomains(); !status.ok()) return status;
  core->Recover(!stored_boot_id->empty() && *stored_boot_id != boot_id);
  core->executor_.WaitIdle(absl::InfiniteDuration());  // what was found out is in the first answers
  if (absl::Status status = core->store_->PutMeta("boot_id", boot_id); !status.ok()) {
    util::LogError("store the boot id: ", status.message());
  }
  return std::unique_ptr<ManagerImpl>(new ManagerImpl(std::move(core)));
}

ManagerImpl::ManagerImpl(std::unique_ptr<Core> core) : core_(std::move(core)) {}
ManagerImpl::~ManagerImpl() = default;

absl::StatusOr<size_t> ManagerImpl::Autostart() {
  return core_->Autostart();
}
const auth::LabelSource* ManagerImpl::labels() const {
  return &core_->labels_;
}

absl::Status ManagerImpl::Drain(absl::Duration timeout) {
  return core_->Drain(timeout);
}
absl::Status ManagerImpl::Compact() {
  return core_->Maintain();
}

void ManagerImpl::SetJournalLimits(absl::Duration age, int64_t revisions) {
  core_->SetJournalLimits(age, revisions);
}

}  // namespace reeve::state
