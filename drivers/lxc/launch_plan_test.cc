#include "drivers/lxc/launch_plan.h"

#include <catch2/catch.hpp>

#include "drivers/lxc/codec.h"

namespace reeve::lxc {
namespace {

LaunchPlan Sample() {
  LaunchPlan plan;
  plan.name = "web1";
  plan.uid = "u";
  plan.run = 7;
  plan.users = {{0, 100000, 65536}};
  plan.filesystems = {{.kind = FilesystemKind::kRam, .target = "/tmp", .read_only = true, .ram_size_kib = 1024}};
  InterfacePlan interface;
  interface.mac = std::string("\x52\x54\0\1\2\3", 6);
  interface.addresses = {{"\1\2\3\4", "", 24}};
  interface.routes = {{std::string(4, '\0'), "\1\2\3\1", 0, 5}};
  plan.interfaces = {interface};
  plan.arguments = {"/sbin/init", ""};
  plan.capabilities = ~uint64_t{0};
  plan.v1_tasks = {"/a", "/b"};
  return plan;
}

TEST_CASE("a plan comes back as it was") {
  const std::string bytes = EncodePlan(Sample());
  LaunchPlan plan;
  REQUIRE(DecodePlan(bytes.data(), bytes.size(), &plan));
  CHECK(EncodePlan(plan) == bytes);
  CHECK(plan.run == 7);
  CHECK(plan.users[0].outside == 100000);
  CHECK(plan.interfaces[0].routes[0].metric == 5);
  CHECK(plan.filesystems[0].read_only);
}

TEST_CASE("a plan that is cut off or goes on is refused at every length") {
  const std::string bytes = EncodePlan(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    LaunchPlan plan;
    CHECK_FALSE(DecodePlan(bytes.data(), size, &plan));
  }
  const std::string longer = bytes + "x";
  LaunchPlan plan;
  CHECK_FALSE(DecodePlan(longer.data(), longer.size(), &plan));
}

TEST_CASE("any byte may be wrong without harm") {
  const std::string bytes = EncodePlan(Sample());
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (unsigned char value : {0x00, 0x01, 0x7f, 0xff}) {
      std::string hostile = bytes;
      hostile[i] = static_cast<char>(value);
      LaunchPlan plan;
      if (DecodePlan(hostile.data(), hostile.size(), &plan)) CHECK(EncodePlan(plan) == hostile);
    }
  }
}

TEST_CASE("counts and lengths that lie allocate nothing") {
  std::string bytes;
  Encoder encoder(&bytes);
  uint32_t count = 0xffffffff;
  encoder(count);
  Decoder list(bytes.data(), bytes.size());
  std::vector<std::string> texts;
  list(texts);
  CHECK_FALSE(list.good());
  CHECK(texts.capacity() == 0);
  Decoder single(bytes.data(), bytes.size());
  std::string text;
  single(text);
  CHECK_FALSE(single.good());
}

}  // namespace
}  // namespace reeve::lxc
