#include "daemon/services/exec_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/services/caller.h"
#include "daemon/services/guest_session.h"

namespace reeve::services {
namespace {

constexpr size_t kInputLimit = 64 << 10;
constexpr uint32_t kSizeLimit = 65535;
constexpr uint32_t kLastSignal = 64;

absl::Status Invalid(absl::string_view field, absl::string_view message) {
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, absl::StrCat("exec: ", field, " ", message));
  AddFieldViolation(&status, field, message);
  return status;
}

absl::Status CheckSize(const v1::TerminalSize& size) {
  if (size.columns() >= 1 && size.columns() <= kSizeLimit && size.rows() >= 1 && size.rows() <= kSizeLimit) {
    return absl::OkStatus();
  }
  return Invalid("size", "must have 1 to 65535 columns and rows");
}

class ExecHandler final : public StreamHandler {
 public:
  ExecHandler(state::Manager* manager, state::Caller caller, std::shared_ptr<GuestSession> session)
      : manager_(manager), caller_(std::move(caller)), session_(std::move(session)) {}

  void OnMessage(std::string message, std::function<void()> next) override {
    v1::ExecRequest request;
    if (!request.ParseFromString(message)) {
      return session_->Fail(Error(v1::REASON_REQUEST_MALFORMED, "the message is not an ExecRequest"));
    }
    if (!started_) {
      if (!request.has_start()) return session_->Fail(Invalid("start", "must be in the first message"));
      return Start(std::move(*request.mutable_start()), std::move(next));
    }
    absl::Status status;
    switch (request.message_case()) {
      case v1::ExecRequest::kInput:
        if (request.input().size() <= kInputLimit) {
          return session_->Write(std::move(*request.mutable_input()), std::move(next));
        }
        status = Invalid("input", "has more than 64 KiB");
        break;
      case v1::ExecRequest::kInputEnd:
        session_->EndInput();
        break;
      case v1::ExecRequest::kSize:
        status = CheckSize(request.size());
        if (status.ok()) status = session_->Resize(request.size().columns(), request.size().rows());
        break;
      case v1::ExecRequest::kSignal:
        status = request.signal() >= 1 && request.signal() <= kLastSignal ? session_->Signal(request.signal())
                                                                          : Invalid("signal", "must be 1 to 64");
        break;
      default:
        status = Invalid("message", "is none that may follow the first");
    }
    if (!status.ok()) return session_->Fail(status);
    next();
  }
  void OnClientDone() override { session_->EndInput(); }
  void OnEnd() override { session_->End(); }

 private:
  void Start(v1::ExecStart start, std::function<void()> next) {
    started_ = true;
    if (start.has_size()) {
      if (absl::Status status = CheckSize(start.size()); !status.ok()) return session_->Fail(status);
    }
    session_->Open(
        [manager = manager_, caller = caller_, session = session_, start = std::move(start)] {
          return manager->Execute(caller, start, ReaderFor(session, start.detach()));
        },
        std::move(next));
  }

  static drivers::GuestProcessReader ReaderFor(const std::shared_ptr<GuestSession>& session, bool detach) {
    // Not the other way round: the process must not keep the session that keeps it.
    const std::weak_ptr<GuestSession> weak = session;
    drivers::GuestProcessReader reader;
    reader.on_started = [weak, detach](int64_t pid) {
      const std::shared_ptr<GuestSession> session = weak.lock();
      if (session == nullptr) return;
      v1::ExecResponse response;
      response.mutable_started()->set_pid(pid);
      session->output().Add(response.SerializeAsString());
      if (detach) session->output().Finish(absl::OkStatus());
    };
    reader.on_output = [weak](absl::string_view bytes, bool error_output) {
      const std::shared_ptr<GuestSession> session = weak.lock();
      if (session == nullptr) return;
      v1::ExecResponse response;
      (error_output ? response.mutable_error_output() : response.mutable_output())->assign(bytes.data(), bytes.size());
      session->output().Add(response.SerializeAsString());
    };
    reader.on_end = [weak](absl::StatusOr<v1::ExitStatus> exit) {
      const std::shared_ptr<GuestSession> session = weak.lock();
      if (session == nullptr) return;
      if (!exit.ok()) return session->Fail(exit.status());
      v1::ExecResponse response;
      *response.mutable_exited() = *std::move(exit);
      session->output().Add(response.SerializeAsString());
      session->output().Finish(absl::OkStatus());
    };
    return reader;
  }

  state::Manager* const manager_;
  const state::Caller caller_;
  const std::shared_ptr<GuestSession> session_;
  bool started_ = false;
};

}  // namespace

void RegisterExecService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers) {
  dispatcher->Bidirectional(methods::kExec, [manager, workers](CallPointer call, std::shared_ptr<ServerStream> stream) {
    return std::make_unique<ExecHandler>(manager, CallerOf(*call), GuestSession::Create(workers, std::move(stream)));
  });
}

}  // namespace reeve::services
