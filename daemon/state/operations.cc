#include "daemon/state/operations.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proto/status.h"
#include "util/log.h"
#include "util/proto_time.h"

namespace reeve::state {
namespace {

constexpr absl::Duration kDefaultWait = absl::Minutes(1);
constexpr absl::Duration kLongestWait = absl::Hours(1);

// "operations/7" -> 7; 0 for anything else.
int64_t NumberOf(absl::string_view name) {
  int64_t number = 0;
  if (!absl::ConsumePrefix(&name, "operations/") || !absl::SimpleAtoi(name, &number)) return 0;
  return number;
}

absl::Status NotFound(absl::string_view name) {
  const std::string shown = util::EscapeControlCharacters(name.substr(0, 256));
  return Error(v1::REASON_OPERATION_NOT_FOUND, absl::StrCat("there is no operation ", shown), {{"name", shown}});
}

// What a caller is told of an operation that is not there, or not for him.
absl::Status Refuse(const v1::Operation* operation, absl::string_view name, const auth::Access& access) {
  if (operation == nullptr) return NotFound(name);
  switch (access.Decide(operation->target())) {
    case auth::Access::Decision::kAllowed:
      return absl::OkStatus();
    case auth::Access::Decision::kDenied:
      return access.Denied(operation->target());
    case auth::Access::Decision::kHidden:
      break;
  }
  return NotFound(name);
}

absl::StatusOr<absl::Duration> WaitOf(const v1::WaitOperationRequest& request) {
  if (!request.has_timeout()) return kDefaultWait;
  const absl::Duration timeout = util::FromProto(request.timeout());
  if (timeout >= absl::ZeroDuration() && timeout <= kLongestWait) return timeout;
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, absl::StrCat("timeout is ", absl::FormatDuration(timeout)));
  AddFieldViolation(&status, "timeout", "must be from 0 to one hour");
  return status;
}

}  // namespace

// Refers to its operation by name, so that it may be used when that is gone.
class OperationTable::RunningProgress final : public drivers::Progress {
 public:
  RunningProgress(OperationTable* table, std::string name, std::shared_ptr<std::atomic<bool>> cancelled)
      : table_(table), name_(std::move(name)), cancelled_(std::move(cancelled)) {}
  void Report(absl::string_view phase, uint32_t percent) override { table_->Report(name_, phase, percent); }
  bool Cancelled() const override { return cancelled_->load(); }

 private:
  OperationTable* const table_;
  const std::string name_;
  const std::shared_ptr<std::atomic<bool>> cancelled_;
};

OperationTable::~OperationTable() {
  std::vector<std::pair<Waiter, v1::Operation>> waiters;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& [number, item] : items_) {
      for (auto& [id, waiter] : item.waiters) waiters.emplace_back(std::move(waiter), item.operation);
      item.waiters.clear();
    }
  }
  for (auto& [waiter, operation] : waiters) {
    timers_->Cancel(waiter.timer);
    waiter.done(std::move(operation));
  }
}

absl::Status OperationTable::Load() {
  absl::StatusOr<std::vector<std::pair<int64_t, std::string>>> stored = store_->LoadOperations();
  if (!stored.ok()) return stored.status();
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [number, blob] : *stored) {
    last_number_ = std::max(last_number_, number);
    Item item;
    if (!item.operation.ParseFromString(blob)) {
      util::LogWarn("operations/", number, " cannot be read: dropped");
      continue;
    }
    if (!item.operation.done()) {
      const absl::Status error =
          Error(v1::REASON_DAEMON_RESTARTED, absl::StrCat(item.operation.verb(), " ", item.operation.target(),
                                                          ": the daemon ended while the operation ran"));
      item.operation.set_done(true);
      item.operation.set_cancellable(false);
      *item.operation.mutable_error() = ToRpcStatus(error);
      *item.operation.mutable_end_time() = util::ToProto(clock_->Now());
      item.stored = store_->PutOperation(number, item.operation.SerializeAsString()).ok();
    }
    items_.emplace(number, std::move(item));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Operation> OperationTable::Begin(absl::string_view verb, absl::string_view target,
                                                    absl::string_view requestor) {
  Item item;
  int64_t number = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    number = ++last_number_;
  }
  item.operation.set_name(absl::StrCat("operations/", number));
  item.operation.set_verb(std::string(verb));
  item.operation.set_target(std::string(target));
  item.operation.set_requestor(std::string(requestor));
  item.operation.set_phase("waiting");
  item.operation.set_cancellable(true);
  *item.operation.mutable_start_time() = util::ToProto(clock_->Now());
  if (absl::Status status = store_->PutOperation(number, item.operation.SerializeAsString()); !status.ok()) {
    return status;
  }
  v1::Operation operation = item.operation;
  const std::lock_guard<std::mutex> lock(mutex_);
  items_.emplace(number, std::move(item));
  return operation;
}

const OperationTable::Item* OperationTable::Find(absl::string_view name) const {
  const auto item = items_.find(NumberOf(name));
  return item == items_.end() ? nullptr : &item->second;
}

OperationTable::Item* OperationTable::Find(absl::string_view name) {
  const auto item = items_.find(NumberOf(name));
  return item == items_.end() ? nullptr : &item->second;
}

