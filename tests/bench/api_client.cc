// The benchmarks' client: reads one command a line, does it over the API and answers "ok FIGURES" or "error MESSAGE".
// Figures are nanoseconds of CLOCK_MONOTONIC unless said otherwise; a domain is written "lxc/web1".
//
//   define FILE               defines or redefines an LXC domain from libvirt XML
//   define-many N             defines test/bench0 ... ; BEGIN END
//   start DOMAIN              BEGIN END            destroy DOMAIN            BEGIN END
//   list ROUNDS               duration of each     get DOMAIN ROUNDS         duration of each
//   running                   number of running domains, revision
//   statistics ROUNDS PART... duration of each list of the running LXC domains with statistics, of these parts
//                             ("CPU MEMORY") or all; then how many had some
//   wedge DOMAIN              makes a change of a test domain hang, and leaves one hanging; release DOMAIN lets it go
//   connect N                 N idle connections, each after one call; disconnect closes them
//   event DOMAIN ROUNDS       from an event's time stamp to its arrival at one subscriber, each
//   fan-out DOMAIN N ROUNDS   from the call of the change to the event's arrival at the last of N subscribers, each
#include <poll.h>

#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/connection.h"
#include "client/uri.h"
#include "proto/methods.h"

namespace reeve {
namespace {

using Figures = std::vector<int64_t>;
using WatchStream = client::Stream<v1::WatchRequest, v1::WatchResponse>;

int64_t Now(clockid_t clock = CLOCK_MONOTONIC) {
  timespec time;
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1000000000 + time.tv_nsec;
}

std::string Resource(const std::string& domain) {
  const size_t slash = domain.find('/');
  return absl::StrCat("hypervisors/", domain.substr(0, slash), "/domains/", domain.substr(slash + 1));
}

class Bench {
 public:
  explicit Bench(const std::string& daemon)
      : uri_(daemon.find("://") == std::string::npos ? absl::StrCat("test+unix:///default?socket=", daemon) : daemon) {}

  absl::StatusOr<Figures> Do(std::istream& words) {
    if (connection_ == nullptr) {
      auto connection = Connect();
      if (!connection.ok()) return connection.status();
      connection_ = *std::move(connection);
    }
    std::string command, domain;
    words >> command;
    int64_t count = 0, rounds = 0;
    if (command == "define") return Define(words);
    if (command == "define-many" && words >> count) return DefineMany(count);
    if (command == "list" && words >> rounds) return List(rounds);
    if (command == "running") return Running();
    if (command == "statistics" && words >> rounds) return Statistics(rounds, words);
    if (command == "connect" && words >> count) return ConnectMany(count);
    if (command == "disconnect") {
      idle_.clear();
      return Figures{};
    }
    if (!(words >> domain)) return absl::InvalidArgumentError("the command is not known, or lacks a word");
    if (command == "start") return Start(domain);
    if (command == "destroy") return Destroy(domain);
    if (command == "get" && words >> rounds) return Get(domain, rounds);
    if (command == "wedge") return Wedge(domain);
    if (command == "release") return Release(domain);
    if (command == "event" && words >> rounds) return Event(domain, rounds);
    if (command == "fan-out" && words >> count >> rounds) return FanOut(domain, count, rounds);
    return absl::InvalidArgumentError("the command is not known, or lacks a word");
  }

 private:
  absl::StatusOr<std::unique_ptr<client::Connection>> Connect() {
    auto uri = client::ParseUri(uri_);
    if (!uri.ok()) return uri.status();
    return client::Connection::Open(*uri, {});
  }

  // Calls `method` and answers when it began and ended.
  template <typename Request, typename Response>
  absl::StatusOr<Figures> Timed(const UnaryMethod<Request, Response>& method, const Request& request) {
    const int64_t begin = Now();
    auto response = connection_->Call(method, request);
    const int64_t end = Now();
    if (!response.ok()) return response.status();
    return Figures{begin, end};
  }

  template <typename Request, typename Response>
  absl::StatusOr<Figures> Rounds(const UnaryMethod<Request, Response>& method, const Request& request, int64_t rounds) {
    Figures figures;
    for (; rounds > 0; --rounds) {
      auto timed = Timed(method, request);
      if (!timed.ok()) return timed.status();
      figures.push_back((*timed)[1] - (*timed)[0]);
    }
    return figures;
  }

  absl::StatusOr<Figures> Define(std::istream& words) {
    std::string path;
    words >> path;
    std::ifstream file(path);
    v1::UpdateDomainRequest request;
    request.set_parent("hypervisors/lxc");
    request.set_allow_missing(true);
    request.mutable_document()->set_format(v1::Document::FORMAT_LIBVIRT_XML);
    request.mutable_document()->set_text(std::string(std::istreambuf_iterator<char>(file), {}));
    return Timed(methods::kUpdateDomain, request);
  }

