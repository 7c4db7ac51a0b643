#include "daemon/services/file_service.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/services/caller.h"
#include "daemon/services/guest_session.h"

namespace reeve::services {
namespace {

constexpr size_t kDataLimit = 1 << 20;
// What a process takes at once.
constexpr size_t kPiece = 64 << 10;
constexpr uint32_t kModeMask = 07777;

absl::Status Invalid(absl::string_view field, absl::string_view message) {
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, absl::StrCat("file: ", field, " ", message));
  AddFieldViolation(&status, field, message);
  return status;
}

class PushHandler final : public StreamHandler {
 public:
  PushHandler(state::Manager* manager, state::Caller caller, std::shared_ptr<GuestSession> session)
      : manager_(manager), caller_(std::move(caller)), session_(std::move(session)), bytes_(std::make_shared<std::atomic<uint64_t>>(0)) {}

  void OnMessage(std::string message, std::function<void()> next) override {
    v1::PushFileRequest request;
    if (!request.ParseFromString(message)) {
      return session_->Fail(Error(v1::REASON_REQUEST_MALFORMED, "the message is not a PushFileRequest"));
    }
    if (!started_) {
      if (!request.has_start()) return session_->Fail(Invalid("start", "must be in the first message"));
      return Start(request.start(), std::move(next));
    }
    if (request.message_case() != v1::PushFileRequest::kData) {
      return session_->Fail(Invalid("message", "must be data behind the first"));
    }
    if (request.data().size() > kDataLimit) return session_->Fail(Invalid("data", "has more than 1 MiB"));
    bytes_->fetch_add(request.data().size());
    WritePieces(session_, std::make_shared<const std::string>(std::move(*request.mutable_data())), 0, std::move(next));
  }
  void OnClientDone() override {
    if (!started_) return session_->Fail(Invalid("start", "is missing"));
    session_->EndInput();
  }
  void OnEnd() override { session_->End(); }

 private:
  void Start(const v1::PushFileStart& start, std::function<void()> next) {
    started_ = true;
    if (start.mode() > kModeMask) return session_->Fail(Invalid("mode", "must be 0 to 07777"));
    session_->Open(
        [manager = manager_, caller = caller_, weak = std::weak_ptr<GuestSession>(session_), bytes = bytes_, start] {
          drivers::GuestProcessReader reader;
          reader.on_end = [weak, bytes](const absl::StatusOr<v1::ExitStatus>& end) {
            const std::shared_ptr<GuestSession> session = weak.lock();
            if (session == nullptr) return;
            if (!end.ok()) return session->Fail(end.status());
            v1::PushFileResponse response;
            response.set_bytes(bytes->load());
            session->output().Add(response.SerializeAsString());
            session->output().Finish(absl::OkStatus());
          };
          return manager->PushFile(caller, start, std::move(reader));
        },
        std::move(next));
  }

  static void WritePieces(const std::shared_ptr<GuestSession>& session, std::shared_ptr<const std::string> data,
                          size_t offset, std::function<void()> next) {
    if (offset >= data->size()) return next();
    std::string piece = data->substr(offset, kPiece);
    const size_t behind = offset + piece.size();
    session->Write(std::move(piece), [session, data = std::move(data), behind, next = std::move(next)]() mutable {
      WritePieces(session, std::move(data), behind, std::move(next));
    });
  }

  state::Manager* const manager_;
  const state::Caller caller_;
  const std::shared_ptr<GuestSession> session_;
  const std::shared_ptr<std::atomic<uint64_t>> bytes_;
  bool started_ = false;
};

class PullHandler final : public StreamHandler {
 public:
  explicit PullHandler(std::shared_ptr<GuestSession> session) : session_(std::move(session)) {}
  void OnEnd() override { session_->End(); }

 private:
  const std::shared_ptr<GuestSession> session_;
};

drivers::GuestProcessReader PullReader(std::weak_ptr<GuestSession> weak) {
  drivers::GuestProcessReader reader;
  reader.on_file = [weak](const v1::PullFileStart& start) {
    const std::shared_ptr<GuestSession> session = weak.lock();
    if (session == nullptr) return;
    v1::PullFileResponse response;
    *response.mutable_start() = start;
    session->output().Add(response.SerializeAsString());
  };
  reader.on_output = [weak](absl::string_view bytes, bool) {
    const std::shared_ptr<GuestSession> session = weak.lock();
    if (session == nullptr) return;
    v1::PullFileResponse response;
    response.mutable_data()->assign(bytes.data(), bytes.size());
    session->output().Add(response.SerializeAsString());
  };
  reader.on_end = [weak](const absl::StatusOr<v1::ExitStatus>& end) {
    if (const std::shared_ptr<GuestSession> session = weak.lock()) session->output().Finish(end.status());
  };
  return reader;
}

}  // namespace

void RegisterFileService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers) {
  dispatcher->Bidirectional(methods::kPushFile, [manager, workers](CallPointer call, std::shared_ptr<ServerStream> stream) {
    return std::make_unique<PushHandler>(manager, CallerOf(*call), GuestSession::Create(workers, std::move(stream)));
  });
  dispatcher->Stream(
      methods::kPullFile,
      [manager, workers](CallPointer call, const v1::PullFileRequest& request,
                         std::shared_ptr<ServerStream> stream) -> absl::StatusOr<std::unique_ptr<StreamHandler>> {
        std::shared_ptr<GuestSession> session = GuestSession::Create(workers, std::move(stream));
        session->Open([manager, caller = CallerOf(*call), weak = std::weak_ptr<GuestSession>(session),
                       request] { return manager->PullFile(caller, request, PullReader(weak)); },
                      [] {});
        return std::make_unique<PullHandler>(std::move(session));
      });
}

}  // namespace reeve::services
