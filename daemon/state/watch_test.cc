#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "daemon/state/fixture.h"

namespace reeve::state {
namespace {

// A watcher as a stream is: it waits for `ready` and reads what there is.
class Watcher {
 public:
  Watcher(Manager& manager, const v1::WatchRequest& request) {
    auto made = manager.Watch(Caller(), request, [this] {
      const std::lock_guard<std::mutex> lock(mutex_);
      ready_ = true;
      changed_.notify_all();
    });
    if (!made.ok()) throw std::runtime_error(made.status().ToString());
    subscription_ = *std::move(made);
  }
  // The next message; waits for it.
  absl::StatusOr<v1::WatchResponse> Next() {
    while (true) {
      absl::StatusOr<SharedMessage> message = subscription_->Next();
      if (!message.ok()) return message.status();
      if (*message != nullptr) {
        v1::WatchResponse parsed;
        if (!parsed.ParseFromString(**message)) return absl::DataLossError("not a WatchResponse");
        return parsed;
      }
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return ready_; });
      ready_ = false;
    }
  }
  bool HasNone() {
    absl::StatusOr<SharedMessage> message = subscription_->Next();
    return message.ok() && *message == nullptr;
  }
  Subscription& subscription() { return *subscription_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ready_ = false;
  std::unique_ptr<Subscription> subscription_;
};

v1::WatchRequest From(int64_t revision) {
  v1::WatchRequest request;
  request.set_start_revision(revision);
  return request;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "ordered, unique, atomic: changes made side by side come one revision after the other") {
  Open();
  Watcher watcher(*manager, From(1));
  std::atomic<int> failed{0};  // Catch's macros are for one thread
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([this, writer, &failed] {
      for (int i = 0; i < 25; ++i)
        failed += Create("d" + std::to_string(writer) + "-" + std::to_string(i)).ok() ? 0 : 1;
    });
  }
  std::set<std::string> seen;
  for (int64_t revision = 1; revision <= 100; ++revision) {
    const auto message = watcher.Next();
    REQUIRE(message.ok());
    REQUIRE(message->revision() == revision);
    REQUIRE(message->events_size() == 1);
    CHECK(message->events(0).domain().revision() == revision);
    CHECK(seen.insert(message->events(0).domain().name()).second);
  }
  for (std::thread& writer : writers) writer.join();
  CHECK(failed == 0);
  CHECK(watcher.HasNone());
}

TEST_CASE_METHOD(Fixture,
                 "reliable and resumable: every start revision gives all that followed, also after a restart") {
  Open();
  for (int i = 0; i < 20; ++i) REQUIRE(Create("d" + std::to_string(i)).ok());
  Reopen();
  for (int i = 20; i < 30; ++i) REQUIRE(Create("d" + std::to_string(i)).ok());
  for (int64_t start = 1; start <= 31; ++start) {
    const auto messages = Replay(start);
    REQUIRE(messages.size() == static_cast<size_t>(31 - start));
    for (size_t i = 0; i < messages.size(); ++i) CHECK(messages[i].revision() == start + static_cast<int64_t>(i));
  }
}

TEST_CASE_METHOD(Fixture, "replay goes over into the live stream without a hole or a repetition") {
  Open();
  for (int i = 0; i < 600; ++i) REQUIRE(Create("old" + std::to_string(i)).ok());
  Watcher watcher(*manager, From(1));
  std::thread writer([this] {
    for (int i = 0; i < 300; ++i) (void)Create("new" + std::to_string(i));
  });
  for (int64_t revision = 1; revision <= 900; ++revision) REQUIRE(watcher.Next()->revision() == revision);
  writer.join();
}

TEST_CASE_METHOD(Fixture, "start 0 gives the present state, then snapshot_done, then changes") {
  Open();
  for (int i = 0; i < 150; ++i) REQUIRE(Create("d" + std::to_string(i)).ok());
  v1::WatchRequest request;
  request.set_view(v1::DOMAIN_VIEW_FULL);
  Watcher watcher(*manager, request);
  REQUIRE(Create("later").ok());
  int present = 0;
  while (true) {
    const auto message = watcher.Next();
    REQUIRE(message.ok());
    if (message->snapshot_done()) {
      CHECK(message->revision() == 150);
      break;
    }
    CHECK(message->revision() == 0);
    for (const v1::Event& event : message->events()) {
      CHECK(event.type() == v1::EVENT_TYPE_PRESENT);
      CHECK(event.domain().spec().memory_kib() == 1 << 20);
      ++present;
    }
  }
  CHECK(present == 150);
  const auto live = watcher.Next();
  CHECK(live->revision() == 151);
  CHECK(live->events(0).domain().spec().memory_kib() == 1 << 20);
}

