// Tables in virsh's look: a line of headings, a line of dashes, and columns aligned by what the terminal shows.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/color.h"

namespace reeve::cli {

// A table that is filled and then formatted. Not thread-safe.
class Table {
 public:
  struct Cell {
    Cell(std::string text, Style style = Style::kPlain)
        : text(std::move(text)), style(style) {}  // NOLINT: a plain text is a cell
    Cell(const char* text) : text(text) {}        // NOLINT
    std::string text;
    Style style = Style::kPlain;
  };

  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

  // Adds a row of as many cells as there are headings. Texts are escaped here.
  void AddRow(std::vector<Cell> cells);

  // The table; `with_headings` false leaves headings and dashes out, as virsh does with --quiet.
  std::string Format(bool color, bool with_headings = true) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<Cell>> rows_;
};

// virsh's blocks of "Key:   value" lines.
class KeyValues {
 public:
  // Columns before the values.
  explicit KeyValues(size_t width) : width_(width) {}
  void Add(const std::string& key, const std::string& value, Style style = Style::kPlain);
  std::string Format(bool color) const;

 private:
  struct Line {
    std::string key;
    std::string value;
    Style style;
  };
  size_t width_;
  std::vector<Line> lines_;
};

}  // namespace reeve::cli
