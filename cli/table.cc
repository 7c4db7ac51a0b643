#include "cli/table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "cli/text.h"

namespace reeve::cli {
namespace {

constexpr size_t kGap = 3;  // blanks between columns, of which one begins the line

}  // namespace

void Table::AddRow(std::vector<Cell> cells) {
  cells.resize(headings_.size(), Cell(""));
  for (Cell& cell : cells) cell.text = Escape(cell.text);
  rows_.push_back(std::move(cells));
}

std::string Table::Format(bool color, bool with_headings) const {
  std::vector<size_t> widths;
  for (const std::string& heading : headings_) widths.push_back(with_headings ? DisplayWidth(heading) : 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i].text));
  }
  std::string result;
  const auto add_line = [&](const std::vector<Cell>& cells) {
    result += ' ';
    for (size_t i = 0; i < cells.size(); ++i) {
      result += Styled(cells[i].text, cells[i].style, color);
      if (i + 1 < cells.size()) result.append(widths[i] + kGap - DisplayWidth(cells[i].text), ' ');
    }
    result += '\n';
  };
  if (with_headings) {
    std::vector<Cell> cells;
    size_t dashes = 0;
    for (size_t i = 0; i < headings_.size(); ++i) {
      cells.emplace_back(headings_[i], Style::kHeading);
      dashes += widths[i] + kGap;
    }
    add_line(cells);
    result.append(dashes, '-');
    result += '\n';
  }
  for (const auto& row : rows_) add_line(row);
  return result;
}

void KeyValues::Add(const std::string& key, const std::string& value, Style style) {
  lines_.push_back({key + ":", Escape(value), style});
}

std::string KeyValues::Format(bool color) const {
  std::string result;
  for (const Line& line : lines_) {
    const size_t blanks = line.key.size() < width_ ? width_ - line.key.size() : 1;
    absl::StrAppend(&result, line.key, std::string(blanks, ' '), Styled(line.value, line.style, color), "\n");
  }
  return result;
}

}  // namespace reeve::cli
