#include "daemon/connections/peer.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "util/errno.h"
#include "util/fd.h"

namespace reeve::connections {
namespace {

constexpr size_t kCommandLimit = 256;
constexpr size_t kUserLimit = 128;
constexpr size_t kNamesLimit = 1024;
constexpr absl::Duration kNameLifetime = absl::Minutes(1);

// At most `limit` bytes from the start of a file; empty when it cannot be read: the process may have ended.
std::string ReadStart(const std::string& path, size_t limit) {
  const util::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return "";
  std::string result(limit, '\0');
  size_t length = 0;
  while (length < limit) {
    const ssize_t got = ::read(file.get(), result.data() + length, limit - length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    length += static_cast<size_t>(got);
  }
  result.resize(length);
  return result;
}

// Length of the UTF-8 sequence at the start of `text` (RFC 3629, no surrogates, no overlong forms); 0: none.
size_t Utf8Length(absl::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const size_t length = first < 0x80   ? 1
                        : first < 0xC2 ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

bool IsControl(absl::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7F;
  return sequence.size() == 2 && first == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

std::string NameFromSystem(uid_t uid) {
  std::vector<char> buffer(1024);
  passwd entry{};
  passwd* found = nullptr;
  int error = 0;
  while ((error = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found)) == ERANGE && buffer.size() < 65536) {
    buffer.resize(buffer.size() * 2);
  }
  // An error of the name service is as good as no name here: the uid is what counts.
  return error == 0 && found != nullptr && found->pw_name != nullptr ? found->pw_name : "";
}

absl::StatusOr<ucred> CredentialsFromKernel(int socket) {
  ucred credentials{};
  socklen_t length = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
    return util::ErrnoStatus("read the credentials of a client (SO_PEERCRED)");
  }
  return credentials;
}

// An older kernel does not tell the supplementary ones: then there is only the primary group.
std::vector<gid_t> GroupsFromKernel(int socket, gid_t primary) {
  std::vector<gid_t> groups(64);
  socklen_t length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  int result = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length);
  if (result != 0 && errno == ERANGE) {  // the length is that which is needed now
    groups.resize(length / sizeof(gid_t));
    result = ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length);
  }
  groups.resize(result == 0 ? length / sizeof(gid_t) : 0);
  groups.push_back(primary);
  return groups;
}

}  // namespace

std::string Sanitize(absl::string_view text, size_t limit) {
  std::string result;
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const absl::string_view sequence = text.substr(0, std::max<size_t>(length, 1));
    const absl::string_view piece = length == 0 || IsControl(sequence) ? absl::string_view("?") : sequence;
    if (result.size() + piece.size() > limit) break;
    result.append(piece.data(), piece.size());
    text.remove_prefix(sequence.size());
  }
  return std::string(absl::StripAsciiWhitespace(result));
}

std::string SourceOf(const Peer& peer) {
  if (peer.transport == Transport::kUnix) return absl::StrCat("uid ", peer.uid);
  return peer.remote_address.substr(0, peer.remote_address.rfind(':'));
}

uint64_t ParseStartTime(absl::string_view stat) {
  const size_t end = stat.rfind(')');
  if (end == absl::string_view::npos) return 0;
  const std::vector<absl::string_view> fields = absl::StrSplit(stat.substr(end + 1), ' ', absl::SkipEmpty());
  constexpr size_t kStartTime = 22 - 3;  // the first field behind the command is number 3
  uint64_t result = 0;
  return fields.size() > kStartTime && absl::SimpleAtoi(fields[kStartTime], &result) ? result : 0;
}

PeerReader::PeerReader(Options options) : options_(std::move(options)) {
  if (!options_.user_name) options_.user_name = NameFromSystem;
  if (!options_.credentials) options_.credentials = CredentialsFromKernel;
  if (options_.clock == nullptr) options_.clock = &util::Clock::Real();
}

absl::StatusOr<Peer> PeerReader::Read(int socket) {
  const absl::StatusOr<ucred> credentials = options_.credentials(socket);
  if (!credentials.ok()) return credentials.status();
  Peer peer;
  peer.transport = Transport::kUnix;
  peer.uid = credentials->uid;
  peer.gid = credentials->gid;
  peer.pid = credentials->pid;
  peer.groups = GroupsFromKernel(socket, peer.gid);
  peer.user = UserName(peer.uid);
  peer.identity =
      peer.user.empty() ? absl::StrCat("unix:", peer.uid) : absl::StrCat("unix:", peer.user, "(", peer.uid, ")");
  if (peer.pid > 0) {  // 0: a process of a pid namespace that is not seen from here
    peer.pid_start_time = ParseStartTime(ReadStart(absl::StrCat(options_.proc, "/", peer.pid, "/stat"), 4096));
    peer.command = Command(peer.pid);
  }
  return peer;
}

std::string PeerReader::Command(pid_t pid) const {
  std::string line = ReadStart(absl::StrCat(options_.proc, "/", pid, "/cmdline"), kCommandLimit);
  while (!line.empty() && line.back() == '\0') line.pop_back();
  std::replace(line.begin(), line.end(), '\0', ' ');
  std::string result = Sanitize(line, kCommandLimit);
  if (!result.empty()) return result;
  return Sanitize(absl::StripTrailingAsciiWhitespace(ReadStart(absl::StrCat(options_.proc, "/", pid, "/comm"), 64)),
                  kCommandLimit);
}

const std::string& PeerReader::UserName(uid_t uid) {
  const absl::Duration now = options_.clock->Monotonic();
  const auto found = names_.find(uid);
  if (found != names_.end() && now < found->second.expires) return found->second.name;
  if (names_.size() >= kNamesLimit) names_.clear();
  CachedName& entry = names_[uid];
  entry.name = Sanitize(options_.user_name(uid), kUserLimit);
  entry.expires = now + kNameLifetime;
  return entry.name;
}

}  // namespace reeve::connections