  absl::StatusOr<Figures> DefineMany(int64_t count) {
    const int64_t begin = Now();
    for (int64_t number = 0; number < count; ++number) {
      v1::CreateDomainRequest request;
      request.set_parent("hypervisors/test");
      v1::Domain* domain = request.mutable_domain();
      domain->set_name(absl::StrCat("hypervisors/test/domains/bench", number));
      domain->mutable_spec()->set_title("one of many");
      domain->mutable_spec()->set_memory_kib(262144);
      domain->mutable_spec()->set_vcpus(1);
      domain->mutable_spec()->mutable_os()->set_type("exe");
      domain->mutable_spec()->mutable_os()->set_init("/sbin/init");
      auto* filesystem = domain->mutable_spec()->mutable_devices()->add_filesystems();
      filesystem->set_type(v1::Filesystem::TYPE_MOUNT);
      filesystem->set_source("/srv/bench");
      filesystem->set_target("/");
      auto response = connection_->Call(methods::kCreateDomain, request);
      if (!response.ok()) return response.status();
    }
    return Figures{begin, Now()};
  }

  absl::StatusOr<Figures> Start(const std::string& domain) {
    v1::StartDomainRequest request;
    request.set_name(Resource(domain));
    return Timed(methods::kStartDomain, request);
  }

  absl::StatusOr<Figures> Destroy(const std::string& domain) {
    v1::DomainVerbRequest request;
    request.set_name(Resource(domain));
    return Timed(methods::kDestroyDomain, request);
  }

  absl::StatusOr<Figures> Get(const std::string& domain, int64_t rounds) {
    v1::GetDomainRequest request;
    request.set_name(Resource(domain));
    return Rounds(methods::kGetDomain, request, rounds);
  }

  absl::StatusOr<Figures> List(int64_t rounds) {
    v1::ListDomainsRequest request;
    request.set_parent("hypervisors/-");
    return Rounds(methods::kListDomains, request, rounds);
  }

  absl::StatusOr<Figures> Running() {
    v1::ListDomainsRequest request;
    request.set_parent("hypervisors/-");
    request.add_states(v1::DOMAIN_STATE_RUNNING);
    auto response = connection_->Call(methods::kListDomains, request);
    if (!response.ok()) return response.status();
    return Figures{response->domains_size(), response->revision()};
  }

  absl::StatusOr<Figures> Statistics(int64_t rounds, std::istream& words) {
    v1::ListDomainsRequest request;
    request.set_parent("hypervisors/lxc");
    request.add_states(v1::DOMAIN_STATE_RUNNING);
    request.set_view(v1::DOMAIN_VIEW_STATS);
    for (std::string part; words >> part;) {
      v1::StatisticsPart value;
      if (!v1::StatisticsPart_Parse(absl::StrCat("STATISTICS_PART_", part), &value)) {
        return absl::InvalidArgumentError(absl::StrCat(part, " is no part of the statistics"));
      }
      request.add_statistics(value);
    }
    Figures figures;
    int64_t sampled = 0;
    for (; rounds > 0; --rounds) {
      const int64_t begin = Now();
      auto response = connection_->Call(methods::kListDomains, request);
      figures.push_back(Now() - begin);
      if (!response.ok()) return response.status();
      sampled = 0;
      for (const v1::Domain& domain : response->domains()) sampled += domain.has_statistics() ? 1 : 0;
    }
    figures.push_back(sampled);
    return figures;
  }

  absl::StatusOr<Figures> Wedge(const std::string& domain) {
    v1::SetWedgeRequest wedge;
    wedge.set_domain(Resource(domain));
    wedge.set_wedged(true);
    auto wedged = connection_->Call(methods::kSetWedge, wedge);
    if (!wedged.ok()) return wedged.status();
    // The call that hangs has a connection and a thread of its own.
    auto connection = Connect();
    if (!connection.ok()) return connection.status();
    v1::DomainVerbRequest suspend;
    suspend.set_name(Resource(domain));
    hanging_ = std::thread([connection = std::shared_ptr<client::Connection>(*std::move(connection)), suspend] {
      auto answer = connection->Call(methods::kSuspendDomain, suspend);
      if (!answer.ok()) std::cerr << "the wedged call: " << answer.status().message() << "\n";
    });
    while (wedged->waiting() == 0) {
      wedged = connection_->Call(methods::kSetWedge, wedge);
      if (!wedged.ok()) return wedged.status();
    }
    return Figures{wedged->waiting()};
  }

