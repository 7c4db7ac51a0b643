#include "daemon/services/incoming_stream.h"

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "proto/status.h"

namespace reeve::services {
namespace {

constexpr size_t kMostMemory = 1 << 20;

// What goes to the source: few messages, one after the other. Thread-safe.
class Replies : public std::enable_shared_from_this<Replies> {
 public:
  explicit Replies(std::shared_ptr<ServerStream> stream) : stream_(std::move(stream)) {}

  void Add(const v1::MigrationAnswer& answer) {
    const absl::MutexLock lock(&mutex_);
    waiting_.push_back(answer.SerializeAsString());
    last_ = last_ || answer.running();
    Next();
  }
  void Finish(const absl::Status& status) { stream_->Finish(status); }

 private:
  void Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_) return;
    if (waiting_.empty()) {
      if (last_) stream_->Finish(absl::OkStatus());
      return;
    }
    writing_ = true;
    auto message = std::make_shared<const std::string>(std::move(waiting_.front()));
    waiting_.pop_front();
    stream_->Write(std::move(message), [self = shared_from_this()](bool) {
      const absl::MutexLock lock(&self->mutex_);
      self->writing_ = false;
      self->Next();
    });
  }

  const std::shared_ptr<ServerStream> stream_;
  absl::Mutex mutex_;
  std::deque<std::string> waiting_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool last_ ABSL_GUARDED_BY(mutex_) = false;
};

// The part that the thread keeps when the stream has ended.
struct Feed {
  absl::Mutex mutex;
  std::shared_ptr<migration::Incoming> incoming ABSL_GUARDED_BY(mutex);
  v1::MigrationMessage message ABSL_GUARDED_BY(mutex);
  std::function<void()> next ABSL_GUARDED_BY(mutex);  // set: there is a message
  bool ended ABSL_GUARDED_BY(mutex) = false;
};

absl::Status Pass(const v1::MigrationMessage& message, migration::Incoming& incoming) {
  switch (message.message_case()) {
    case v1::MigrationMessage::kMemory:
      if (message.memory().size() > kMostMemory) {
        return Error(v1::REASON_REQUEST_INVALID, "memory has more than 1 MiB");
      }
      return incoming.Memory(message.memory());
    case v1::MigrationMessage::kMemoryEnd:
      return incoming.MemoryEnd();
    case v1::MigrationMessage::kGo:
      return incoming.Go();
    default:
      return Error(v1::REASON_REQUEST_INVALID, "the message is none that may follow the first");
  }
}

void RunFeed(const std::shared_ptr<Feed>& feed, const std::shared_ptr<Replies>& replies,
             const std::shared_ptr<migration::Incoming>& incoming) {
  for (;;) {
    v1::MigrationMessage message;
    std::function<void()> next;
    {
      const absl::MutexLock lock(&feed->mutex);
      const auto something = [&feed]() { return feed->ended || feed->next != nullptr; };
      feed->mutex.Await(absl::Condition(&something));
      if (feed->ended) break;
      message.Swap(&feed->message);
      next = std::exchange(feed->next, nullptr);
    }
    if (absl::Status status = Pass(message, *incoming); !status.ok()) {
      replies->Finish(WithContext("receive a domain", status));
      break;  // the end comes by itself
    }
    next();
  }
}

class IncomingStream final : public StreamHandler {
 public:
  IncomingStream(state::MigrationManager* manager, WorkerPool* workers, std::shared_ptr<ServerStream> stream)
      : manager_(manager), workers_(workers), replies_(std::make_shared<Replies>(std::move(stream))) {}

  void OnMessage(std::string bytes, std::function<void()> next) override {
    v1::MigrationMessage message;
    if (!message.ParseFromString(bytes)) {
      return replies_->Finish(Error(v1::REASON_REQUEST_MALFORMED, "the message is not a MigrationMessage"));
    }
    if (!started_) return Start(std::move(message), std::move(next));
    const absl::MutexLock lock(&feed_->mutex);
    feed_->message = std::move(message);
    feed_->next = std::move(next);
  }

  void OnEnd() override {
    std::shared_ptr<migration::Incoming> incoming;
    {
      const absl::MutexLock lock(&feed_->mutex);
      feed_->ended = true;
      incoming = feed_->incoming;
    }
    if (incoming != nullptr) incoming->Broken("the connection from the source broke");
  }

 private:
  void Start(v1::MigrationMessage message, std::function<void()> next) {
    started_ = true;
    if (!message.has_start()) {
      return replies_->Finish(Error(v1::REASON_REQUEST_INVALID, "start must be in the first message"));
    }
    workers_->Post([manager = manager_, feed = feed_, replies = replies_, message = std::move(message),
                    next = std::move(next)] {
      auto incoming = manager->ReceiveDomain(
          message.start(), {.answer = [replies](const v1::MigrationAnswer& answer) { replies->Add(answer); },
                            .fail = [replies](const absl::Status& status) { replies->Finish(status); }});
      if (!incoming.ok()) return replies->Finish(incoming.status());
      bool ended = false;
      {
        const absl::MutexLock lock(&feed->mutex);
        feed->incoming = *incoming;
        ended = feed->ended;
      }
      if (ended) return (*incoming)->Broken("the connection from the source broke");
      std::thread([feed, replies, incoming = *incoming] { RunFeed(feed, replies, incoming); }).detach();
      next();
    });
  }

  state::MigrationManager* const manager_;
  WorkerPool* const workers_;
  const std::shared_ptr<Replies> replies_;
  const std::shared_ptr<Feed> feed_ = std::make_shared<Feed>();
  bool started_ = false;
};

}  // namespace

std::unique_ptr<StreamHandler> MakeIncomingStream(state::MigrationManager* manager, WorkerPool* workers,
                                                  std::shared_ptr<ServerStream> stream) {
  return std::make_unique<IncomingStream>(manager, workers, std::move(stream));
}

}  // namespace reeve::services
