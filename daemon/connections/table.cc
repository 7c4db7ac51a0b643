#include "daemon/connections/table.h"

#include <sys/socket.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proto/status.h"

namespace reeve::connections {

absl::StatusOr<std::shared_ptr<Connection>> Table::Add(int descriptor, util::UniqueFd watch, Peer peer,
                                                       bool read_only) {
  if (descriptor < 0) return absl::InvalidArgumentError(absl::StrCat("descriptor ", descriptor, " is no descriptor"));
  const size_t index = static_cast<size_t>(descriptor);
  auto connection = std::make_shared<Connection>();
  connection->peer = std::move(peer);
  connection->read_only = read_only;
  connection->connect_time = clock_->Now();

  std::vector<OpenListener> listeners;
  {
    const absl::MutexLock lock(&mutex_);
    if (by_descriptor_.size() <= index) by_descriptor_.resize(index + 1);
    if (by_descriptor_[index] != nullptr) {
      return absl::AlreadyExistsError(
          absl::StrCat("descriptor ", descriptor, " is in the table of connections already"));
    }
    connection->number = ++last_number_;
    by_descriptor_[index] = connection;
    ++by_identity_[CountedAs(connection->peer)];
    entries_.emplace(connection->number,
                     Entry{.connection = connection, .descriptor = descriptor, .watch = std::move(watch)});
    listeners = open_listeners_;
  }
  // The descriptor is not yet with the server: nobody calls on it.
  for (const auto& listener : listeners) listener(connection);
  return connection;
}

bool Table::Remove(uint64_t number) {
  Entry entry;
  std::vector<CloseListener> listeners;
  {
    const absl::MutexLock lock(&mutex_);
    const auto found = entries_.find(number);
    if (found == entries_.end()) return false;
    entry = std::move(found->second);
    entries_.erase(found);
    by_descriptor_[static_cast<size_t>(entry.descriptor)] = nullptr;
    const auto identity = by_identity_.find(CountedAs(entry.connection->peer));
    if (identity != by_identity_.end() && --identity->second == 0) by_identity_.erase(identity);
    listeners = listeners_;
  }
  // What gRPC still has of it ends with this, whatever it was that was seen first.
  Shutdown(&entry);
  entry.watch.Reset();
  for (const auto& action : entry.on_close) action();
  for (const auto& listener : listeners) listener(*entry.connection);
  return true;
}

std::shared_ptr<Connection> Table::FindByPeer(absl::string_view peer) const {
  uint32_t descriptor = 0;
  if (!absl::ConsumePrefix(&peer, "fd:") || peer.empty() || peer[0] < '0' || peer[0] > '9' ||
      !absl::SimpleAtoi(peer, &descriptor)) {
    return nullptr;
  }
  const absl::ReaderMutexLock lock(&mutex_);
  if (descriptor >= by_descriptor_.size()) return nullptr;
  const std::shared_ptr<Connection>& connection = by_descriptor_[descriptor];
  if (connection == nullptr || connection->closed.load(std::memory_order_acquire)) return nullptr;
  return connection;
}

std::vector<std::shared_ptr<const Connection>> Table::List() const {
  std::vector<std::shared_ptr<const Connection>> result;
  const absl::ReaderMutexLock lock(&mutex_);
  result.reserve(entries_.size());
  for (const auto& [number, entry] : entries_) {
    if (!entry.connection->closed.load(std::memory_order_acquire)) result.push_back(entry.connection);
  }
  return result;
}

bool Table::HasDescriptor(int descriptor) const {
  const absl::ReaderMutexLock lock(&mutex_);
  return descriptor >= 0 && static_cast<size_t>(descriptor) < by_descriptor_.size() &&
         by_descriptor_[static_cast<size_t>(descriptor)] != nullptr;
}

size_t Table::size() const {
  const absl::ReaderMutexLock lock(&mutex_);
  return entries_.size();
}

size_t Table::CountOfIdentity(absl::string_view identity) const {
  const absl::ReaderMutexLock lock(&mutex_);
  const auto found = by_identity_.find(identity);
  return found == by_identity_.end() ? 0 : found->second;
}

absl::Status Table::Disconnect(uint64_t number) {
  const absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(number);
  if (found == entries_.end() || found->second.connection->closed.load()) {
    return Error(v1::REASON_CLIENT_NOT_FOUND, absl::StrCat("there is no client with connection number ", number),
                 {{"connection", absl::StrCat(number)}});
  }
  Shutdown(&found->second);
  return absl::OkStatus();
}

void Table::DisconnectAll() {
  const absl::MutexLock lock(&mutex_);
  for (auto& [number, entry] : entries_) Shutdown(&entry);
}

void Table::AddOpenListener(OpenListener listener) {
  const absl::MutexLock lock(&mutex_);
  open_listeners_.push_back(std::move(listener));
}

void Table::AddCloseListener(CloseListener listener) {
  const absl::MutexLock lock(&mutex_);
  listeners_.push_back(std::move(listener));
}

bool Table::OnClose(uint64_t number, std::function<void()> action) {
  const absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(number);
  if (found == entries_.end()) return false;
  found->second.on_close.push_back(std::move(action));
  return true;
}

void Table::Shutdown(Entry* entry) {
  entry->connection->closed.store(true, std::memory_order_release);
  // An error means that the socket is not connected any more, which is what is wanted.
  if (entry->watch) (void)::shutdown(entry->watch.get(), SHUT_RDWR);
}

}  // namespace reeve::connections
