#include "daemon/services/enrollment_tokens.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "util/files.h"
#include "util/log.h"
#include "util/openssl.h"
#include "util/proto_time.h"
#include "util/sha256.h"

namespace reeve::services {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr size_t kIdLength = 10;
constexpr char kIdCharacters[] = "abcdefghijklmnopqrstuvwxyz234567";
constexpr size_t kMaxFile = 16 << 20;

absl::StatusOr<std::string> RandomBytes(size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    return util::OpensslStatus("make random bytes");
  }
  return bytes;
}

absl::StatusOr<std::string> NewId() {
  absl::StatusOr<std::string> bytes = RandomBytes(kIdLength);
  if (!bytes.ok()) return bytes;
  for (char& c : *bytes) c = kIdCharacters[static_cast<unsigned char>(c) % 32];
  return bytes;
}

}  // namespace

EnrollmentTokens::EnrollmentTokens(std::string path, const util::Clock* clock) : path_(std::move(path)), clock_(clock) {
  Load();
}

void EnrollmentTokens::Load() {
  const absl::StatusOr<std::string> bytes = util::ReadFile(path_, kMaxFile);
  if (absl::IsNotFound(bytes.status())) return;
  const absl::MutexLock lock(&mutex_);
  if (bytes.ok() && tokens_.ParseFromString(*bytes)) return DropExpired();
  tokens_.Clear();
  const std::string aside = absl::StrCat(path_, ".bad");
  const bool moved = std::rename(path_.c_str(), aside.c_str()) == 0;
  util::LogError("the enrollment tokens in ", path_, " cannot be read",
                 bytes.ok() ? "" : absl::StrCat(" (", bytes.status().message(), ")"), "; none of them can be redeemed",
                 moved ? absl::StrCat("; the file is now ", aside) : "");
}

absl::Status EnrollmentTokens::Write() {
  return WithReason(v1::REASON_STORE_FAILED, util::ReplaceFile(path_, tokens_.SerializeAsString(), 0600));
}

void EnrollmentTokens::DropExpired() {
  const absl::Time now = clock_->Now();
  auto* all = tokens_.mutable_tokens();
  all->erase(std::remove_if(all->begin(), all->end(),
                            [&](const Stored& one) { return util::FromProto(one.token().expire_time()) <= now; }),
             all->end());
}

absl::StatusOr<EnrollmentTokens::Made> EnrollmentTokens::Add(const std::string& name, const std::string& creator,
                                                             absl::Duration lifetime, size_t limit) {
  absl::StatusOr<std::string> id = NewId();
  if (!id.ok()) return id.status();
  absl::StatusOr<std::string> secret = RandomBytes(kSecretBytes);
  if (!secret.ok()) return secret.status();
  const absl::MutexLock lock(&mutex_);
  DropExpired();
  if (static_cast<size_t>(tokens_.tokens_size()) >= limit) {
    return Error(v1::REASON_TOO_MANY_TOKENS,
                 absl::StrCat(tokens_.tokens_size(), " tokens wait to be redeemed, which is the limit"),
                 {{"limit", absl::StrCat(limit)}});
  }
  Stored* stored = tokens_.add_tokens();
  v1::EnrollmentToken* token = stored->mutable_token();
  const absl::Time now = clock_->Now();
  token->set_id(*std::move(id));
  token->set_name(name);
  token->set_creator(creator);
  *token->mutable_create_time() = util::ToProto(now);
  *token->mutable_expire_time() = util::ToProto(now + lifetime);
  stored->set_secret_sha256(util::Sha256(*secret));
  Made made{*token, *std::move(secret)};
  if (absl::Status status = Write(); !status.ok()) {
    tokens_.mutable_tokens()->RemoveLast();
    return status;
  }
  return made;
}

std::vector<v1::EnrollmentToken> EnrollmentTokens::List() const {
  std::vector<v1::EnrollmentToken> result;
  const absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_->Now();
  for (const Stored& one : tokens_.tokens()) {
    if (util::FromProto(one.token().expire_time()) > now) result.push_back(one.token());
  }
  return result;
}

absl::Status EnrollmentTokens::Delete(const std::string& id) {
  const absl::MutexLock lock(&mutex_);
  DropExpired();
  for (int i = 0; i < tokens_.tokens_size(); ++i) {
    if (tokens_.tokens(i).token().id() != id) continue;
    const Stored kept = tokens_.tokens(i);
    tokens_.mutable_tokens()->DeleteSubrange(i, 1);
    absl::Status status = Write();
    if (!status.ok()) *tokens_.add_tokens() = kept;
    return status;
  }
  const std::string shown = util::EscapeControlCharacters(absl::string_view(id).substr(0, 64));
  return Error(v1::REASON_TOKEN_NOT_FOUND, absl::StrCat("there is no enrollment token ", shown), {{"id", shown}});
}

absl::StatusOr<int> EnrollmentTokens::Find(const std::string& id, const std::string& secret) {
  const std::string hash = util::Sha256(secret);
  DropExpired();
  for (int i = 0; i < tokens_.tokens_size(); ++i) {
    Stored* stored = tokens_.mutable_tokens(i);
    if (stored->token().id() != id) continue;
    if (stored->secret_sha256().size() == hash.size() &&
        CRYPTO_memcmp(stored->secret_sha256().data(), hash.data(), hash.size()) == 0) {
      return i;
    }
    const uint32_t failures = stored->token().failures() + 1;
    stored->mutable_token()->set_failures(failures);
    const bool last = failures >= kMaxFailures;
    if (last) tokens_.mutable_tokens()->DeleteSubrange(i, 1);
    // It counts in memory in any case.
    if (absl::Status status = Write(); !status.ok()) util::LogError("enrollment token: ", status.message());
    return absl::PermissionDeniedError(absl::StrCat("the secret of token ", id, " is wrong, for the ", failures,
                                                    ". time", last ? "; the token is deleted" : ""));
  }
  return absl::PermissionDeniedError(absl::StrCat("there is no token ",
                                                  util::EscapeControlCharacters(absl::string_view(id).substr(0, 64)),
                                                  " that could be redeemed"));
}

absl::StatusOr<v1::EnrollmentToken> EnrollmentTokens::Check(const std::string& id, const std::string& secret) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<int> found = Find(id, secret);
  if (!found.ok()) return found.status();
  return tokens_.tokens(*found).token();
}

absl::StatusOr<v1::EnrollmentToken> EnrollmentTokens::Take(const std::string& id, const std::string& secret) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<int> found = Find(id, secret);
  if (!found.ok()) return found.status();
  v1::EnrollmentToken token = tokens_.tokens(*found).token();
  // Gone from the memory even if the disk fails: better lost than used twice.
  tokens_.mutable_tokens()->DeleteSubrange(*found, 1);
  if (absl::Status status = Write(); !status.ok()) return status;
  return token;
}

absl::Time EnrollmentTokens::next_end() const {
  const absl::Time now = clock_->Now();
  absl::Time next = absl::InfiniteFuture();
  const absl::MutexLock lock(&mutex_);
  for (const Stored& one : tokens_.tokens()) {
    const absl::Time end = util::FromProto(one.token().expire_time());
    if (end > now) next = std::min(next, end);
  }
  return next;
}

}  // namespace reeve::services