TEST_CASE_METHOD(Fixture,
                 "filters by parent and type; the view BASIC has no more of the specification than its title") {
  Open();
  v1::WatchRequest request = From(1);
  request.set_parent(Name("web1"));
  request.add_types(v1::EVENT_TYPE_STARTED);
  Watcher watcher(*manager, request);
  REQUIRE(Create("web1").ok());
  REQUIRE(Create("web2").ok());
  REQUIRE(Start("web2").ok());
  REQUIRE(Start("web1").ok());
  const auto message = watcher.Next();
  CHECK(message->revision() == 4);
  CHECK(message->events(0).domain().spec().title() == "title of web1");
  CHECK(message->events(0).domain().spec().memory_kib() == 0);
  CHECK(watcher.HasNone());
  CHECK(Replay(1, request).size() == 1);
}

TEST_CASE_METHOD(Fixture, "bad watches are refused") {
  Open();
  REQUIRE(Create("web1").ok());
  CHECK(ReasonOf(manager->Watch(Caller(), From(3), [] {}).status()) == v1::REASON_REVISION_UNKNOWN);
  CHECK(manager->Watch(Caller(), From(2), [] {}).ok());
  CHECK(ReasonOf(manager->Watch(Caller(), From(-1), [] {}).status()) == v1::REASON_REQUEST_INVALID);
  v1::WatchRequest request;
  request.set_view(v1::DOMAIN_VIEW_STATS);
  CHECK(ReasonOf(manager->Watch(Caller(), request, [] {}).status()) == v1::REASON_REQUEST_INVALID);
  request.Clear();
  request.set_parent("domains/web1");
  CHECK(ReasonOf(manager->Watch(Caller(), request, [] {}).status()) == v1::REASON_NAME_INVALID);
  request.set_parent("hypervisors/none");
  CHECK(ReasonOf(manager->Watch(Caller(), request, [] {}).status()) == v1::REASON_HYPERVISOR_NOT_FOUND);
  request.Clear();
  request.add_types(static_cast<v1::EventType>(77));
  CHECK(ReasonOf(manager->Watch(Caller(), request, [] {}).status()) == v1::REASON_REQUEST_INVALID);
  CHECK(manager->Summary().watches == 0);
}

TEST_CASE_METHOD(Fixture, "compaction by count and age; what is gone is said with the oldest revision") {
  options.limits.journal_revisions = 10;
  Open();
  for (int i = 0; i < 11; ++i) REQUIRE(Create("d" + std::to_string(i)).ok());
  REQUIRE(manager->Compact().ok());
  CHECK(manager->Summary().oldest_revision == 2);
  {
    Watcher watcher(*manager, From(1));
    const auto message = watcher.Next();
    REQUIRE(message.ok());
    CHECK(message->compacted().oldest_revision() == 2);
    const absl::Status status = watcher.Next().status();
    CHECK(ReasonOf(status) == v1::REASON_REVISION_COMPACTED);
    CHECK(std::string(status.message()).find("begins at revision 2") != std::string::npos);
  }
  CHECK(Replay(2).size() == 10);
  clock.Advance(absl::Hours(8 * 24));
  REQUIRE(Create("new").ok());
  REQUIRE(manager->Compact().ok());
  CHECK(manager->Summary().oldest_revision == 12);
  CHECK(Reopen().Summary().oldest_revision == 12);
  CHECK(manager->Summary().revision == 12);
  CHECK(Replay(12).size() == 1);
}

TEST_CASE_METHOD(Fixture, "revisions go on behind a journal that is compacted to nothing") {
  Open();
  REQUIRE(Create("d").ok());
  clock.Advance(absl::Hours(8 * 24));
  REQUIRE(manager->Compact().ok());
  Reopen();
  CHECK(manager->Summary().revision == 1);
  CHECK(Create("e")->revision() == 2);
}

TEST_CASE_METHOD(Fixture, "a slow watcher gets the newest event of each object, and how many were left out") {
  options.limits.watch_events = 8;
  Open();
  Watcher watcher(*manager, From(1));
  CHECK(watcher.HasNone());  // it has read the store: from now on it is live
  REQUIRE(Create("a").ok());
  REQUIRE(Create("b").ok());
  for (int i = 0; i < 20; ++i) REQUIRE(SetAutostart("a", i % 2 == 0).ok());
  Watcher other(*manager, From(23));
  REQUIRE(Create("end").ok());
  REQUIRE(other.Next().ok());  // the hub has handed it out
  std::map<std::string, uint32_t> left_out;
  int64_t last = 0;
  uint32_t all = 0;
  while (last < 23) {
    const auto message = watcher.Next();
    REQUIRE(message.ok());
    CHECK(message->revision() > last);
    last = message->revision();
    for (const v1::Event& event : message->events()) {
      left_out[event.domain().name()] += event.coalesced();
      all += 1 + event.coalesced();
    }
  }
  CHECK(all == 23);
  CHECK(left_out[Name("a")] > 0);
  CHECK(left_out[Name("b")] == 0);
  CHECK(left_out[Name("end")] == 0);
}

