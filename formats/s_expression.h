// S-expressions as xend spoke them: atoms, quoted strings and nested lists. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::formats {

// Bounds of a document; beyond them it is DOCUMENT_MALFORMED.
inline constexpr size_t kMaxSExpressionBytes = 1 << 20;
inline constexpr int kMaxSExpressionDepth = 64;
inline constexpr size_t kMaxSExpressionNodes = 65536;

// An atom, or a list of expressions. The functions that make one are for writers.
struct SExpression {
  bool is_list = false;
  bool quoted = false;  // an atom written in quotes
  std::string atom;
  std::vector<SExpression> items;
  size_t offset = 0;

  static SExpression Atom(absl::string_view text);
  static SExpression Quoted(absl::string_view text);
  // "(head item item ...)".
  static SExpression List(absl::string_view head, std::vector<SExpression> items = {});
  // Appends to a list.
  void Add(SExpression item) { items.push_back(std::move(item)); }

  // The atom at the head of a list; empty otherwise.
  absl::string_view head() const;
  // The first list below this one whose head is `name`; null without.
  const SExpression* Find(absl::string_view name) const;
  // The atom after `name` in that list; empty when there is none.
  absl::string_view Value(absl::string_view name) const;
};

// Reads one expression and nothing after it but white space. A line end behind a backslash joins the lines. Errors:
// DOCUMENT_MALFORMED with "line L column C". `surplus`, when given, receives the place of closing parentheses behind
// the expression, which are a fault without it; npos where there are none.
absl::StatusOr<SExpression> ParseSExpression(absl::string_view text, size_t* surplus = nullptr);

// Adjacent lists stand without a blank, atoms with one.
std::string WriteSExpression(const SExpression& expression);

// `text` between single quotes, with ' and \ escaped.
std::string QuoteSExpression(absl::string_view text);

}  // namespace reeve::formats
