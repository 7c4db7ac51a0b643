#include "daemon/services/console_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "daemon/services/caller.h"
#include "daemon/services/console_output.h"

namespace reeve::services {
namespace {

constexpr size_t kInputLimit = 64 << 10;
constexpr uint32_t kSizeLimit = 65535;
// How soon input that the guest does not take is offered again.
constexpr absl::Duration kRetry = absl::Milliseconds(10);

absl::Status Invalid(absl::string_view field, absl::string_view message) {
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, message, {{"field", field}});
  AddFieldViolation(&status, field, message);
  return status;
}

// One attached console. The driver's calls come from its threads, the client's from gRPC's; opening is left to a
// worker.
class ConsoleSession : public std::enable_shared_from_this<ConsoleSession> {
 public:
  ConsoleSession(state::Manager* manager, WorkerPool* workers, state::Caller caller,
                 std::shared_ptr<ServerStream> stream)
      : manager_(manager), workers_(workers), caller_(std::move(caller)), stream_(std::move(stream)) {}

  void Begin() {
    output_ = std::make_shared<ConsoleOutput>(stream_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->workers_->Post([self] { self->PassReady(); });
    });
  }

  void OnMessage(const std::string& bytes, std::function<void()> next) {
    v1::AttachConsoleRequest request;
    if (!request.ParseFromString(bytes)) {
      return stream_->Finish(Error(v1::REASON_REQUEST_MALFORMED, "the message is not an AttachConsoleRequest"));
    }
    if (!opened_) {
      if (!request.has_open()) return stream_->Finish(Invalid("open", "the first message must have open"));
      opened_ = true;
      workers_->Post([self = shared_from_this(), open = request.open(), next = std::move(next)] {
        self->Open(open);
        next();
      });
      return;
    }
    switch (request.message_case()) {
      case v1::AttachConsoleRequest::kInput:
        if (request.input().size() > kInputLimit) {
          return stream_->Finish(Invalid("input", "a message has more than 64 KiB of input"));
        }
        return WriteInput(request.input(), std::move(next));
      case v1::AttachConsoleRequest::kSize:
        if (absl::Status status = Resize(request.size()); !status.ok()) return stream_->Finish(status);
        return next();
      case v1::AttachConsoleRequest::kOpen:
        return stream_->Finish(Invalid("open", "the console is open already"));
      default:
        return stream_->Finish(Invalid("message", "the message has neither input nor size"));
    }
  }

  void Finish() { stream_->Finish(absl::OkStatus()); }

  void End() {
    std::shared_ptr<drivers::Console> console;
    {
      const absl::MutexLock lock(&mutex_);
      ended_ = true;
      console = std::move(console_);
    }
    // A worker detaches: the driver may wait there for a call of its own to return.
    workers_->Post([console = std::move(console)] {});
  }

 private:
  void Open(const v1::OpenConsole& open) {
    drivers::ConsoleReader reader;
    reader.on_output = [output = output_](absl::string_view bytes, uint64_t lost) { output->Add(bytes, lost); };
    reader.on_closed = [output = output_](const std::string& reason) { output->Close(reason); };
    absl::StatusOr<std::unique_ptr<drivers::Console>> console = manager_->OpenConsole(caller_, open, std::move(reader));
    if (!console.ok()) return stream_->Finish(console.status());
    std::shared_ptr<drivers::Console> unwanted;
    {
      const absl::MutexLock lock(&mutex_);
      if (ended_) {
        unwanted = *std::move(console);
      } else {
        console_ = *std::move(console);
      }
    }
    if (unwanted != nullptr) return;
    output_->Open(open.domain());
    PassReady();
  }

  std::shared_ptr<drivers::Console> console() {
    const absl::MutexLock lock(&mutex_);
    return console_;
  }

  void WriteInput(const std::string& input, std::function<void()> next) {
    const std::shared_ptr<drivers::Console> console = this->console();
    if (console == nullptr) return;  // the stream has been ended
    const absl::Status status = console->Write(input);
    if (status.ok()) return next();
    if (status.code() != absl::StatusCode::kResourceExhausted) return stream_->Finish(status);
    // The guest does not read now. The client is not asked for more until it has.
    workers_->PostAfter(kRetry, [self = shared_from_this(), input, next = std::move(next)]() mutable {
      self->WriteInput(input, std::move(next));
    });
  }

  absl::Status Resize(const v1::TerminalSize& size) {
    if (size.columns() < 1 || size.columns() > kSizeLimit || size.rows() < 1 || size.rows() > kSizeLimit) {
      return Invalid("size", "columns and rows must be 1 to 65535");
    }
    const std::shared_ptr<drivers::Console> console = this->console();
    return console == nullptr ? absl::OkStatus() : console->Resize(size.columns(), size.rows());
  }

  // Passes the present readiness on, never an older one behind a newer. By a worker, because output comes from a thread
  // of the driver that must not be called back there.
  void PassReady() {
    const absl::MutexLock lock(&ready_mutex_);
    if (const std::shared_ptr<drivers::Console> console = this->console()) console->SetReady(output_->ready());
  }

  state::Manager* const manager_;
  WorkerPool* const workers_;
  const state::Caller caller_;
  const std::shared_ptr<ServerStream> stream_;
  std::shared_ptr<ConsoleOutput> output_;
  bool opened_ = false;  // read and written by OnMessage only
  absl::Mutex ready_mutex_;
  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<drivers::Console> console_ ABSL_GUARDED_BY(mutex_);
};

class ConsoleHandler final : public StreamHandler {
 public:
  explicit ConsoleHandler(std::shared_ptr<ConsoleSession> session) : session_(std::move(session)) {}
  void OnMessage(std::string message, std::function<void()> next) override {
    session_->OnMessage(message, std::move(next));
  }
  void OnClientDone() override { session_->Finish(); }
  void OnEnd() override { session_->End(); }

 private:
  const std::shared_ptr<ConsoleSession> session_;
};

}  // namespace

void RegisterConsoleService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers) {
  dispatcher->Bidirectional(
      methods::kAttachConsole, [manager, workers](CallPointer call, std::shared_ptr<ServerStream> stream) {
        auto session = std::make_shared<ConsoleSession>(manager, workers, CallerOf(*call), std::move(stream));
        session->Begin();
        return std::make_unique<ConsoleHandler>(std::move(session));
      });
}

}  // namespace reeve::services
