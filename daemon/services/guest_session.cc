#include "daemon/services/guest_session.h"

#include <utility>

namespace reeve::services {
namespace {

// How soon input that the process does not take is offered again.
constexpr absl::Duration kRetry = absl::Milliseconds(5);

}  // namespace

std::shared_ptr<GuestSession> GuestSession::Create(WorkerPool* workers, std::shared_ptr<ServerStream> stream) {
  std::shared_ptr<GuestSession> session(new GuestSession(workers, std::move(stream)));
  session->output_ =
      std::make_shared<GuestOutput>(session->stream_, [workers, weak = std::weak_ptr<GuestSession>(session)] {
        if (const auto self = weak.lock()) workers->Post([self] { self->PassReady(); });
      });
  return session;
}

void GuestSession::Open(Opener opener, std::function<void()> next) {
  workers_->Post([self = shared_from_this(), opener = std::move(opener), next = std::move(next)] {
    absl::StatusOr<std::unique_ptr<drivers::GuestProcess>> process = opener();
    if (!process.ok()) return self->Fail(process.status());
    std::shared_ptr<drivers::GuestProcess> unwanted;
    {
      const absl::MutexLock lock(&self->mutex_);
      if (self->ended_) {
        unwanted = *std::move(process);
      } else {
        self->process_ = *std::move(process);
      }
    }
    if (unwanted != nullptr) return;
    self->PassReady();
    next();
  });
}

std::shared_ptr<drivers::GuestProcess> GuestSession::process() {
  const absl::MutexLock lock(&mutex_);
  return process_;
}

void GuestSession::Write(std::string bytes, std::function<void()> next) {
  const std::shared_ptr<drivers::GuestProcess> process = this->process();
  if (process == nullptr) return;
  const absl::Status status = process->Write(bytes);
  if (status.ok()) return next();
  if (status.code() != absl::StatusCode::kResourceExhausted) return Fail(status);
  // It does not read now. The client is not asked for more until it has.
  workers_->PostAfter(kRetry, [self = shared_from_this(), bytes = std::move(bytes), next = std::move(next)]() mutable {
    self->Write(std::move(bytes), std::move(next));
  });
}

void GuestSession::EndInput() {
  if (const std::shared_ptr<drivers::GuestProcess> process = this->process()) process->EndInput();
}

absl::Status GuestSession::Resize(uint32_t columns, uint32_t rows) {
  const std::shared_ptr<drivers::GuestProcess> process = this->process();
  return process == nullptr ? absl::OkStatus() : process->Resize(columns, rows);
}

absl::Status GuestSession::Signal(uint32_t number) {
  const std::shared_ptr<drivers::GuestProcess> process = this->process();
  return process == nullptr ? absl::OkStatus() : process->Signal(number);
}

void GuestSession::End() {
  std::shared_ptr<drivers::GuestProcess> process;
  {
    const absl::MutexLock lock(&mutex_);
    ended_ = true;
    process = std::move(process_);
  }
  // A worker lets it go: the driver may wait there for a call of its own to return.
  workers_->Post([process = std::move(process)] {});
}

// Passes the present readiness on, never an older one behind a newer. By a worker, because output comes from a thread
// of the driver that must not be called back there.
void GuestSession::PassReady() {
  const absl::MutexLock lock(&ready_mutex_);
  if (const std::shared_ptr<drivers::GuestProcess> process = this->process()) process->SetReady(output_->ready());
}

}  // namespace reeve::services
