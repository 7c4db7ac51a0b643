#include "client/join_token.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "util/sha256.h"

namespace reeve::client {
namespace {

constexpr char kMark[] = "rjt1-";
constexpr size_t kCheckBytes = 4;
constexpr size_t kHashBytes = 32;
constexpr size_t kMaxText = 8192;
constexpr int kMaxAddresses = 8;

std::string CheckBytes(absl::string_view bytes) {
  return util::Sha256(bytes).substr(0, kCheckBytes);
}

}  // namespace

std::string FormatJoinToken(const v1::EnrollmentTicket& ticket) {
  const std::string bytes = ticket.SerializeAsString();
  return absl::StrCat(kMark, absl::WebSafeBase64Escape(absl::StrCat(bytes, CheckBytes(bytes))));
}

absl::StatusOr<v1::EnrollmentTicket> ParseJoinToken(absl::string_view text) {
  if (text.size() > kMaxText) return absl::InvalidArgumentError("the token is too long to be one");
  std::string whole(text);
  whole.erase(std::remove_if(whole.begin(), whole.end(), [](char c) { return absl::ascii_isspace(c); }), whole.end());
  absl::string_view body = whole;
  if (!absl::ConsumePrefix(&body, kMark)) {
    return absl::InvalidArgumentError("it is no token of 'reeve token create', which begins with rjt1-");
  }
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(body, &bytes) || bytes.size() <= kCheckBytes) {
    return absl::InvalidArgumentError("the token is damaged: it has characters that do not belong there");
  }
  const std::string check = bytes.substr(bytes.size() - kCheckBytes);
  bytes.resize(bytes.size() - kCheckBytes);
  if (CheckBytes(bytes) != check) {
    return absl::InvalidArgumentError("the token is damaged: a part of it is missing or mistyped");
  }
  v1::EnrollmentTicket ticket;
  if (!ticket.ParseFromString(bytes) || ticket.secret().size() != kHashBytes ||
      ticket.authority_sha256().size() != kHashBytes || ticket.id().empty() || ticket.addresses_size() < 1 ||
      ticket.addresses_size() > kMaxAddresses) {
    return absl::InvalidArgumentError("the token has not what belongs in it");
  }
  return ticket;
}

}  // namespace reeve::client