TEST_CASE_METHOD(Fixture, "also a slow watcher is told that a name is gone when its domain has another") {
  options.limits.watch_events = 8;
  Open();
  Watcher watcher(*manager, From(1));
  CHECK(watcher.HasNone());
  REQUIRE(Create("old").ok());
  v1::RenameDomainRequest request;
  request.set_name(Name("old"));
  request.set_new_name("new");
  REQUIRE(Call<v1::Domain>(&ManagerImpl::RenameDomain, request).ok());
  for (int i = 0; i < 20; ++i) REQUIRE(SetAutostart("new", i % 2 == 0).ok());
  Watcher other(*manager, From(23));
  REQUIRE(Create("end").ok());
  REQUIRE(other.Next().ok());
  std::map<std::string, v1::EventDetail> last;
  for (int64_t revision = 0; revision < 23;) {
    const auto message = watcher.Next();
    REQUIRE(message.ok());
    revision = message->revision();
    for (const v1::Event& event : message->events()) last[event.domain().name()] = event.detail();
  }
  CHECK(last[Name("old")] == v1::EVENT_DETAIL_UNDEFINED_RENAMED);
  CHECK(last[Name("new")] == v1::EVENT_DETAIL_CHANGED_AUTOSTART);
}

TEST_CASE_METHOD(Fixture, "a watcher beyond its budget must resync; others do not notice") {
  options.limits.watch_events = 8;
  Open();
  Watcher slow(*manager, From(1));
  CHECK(slow.HasNone());
  Watcher quick(*manager, From(1));
  for (int i = 0; i < 40; ++i) {
    REQUIRE(Create("d" + std::to_string(i)).ok());
    REQUIRE(quick.Next()->revision() == i + 1);
  }
  absl::Status status;
  while (status.ok()) status = slow.Next().status();
  CHECK(ReasonOf(status) == v1::REASON_RESYNC_REQUIRED);
  CHECK(ReasonOf(slow.Next().status()) == v1::REASON_RESYNC_REQUIRED);
}

TEST_CASE_METHOD(Fixture, "a watcher that still reads the store is never cut off by what happens meanwhile") {
  options.limits.watch_events = 8;
  Open();
  REQUIRE(Create("d").ok());
  Watcher watcher(*manager, From(1));
  Watcher quick(*manager, From(2));
  for (int i = 0; i < 100; ++i) {
    REQUIRE(Create("d" + std::to_string(i)).ok());
    REQUIRE(quick.Next().ok());
  }
  for (int64_t revision = 1; revision <= 101; ++revision) REQUIRE(watcher.Next()->revision() == revision);
}

TEST_CASE_METHOD(Fixture, "progress is told while nothing happens, and moves past what the filter leaves out") {
  Open();
  v1::WatchRequest request = From(1);
  request.set_progress(true);
  request.set_parent(Name("none"));
  Watcher watcher(*manager, request);
  Watcher other(*manager, From(1));
  CHECK(watcher.HasNone());
  REQUIRE(Create("web1").ok());
  REQUIRE(other.Next().ok());
  timers.Advance(absl::Seconds(10));  // something was sent or read in this one
  timers.Advance(absl::Seconds(10));
  const auto message = watcher.Next();
  REQUIRE(message.ok());
  CHECK(message->progress());
  CHECK(message->revision() == 1);
}

TEST_CASE_METHOD(Fixture, "a watch may be ended by its own ready, and ended watches are not counted") {
  Open();
  std::unique_ptr<Subscription> subscription;
  std::promise<void> ended;
  auto made = manager->Watch(Caller(), From(1), [&] {
    subscription.reset();
    ended.set_value();
  });
  REQUIRE(made.ok());
  subscription = *std::move(made);
  REQUIRE(*subscription->Next() == nullptr);
  CHECK(manager->Summary().watches == 1);
  REQUIRE(Create("web1").ok());
  ended.get_future().get();
  CHECK(manager->Summary().watches == 0);
}

}  // namespace reeve::state