  absl::StatusOr<Figures> Release(const std::string& domain) {
    v1::SetWedgeRequest wedge;
    wedge.set_domain(Resource(domain));
    auto released = connection_->Call(methods::kSetWedge, wedge);
    if (hanging_.joinable()) hanging_.join();
    if (!released.ok()) return released.status();
    return Figures{};
  }

  absl::StatusOr<Figures> ConnectMany(int64_t count) {
    for (; count > 0; --count) {
      auto connection = Connect();
      if (!connection.ok()) return connection.status();
      auto session = (*connection)->Call(methods::kGetSession, {});
      if (!session.ok()) return session.status();
      idle_.push_back(*std::move(connection));
    }
    return Figures{};
  }

  // A subscriber that has the present behind it.
  absl::StatusOr<std::unique_ptr<WatchStream>> Subscribe(client::Connection& connection, const std::string& domain) {
    v1::WatchRequest request;
    request.set_parent(Resource(domain));
    auto stream = connection.Start(methods::kWatch, request);
    if (!stream.ok()) return stream.status();
    for (;;) {
      auto message = Receive(**stream);
      if (!message.ok()) return message.status();
      if (message->snapshot_done()) return stream;
    }
  }

  absl::StatusOr<v1::WatchResponse> Receive(WatchStream& stream) {
    v1::WatchResponse response;
    for (;;) {
      switch (stream.Take(&response)) {
        case client::Taken::kMessage:
          return response;
        case client::Taken::kEnded:
          return stream.status().ok() ? absl::UnavailableError("the watch has ended") : stream.status();
        case client::Taken::kNothing:
          pollfd ready = {stream.ready_fd(), POLLIN, 0};
          if (poll(&ready, 1, 10000) != 1) return absl::DeadlineExceededError("no event within 10 s");
      }
    }
  }

  absl::Status Change(const std::string& domain) {
    v1::SetDomainAutostartRequest request;
    request.set_name(Resource(domain));
    request.set_autostart(autostart_ = !autostart_);
    return connection_->Call(methods::kSetDomainAutostart, request).status();
  }

  absl::StatusOr<Figures> Event(const std::string& domain, int64_t rounds) {
    auto stream = Subscribe(*connection_, domain);
    if (!stream.ok()) return stream.status();
    Figures figures;
    for (; rounds > 0; --rounds) {
      // The subscriber has a thread of its own: the event may come before the change returns.
      absl::StatusOr<v1::WatchResponse> event;
      int64_t arrival = 0;
      std::thread subscriber([&] {
        event = Receive(**stream);
        arrival = Now(CLOCK_REALTIME);
      });
      const absl::Status changed = Change(domain);
      subscriber.join();
      if (!changed.ok()) return changed;
      if (!event.ok()) return event.status();
      const auto& time = event->events(0).time();
      figures.push_back(arrival - (time.seconds() * 1000000000 + time.nanos()));
    }
    return figures;
  }

  absl::StatusOr<Figures> FanOut(const std::string& domain, int64_t count, int64_t rounds) {
    std::vector<std::unique_ptr<client::Connection>> connections;
    std::vector<std::unique_ptr<WatchStream>> streams;
    for (; count > 0; --count) {
      auto connection = Connect();
      if (!connection.ok()) return connection.status();
      auto stream = Subscribe(**connection, domain);
      if (!stream.ok()) return stream.status();
      connections.push_back(*std::move(connection));
      streams.push_back(*std::move(stream));
    }
    Figures figures;
    for (; rounds > 0; --rounds) {
      const int64_t begin = Now();
      if (absl::Status changed = Change(domain); !changed.ok()) return changed;
      for (auto& stream : streams) {
        auto event = Receive(*stream);
        if (!event.ok()) return event.status();
      }
      figures.push_back(Now() - begin);
    }
    return figures;
  }

  const std::string uri_;
  std::unique_ptr<client::Connection> connection_;
  std::vector<std::unique_ptr<client::Connection>> idle_;
  std::thread hanging_;
  bool autostart_ = false;
};

int Run(const std::string& daemon) {
  Bench bench(daemon);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    auto figures = bench.Do(words);
    if (!figures.ok()) {
      std::cout << "error " << figures.status().message() << std::endl;
      continue;
    }
    std::cout << "ok";
    for (int64_t figure : *figures) std::cout << ' ' << figure;
    std::cout << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace reeve

int main(int count, char** words) {
  if (count != 2) {
    std::cerr << "usage: api_client SOCKET|URI\n";
    return 2;
  }
  return reeve::Run(words[1]);
}
