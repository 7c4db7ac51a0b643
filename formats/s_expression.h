// S-expressions as xend spoke them: atoms, quoted strings and nested lists. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::formats {

// Bounds of a document; beyond them it is DOCUMENT_MALFORMED.
inline constexpr size_t kMaxSExpressionBytes = 1 << 20;
inline constexpr int kMaxSExpressionDepth = 64;
inline constexpr size_t kMaxSExpressionNodes = 65536;

// An atom, or a list of expressions.
struct SExpression {
  bool is_list = false;
  bool quoted = false;  // an atom written in quotes
  std::string atom;
  std::vector<SExpression> items;
  size_t offset = 0;

  // The atom at the head of a list; empty otherwise.
  absl::string_view head() const;
  // The first list below this one whose head is `name`; null without.
  const SExpression* Find(absl::string_view name) const;
  // The atom after `name` in that list; empty when there is none.
  absl::string_view Value(absl::string_view name) const;
};

// Reads one expression and nothing after it but white space. Errors: DOCUMENT_MALFORMED with "line L column C".
absl::StatusOr<SExpression> ParseSExpression(absl::string_view text);

// Adjacent lists stand without a blank, atoms with one.
std::string WriteSExpression(const SExpression& expression);

// `text` between single quotes, with ' and \ escaped.
std::string QuoteSExpression(absl::string_view text);

}  // namespace reeve::formats
