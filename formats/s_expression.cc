#include "formats/s_expression.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "formats/text.h"
#include "formats/xen_config.h"

namespace reeve::formats {
namespace {

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  absl::StatusOr<SExpression> ParseDocument(size_t* surplus) {
    SkipBlanks();
    if (at_ == text_.size()) return XenConfigFault(text_, at_, "the document is empty");
    auto expression = Parse(0);
    if (!expression.ok()) return expression;
    SkipBlanks();
    if (surplus != nullptr) {
      *surplus = at_ < text_.size() && text_[at_] == ')' ? at_ : absl::string_view::npos;
      while (at_ < text_.size() && text_[at_] == ')') {
        ++at_;
        SkipBlanks();
      }
    }
    if (at_ < text_.size()) return XenConfigFault(text_, at_, "there is text after the expression");
    return expression;
  }

 private:
  // The length of a backslash and the line end that it hides; 0 when there is none at the place.
  size_t JoinAt(size_t at) const {
    const absl::string_view rest = text_.substr(at);
    if (absl::StartsWith(rest, "\\\n")) return 2;
    return absl::StartsWith(rest, "\\\r\n") ? 3 : 0;
  }

  void SkipBlanks() {
    while (at_ < text_.size()) {
      const size_t join = JoinAt(at_);
      if (join == 0 && !absl::ascii_isspace(static_cast<unsigned char>(text_[at_]))) return;
      at_ += join == 0 ? 1 : join;
    }
  }

  // An atom in quotes, up to and with the quote at its end.
  absl::Status ParseQuoted(SExpression* expression) {
    const char quote = text_[at_++];
    expression->quoted = true;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (const size_t join = JoinAt(at_); join > 0) {
        at_ += join;
        continue;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      expression->atom.push_back(text_[at_++]);
    }
    if (at_ == text_.size()) return XenConfigFault(text_, expression->offset, "the string has no end");
    ++at_;
    return absl::OkStatus();
  }

  void ParseAtom(SExpression* expression) {
    while (at_ < text_.size() && !absl::ascii_isspace(static_cast<unsigned char>(text_[at_])) && text_[at_] != '(' &&
           text_[at_] != ')') {
      if (const size_t join = JoinAt(at_); join > 0) {
        at_ += join;
      } else {
        expression->atom.push_back(text_[at_++]);
      }
    }
  }

  absl::StatusOr<SExpression> Parse(int depth) {
    if (++nodes_ > kMaxSExpressionNodes) {
      return XenConfigFault(text_, at_, absl::StrCat("there are more than ", kMaxSExpressionNodes, " expressions"));
    }
    SExpression expression;
    expression.offset = at_;
    const char c = text_[at_];
    if (c == ')') return XenConfigFault(text_, at_, "a list ends that did not begin");
    if (c == '(') {
      if (depth >= kMaxSExpressionDepth) {
        return XenConfigFault(text_, at_, absl::StrCat("lists are nested deeper than ", kMaxSExpressionDepth));
      }
      expression.is_list = true;
      ++at_;
      for (SkipBlanks(); at_ < text_.size() && text_[at_] != ')'; SkipBlanks()) {
        auto item = Parse(depth + 1);
        if (!item.ok()) return item;
        expression.items.push_back(*std::move(item));
      }
      if (at_ == text_.size()) return XenConfigFault(text_, expression.offset, "the list has no end");
      ++at_;
      return expression;
    }
    if (c == '\'' || c == '"') {
      if (const absl::Status status = ParseQuoted(&expression); !status.ok()) return status;
    } else {
      ParseAtom(&expression);
    }
    return expression;
  }

  const absl::string_view text_;
  size_t at_ = 0;
  size_t nodes_ = 0;
};

void Append(const SExpression& expression, std::string* out) {
  if (!expression.is_list) {
    out->append(expression.quoted ? QuoteSExpression(expression.atom) : expression.atom);
    return;
  }
  out->push_back('(');
  for (size_t i = 0; i < expression.items.size(); ++i) {
    const bool both_lists = i > 0 && expression.items[i].is_list && expression.items[i - 1].is_list;
    if (i > 0 && !both_lists) out->push_back(' ');
    Append(expression.items[i], out);
  }
  out->push_back(')');
}

}  // namespace

SExpression SExpression::Atom(absl::string_view text) {
  SExpression expression;
  expression.atom = std::string(text);
  return expression;
}

SExpression SExpression::Quoted(absl::string_view text) {
  SExpression expression = Atom(text);
  expression.quoted = true;
  return expression;
}

SExpression SExpression::List(absl::string_view head, std::vector<SExpression> items) {
  SExpression expression;
  expression.is_list = true;
  expression.items.reserve(items.size() + 1);
  expression.items.push_back(Atom(head));
  for (SExpression& item : items) expression.items.push_back(std::move(item));
  return expression;
}

absl::string_view SExpression::head() const {
  return is_list && !items.empty() ? absl::string_view(items.front().atom) : absl::string_view();
}

const SExpression* SExpression::Find(absl::string_view name) const {
  for (const SExpression& item : items) {
    if (item.is_list && item.head() == name) return &item;
  }
  return nullptr;
}

absl::string_view SExpression::Value(absl::string_view name) const {
  const SExpression* found = Find(name);
  if (found == nullptr || found->items.size() < 2) return {};
  return found->items[1].atom;
}

absl::StatusOr<SExpression> ParseSExpression(absl::string_view text, size_t* surplus) {
  if (text.size() > kMaxSExpressionBytes) {
    return XenConfigFault(text, kMaxSExpressionBytes,
                          absl::StrCat("the document has more than ", kMaxSExpressionBytes, " bytes"));
  }
  if (const auto offset = FindInvalidUtf8(text)) return XenConfigFault(text, *offset, "the text is not UTF-8");
  if (const auto offset = FindControlCharacter(text)) {
    return XenConfigFault(text, *offset, "the text has a control character");
  }
  return Parser(text).ParseDocument(surplus);
}

std::string WriteSExpression(const SExpression& expression) {
  std::string out;
  Append(expression, &out);
  return out;
}

std::string QuoteSExpression(absl::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('\'');
  return out;
}

}  // namespace reeve::formats
