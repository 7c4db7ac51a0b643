#include "util/sha256.h"

#include <catch2/catch.hpp>

#include "absl/strings/escaping.h"

namespace reeve::util {

TEST_CASE("the examples of the standard") {
  CHECK(absl::BytesToHexString(Sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(absl::BytesToHexString(Sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace reeve::util
