#include "cli/guess_format.h"

#include <catch2/catch.hpp>

namespace reeve::cli {
namespace {

using formats::Format;

TEST_CASE("a text tells its format") {
  const auto guess = [](const char* text) { return GuessFormat("file", text).value(); };
  CHECK(guess("<domain/>") == Format::kXml);
  CHECK(guess("\xef\xbb\xbf\n  <!-- x --><domain/>") == Format::kXml);
  CHECK(guess("\n{\"spec\":{}}") == Format::kJson);
  CHECK(guess("# domain\nname: 'web1'") == Format::kTextproto);
  CHECK(guess("spec {\n}") == Format::kTextproto);
  CHECK(guess("(vm (name web1))") == Format::kXenSxpr);
  CHECK(guess("# Template\nlxc.uts.name = web1") == Format::kLxcTools);
  CHECK(guess("lxc.include=/usr/share/lxc/config/common.conf") == Format::kLxcTools);
}

TEST_CASE("xl and xm share a syntax: only the name can tell") {
  constexpr char kText[] = "name = \"web1\"\nmemory = 512\n";
  CHECK(GuessFormat("web1.xl", kText).value() == Format::kXenXl);
  CHECK(GuessFormat("web1.xm.cfg", kText).value() == Format::kXenXm);
  for (const char* file : {"web1.cfg", "-", "xl"}) {
    CHECK(GuessFormat(file, kText).status().message() == std::string(file) + " may be xen-xl or xen-xm: say --format");
  }
}

TEST_CASE("what is nothing of all that is not guessed, whatever it is called") {
  for (const char* text : {"", "\n\n", "# only a comment", "hello", "= 1", ":", "name"}) {
    CHECK_FALSE(GuessFormat("web1.xl", text).ok());
  }
}

}  // namespace
}  // namespace reeve::cli
