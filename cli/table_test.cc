#include "cli/table.h"

#include <catch2/catch.hpp>

#include "cli/text.h"

namespace reeve::cli {
namespace {

TEST_CASE("a table has virsh's look") {
  Table table({"Id", "Name", "State"});
  table.AddRow({"1", "web1", "running"});
  table.AddRow({"-", "database", "shut off"});
  CHECK(table.Format(false) ==
        " Id   Name       State\n"
        "---------------------------\n"
        " 1    web1       running\n"
        " -    database   shut off\n");
  CHECK(table.Format(false, false) ==
        " 1   web1       running\n"
        " -   database   shut off\n");
}

TEST_CASE("an empty table is its headings") {
  CHECK(Table({"Id", "Name"}).Format(false) == " Id   Name\n------------\n");
  CHECK(Table({"Id"}).Format(false, false).empty());
}

TEST_CASE("columns are aligned by what the terminal shows") {
  Table table({"Name", "S"});
  table.AddRow({"\xe6\x97\xa5\xe6\x9c\xac", "x"});  // two wide characters
  table.AddRow({"e\xcc\x81t", "x"});                // a combining accent
  table.AddRow({"\xc3\xa9t\xc3\xa9", "x"});
  CHECK(table.Format(false) ==
        " Name   S\n"
        "-----------\n"
        " \xe6\x97\xa5\xe6\x9c\xac   x\n"
        " e\xcc\x81t     x\n"
        " \xc3\xa9t\xc3\xa9    x\n");
}

TEST_CASE("hostile names are escaped") {
  Table table({"Name", "S"});
  table.AddRow({"a\x1b[2Jb\nc", "x"});
  CHECK(table.Format(false, false) == " a\\x1b[2Jb\\x0ac   x\n");
  CHECK(Escape("\xff\xc0\x80 \xed\xa0\x80 \xe2\x82") == "\\xff\\xc0\\x80 \\xed\\xa0\\x80 \\xe2\\x82");
  CHECK(Escape("a\xe2\x80\xae"
               "b") == "a\\xe2\\x80\\xaeb");  // right-to-left override
  CHECK(Escape("\x7f\xc2\x9b") == "\\x7f\\xc2\\x9b");
  CHECK(Escape("caf\xc3\xa9 \xf0\x9f\x90\x8b") == "caf\xc3\xa9 \xf0\x9f\x90\x8b");
  CHECK(Escape("") == "");
}

TEST_CASE("colour does not change the alignment") {
  Table table({"Id", "State", "X"});
  table.AddRow({"1", {"running", Style::kGood}, "y"});
  CHECK(table.Format(true, false) == " 1   \x1b[32mrunning\x1b[0m   y\n");
}

TEST_CASE("colour is for terminals that want it") {
  CHECK(WantsColor(true, false, nullptr, "xterm"));
  CHECK(WantsColor(true, false, "", nullptr));
  CHECK_FALSE(WantsColor(false, false, nullptr, "xterm"));
  CHECK_FALSE(WantsColor(true, true, nullptr, "xterm"));
  CHECK_FALSE(WantsColor(true, false, "0", "xterm"));
  CHECK_FALSE(WantsColor(true, false, nullptr, "dumb"));
}

TEST_CASE("blocks of keys and values are aligned") {
  KeyValues block(16);
  block.Add("Id", "1");
  block.Add("A key that is too long", "x\n");
  CHECK(block.Format(false) == "Id:             1\nA key that is too long: x\\x0a\n");
}

TEST_CASE("the words of an enum") {
  CHECK(Words("DOMAIN_STATE_REASON_STARTING_UP", "DOMAIN_STATE_REASON_") == "starting up");
  CHECK(Capitalized("starting up") == "Starting up");
  CHECK(Capitalized("") == "");
}

}  // namespace
}  // namespace reeve::cli
