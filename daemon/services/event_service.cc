#include "daemon/services/event_service.h"

#include <utility>

#include "daemon/services/caller.h"
#include "daemon/services/event_stream.h"

namespace reeve::services {
namespace {

class EventHandler final : public StreamHandler {
 public:
  explicit EventHandler(std::shared_ptr<EventStream> stream) : stream_(std::move(stream)) {}
  void OnEnd() override { stream_->End(); }

 private:
  const std::shared_ptr<EventStream> stream_;
};

}  // namespace

void RegisterEventService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers) {
  dispatcher->Stream(
      methods::kWatch,
      [manager, workers](CallPointer call, const v1::WatchRequest& request,
                         std::shared_ptr<ServerStream> stream) -> absl::StatusOr<std::unique_ptr<StreamHandler>> {
        auto events = std::make_shared<EventStream>(stream, workers);
        // Opening a watch may read the store, as pulling does.
        workers->Post([manager, caller = CallerOf(*call), request, events, stream] {
          absl::StatusOr<std::unique_ptr<state::Subscription>> subscription =
              manager->Watch(caller, request, [weak = std::weak_ptr<EventStream>(events)] {
                if (const std::shared_ptr<EventStream> target = weak.lock()) target->Ready();
              });
          if (!subscription.ok()) return stream->Finish(subscription.status());
          events->Begin(*std::move(subscription));
        });
        return std::make_unique<EventHandler>(std::move(events));
      });
}

}  // namespace reeve::services
