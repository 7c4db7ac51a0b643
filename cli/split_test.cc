#include "cli/split.h"

#include <catch2/catch.hpp>

namespace reeve::cli {
namespace {

using Commands = std::vector<WordList>;

Commands Split(absl::string_view text) {
  auto commands = SplitCommands(text);
  REQUIRE(commands.ok());
  return *commands;
}

TEST_CASE("blanks divide words, semicolons and lines divide commands") {
  CHECK(Split("list --all; dominfo x") == Commands{{"list", "--all"}, {"dominfo", "x"}});
  CHECK(Split("  list\t--all  ") == Commands{{"list", "--all"}});
  CHECK(Split("list;;\n;dominfo x;") == Commands{{"list"}, {"dominfo", "x"}});
  CHECK(Split("").empty());
  CHECK(Split(" ; ").empty());
}

TEST_CASE("quotes keep words together") {
  CHECK(Split("start 'my web'") == Commands{{"start", "my web"}});
  CHECK(Split("start \"my web\"") == Commands{{"start", "my web"}});
  CHECK(Split("start my' 'web") == Commands{{"start", "my web"}});
  CHECK(Split("start ''") == Commands{{"start", ""}});
  CHECK(Split("start 'a;b'; x") == Commands{{"start", "a;b"}, {"x"}});
  CHECK(Split(R"(start "a\"b" 'c\d' e\ f)") == Commands{{"start", "a\"b", "c\\d", "e f"}});
}

TEST_CASE("a comment goes to the end of its line") {
  CHECK(Split("# all\nlist # of them\ndominfo a#b '#c'") == Commands{{"list"}, {"dominfo", "a#b", "#c"}});
}

TEST_CASE("what is left open is refused") {
  CHECK(SplitCommands("start 'x").status().message() == "a quote ' is not closed");
  CHECK(SplitCommands("start \"x").status().message() == "a quote \" is not closed");
  CHECK(SplitCommands("start x\\").status().message() == "a backslash ends the line");
}

TEST_CASE("a line that is being typed") {
  CHECK(WordsForCompletion("") == WordList{""});
  CHECK(WordsForCompletion("dom") == WordList{"dom"});
  CHECK(WordsForCompletion("start ") == WordList{"start", ""});
  CHECK(WordsForCompletion("list; start 'my w") == WordList{"start", "my w"});
}

TEST_CASE("quoting is undone by splitting") {
  for (const char* word : {"web1", "my web", "", "a'b", "a\"b", "a\\b", "#x", "a;b", "\n"}) {
    CHECK(Split("x " + Quoted(word)) == Commands{{"x", word}});
  }
  CHECK(Quoted("web1") == "web1");
}

}  // namespace
}  // namespace reeve::cli
