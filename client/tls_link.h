// The thread that keeps a TLS channel going.
#pragma once

#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "util/fd.h"
#include "util/tls_pump.h"

namespace reeve::client {

// Runs a pump until one side closes. Destroying it ends the connection.
class TlsLink {
 public:
  static absl::StatusOr<std::unique_ptr<TlsLink>> Start(std::unique_ptr<util::TlsPump> pump);
  ~TlsLink();
  TlsLink(const TlsLink&) = delete;
  TlsLink& operator=(const TlsLink&) = delete;

 private:
  TlsLink(std::unique_ptr<util::TlsPump> pump, util::UniqueFd epoll, util::UniqueFd stop);
  void Run();

  std::unique_ptr<util::TlsPump> pump_;
  util::UniqueFd epoll_;
  util::UniqueFd stop_;  // eventfd(2)
  util::TlsScratch scratch_;
  std::thread thread_;
};

}  // namespace reeve::client