std::shared_ptr<drivers::Progress> OperationTable::ProgressOf(absl::string_view name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Item* item = Find(name);
  if (item == nullptr) return nullptr;
  return std::make_shared<RunningProgress>(this, std::string(name), item->cancelled);
}

void OperationTable::Report(absl::string_view name, absl::string_view phase, uint32_t percent) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Item* item = Find(name);
  if (item == nullptr || item->operation.done()) return;
  item->operation.set_phase(std::string(phase));
  item->operation.set_percent(std::min<uint32_t>(percent, 100));
}

void OperationTable::End(absl::string_view name, const absl::Status& status) {
  v1::Operation operation;
  std::map<uint64_t, Waiter> waiters;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    Item* item = Find(name);
    if (item == nullptr || item->operation.done()) return;
    item->operation.set_done(true);
    item->operation.set_cancellable(false);
    *item->operation.mutable_end_time() = util::ToProto(clock_->Now());
    if (status.ok()) {
      item->operation.set_percent(100);
    } else {
      *item->operation.mutable_error() = ToRpcStatus(status);
    }
    item->stored = false;
    operation = item->operation;
    waiters = std::exchange(item->waiters, {});
  }
  if (absl::Status stored = store_->PutOperation(NumberOf(name), operation.SerializeAsString()); stored.ok()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (Item* item = Find(name); item != nullptr) item->stored = true;
  } else {
    util::LogError(name, ": its end cannot be stored now: ", stored.message());
  }
  for (auto& [id, waiter] : waiters) {
    timers_->Cancel(waiter.timer);
    waiter.done(operation);
  }
}

v1::ListOperationsResponse OperationTable::List(bool running, const auth::Access& access) const {
  v1::ListOperationsResponse response;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
    const v1::Operation& operation = item->second.operation;
    if ((!running || !operation.done()) && access.Shows(operation.target())) *response.add_operations() = operation;
  }
  return response;
}

absl::StatusOr<v1::Operation> OperationTable::Get(absl::string_view name, const auth::Access& access) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Item* item = Find(name);
  if (absl::Status status = Refuse(item == nullptr ? nullptr : &item->operation, name, access); !status.ok()) {
    return status;
  }
  return item->operation;
}

absl::StatusOr<v1::Operation> OperationTable::Cancel(absl::string_view name, const auth::Access& access) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Item* item = Find(name);
  if (absl::Status status = Refuse(item == nullptr ? nullptr : &item->operation, name, access); !status.ok()) {
    return status;
  }
  if (!item->operation.cancellable()) {
    return Error(v1::REASON_OPERATION_NOT_CANCELLABLE,
                 absl::StrCat(item->operation.name(), item->operation.done() ? " has ended" : " cannot be cancelled"),
                 {{"name", item->operation.name()}});
  }
  item->cancelled->store(true);
  return item->operation;
}

void OperationTable::Wait(const v1::WaitOperationRequest& request, const auth::Access& access,
                          Done<v1::Operation> done) {
  const absl::StatusOr<absl::Duration> timeout = WaitOf(request);
  if (!timeout.ok()) return done(timeout.status());
  absl::StatusOr<v1::Operation> answer = absl::UnknownError("");
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    Item* item = Find(request.name());
    const absl::Status refused = Refuse(item == nullptr ? nullptr : &item->operation, request.name(), access);
    if (refused.ok() && !item->operation.done() && *timeout > absl::ZeroDuration()) {
      const uint64_t id = ++last_waiter_;
      const util::Timers::Id timer =
          timers_->After(*timeout, [this, name = request.name(), id] { TimedOut(name, id); });
      item->waiters.emplace(id, Waiter{std::move(done), timer});
      return;
    }
    if (!refused.ok()) {
      answer = refused;
    } else {
      answer = item->operation;
    }
  }
  done(std::move(answer));
}

void OperationTable::TimedOut(const std::string& name, uint64_t waiter) {
  Done<v1::Operation> done;
  v1::Operation operation;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    Item* item = Find(name);
    if (item == nullptr) return;
    const auto found = item->waiters.find(waiter);
    if (found == item->waiters.end()) return;
    done = std::move(found->second.done);
    item->waiters.erase(found);
    operation = item->operation;
  }
  done(std::move(operation));
}

absl::Status OperationTable::Maintain() {
  std::vector<int64_t> dropped;
  std::vector<std::pair<int64_t, std::string>> unstored;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    size_t ended = std::count_if(items_.begin(), items_.end(), [](const auto& i) { return i.second.operation.done(); });
    const absl::Time before = clock_->Now() - age_;
    for (auto item = items_.begin(); item != items_.end();) {
      const v1::Operation& operation = item->second.operation;
      if (!operation.done() || (ended <= count_ && util::FromProto(operation.end_time()) >= before)) {
        if (!item->second.stored) unstored.emplace_back(item->first, operation.SerializeAsString());
        ++item;
        continue;
      }
      dropped.push_back(item->first);
      item = items_.erase(item);
      --ended;
    }
  }
  for (const auto& [number, blob] : unstored) {
    if (absl::Status status = store_->PutOperation(number, blob); !status.ok()) return status;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto item = items_.find(number); item != items_.end()) item->second.stored = true;
  }
  return dropped.empty() ? absl::OkStatus() : store_->DropOperations(dropped);
}

}  // namespace reeve::state
