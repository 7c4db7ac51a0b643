#include "daemon/state/labels.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "proto/status.h"

namespace reeve::state {
namespace {

using Map = std::map<std::string, std::string>;

v1::Domain Labelled(const Map& labels) {
  v1::Domain domain;
  domain.mutable_labels()->insert(labels.begin(), labels.end());
  return domain;
}

Map LabelsAfter(const v1::Domain& domain) {
  return Map(domain.labels().begin(), domain.labels().end());
}

v1::SetDomainLabelsRequest Setting(const Map& labels) {
  v1::SetDomainLabelsRequest request;
  request.mutable_labels()->insert(labels.begin(), labels.end());
  return request;
}

TEST_CASE("labels are added, changed, removed, and replaced") {
  v1::Domain domain = Labelled({{"team", "web"}, {"old", "1"}});
  v1::SetDomainLabelsRequest request = Setting({{"team", "shop"}, {"stage", ""}});
  request.add_remove("old");
  request.add_remove("never-there");
  REQUIRE(ChangeLabels(request, &domain).ok());
  CHECK(LabelsAfter(domain) == Map{{"team", "shop"}, {"stage", ""}});
  // Removed first, then set.
  request = Setting({{"team", "again"}});
  request.add_remove("team");
  REQUIRE(ChangeLabels(request, &domain).ok());
  CHECK(LabelsAfter(domain) == Map{{"team", "again"}, {"stage", ""}});
  request = Setting({{"only", "this"}});
  request.set_replace(true);
  REQUIRE(ChangeLabels(request, &domain).ok());
  CHECK(LabelsAfter(domain) == Map{{"only", "this"}});
}

TEST_CASE("keys and values are checked, and a change that is refused changes nothing") {
  const Map before{{"team", "web"}};
  const auto refuses = [&](const v1::SetDomainLabelsRequest& request) {
    v1::Domain domain = Labelled(before);
    const absl::Status status = ChangeLabels(request, &domain);
    return ReasonOf(status) == v1::REASON_REQUEST_INVALID && LabelsAfter(domain) == before;
  };
  for (const std::string key : {"", "-a", "a-", "a=b", "a b", "\xC3\xA4", "a\n"}) {
    CAPTURE(key);
    CHECK(refuses(Setting({{"good", "x"}, {key, "x"}})));
    v1::SetDomainLabelsRequest request = Setting({{"good", "x"}});
    request.add_remove(key);
    CHECK(refuses(request));
  }
  CHECK(refuses(Setting({{std::string(64, 'a'), "x"}})));
  CHECK(refuses(Setting({{"a", std::string(256, 'x')}})));
  CHECK(refuses(Setting({{"a", "x\n"}})));
  v1::Domain domain;
  CHECK(ChangeLabels(Setting({{std::string(63, 'a'), std::string(255, 'x')}, {"example.org/a_b-c", "\xC3\xA4=b"}}),
                     &domain)
            .ok());
}

TEST_CASE("a domain has at most 64 labels") {
  v1::Domain domain;
  for (int i = 0; i < kMaxLabels; ++i) REQUIRE(ChangeLabels(Setting({{"key" + std::to_string(i), "x"}}), &domain).ok());
  CHECK(ReasonOf(ChangeLabels(Setting({{"one-more", "x"}}), &domain)) == v1::REASON_REQUEST_INVALID);
  CHECK(ChangeLabels(Setting({{"key0", "another value"}}), &domain).ok());
}

TEST_CASE("labels are looked for by key and value, or by key") {
  const auto has = [](const auth::Labels* labels, std::initializer_list<std::string> wanted) {
    const google::protobuf::RepeatedPtrField<std::string> list(wanted.begin(), wanted.end());
    return HasLabels(labels, list);
  };
  const auth::Labels labels{"team=web", "stage=live"};
  CHECK(has(&labels, {}));
  CHECK(has(nullptr, {}));
  CHECK(has(&labels, {"team=web", "stage"}));
  CHECK_FALSE(has(&labels, {"team=web", "stage=test"}));
  CHECK_FALSE(has(&labels, {"tea"}));
  CHECK_FALSE(has(&labels, {"team="}));
  CHECK_FALSE(has(nullptr, {"team"}));
}

}  // namespace
}  // namespace reeve::state
