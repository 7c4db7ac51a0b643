#include "daemon/process_facts.h"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "util/fd.h"

namespace reeve {
namespace {

TEST_CASE("descriptors and threads are counted") {
  const ProcessFacts before = ReadProcessFacts();
  CHECK(before.resident_kib > 1000);
  CHECK(before.file_descriptors >= 3);
  const util::UniqueFd fd(open("/dev/null", O_RDONLY));
  std::promise<void> end;
  std::thread thread([&] { end.get_future().wait(); });
  const ProcessFacts after = ReadProcessFacts();
  end.set_value();
  thread.join();
  CHECK(after.file_descriptors == before.file_descriptors + 1);
  CHECK(after.threads == before.threads + 1);
}

}  // namespace
}  // namespace reeve
