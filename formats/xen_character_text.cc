#include "formats/xen_character_text.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "formats/text.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

using Source = v1::CharacterSource;

absl::Status Invalid(absl::string_view text, absl::string_view cause) {
  return Error(v1::REASON_SPEC_INVALID, absl::StrCat("is '", Printable(text), "', which ", cause));
}

absl::Status Unsupported(absl::string_view cause) {
  return Error(v1::REASON_SPEC_UNSUPPORTED, cause);
}

bool IsPlainWord(absl::string_view type) {
  return type == "null" || type == "vc" || type == "pty" || type == "stdio";
}

struct Endpoint {
  absl::string_view host;
  absl::string_view service;
};

// "HOST:SERVICE", either of which may be empty.
std::optional<Endpoint> SplitEndpoint(absl::string_view text) {
  Endpoint end;
  size_t colon = text.find(':');
  if (absl::StartsWith(text, "[")) {
    const size_t bracket = text.find(']');
    if (bracket == absl::string_view::npos || bracket + 1 == text.size() || text[bracket + 1] != ':')
      return std::nullopt;
    end.host = text.substr(1, bracket - 1);
    colon = bracket + 1;
  } else {
    if (colon == absl::string_view::npos) return std::nullopt;
    end.host = text.substr(0, colon);
  }
  end.service = text.substr(colon + 1);
  if (absl::StrContains(end.service, ':')) return std::nullopt;
  return end;
}

// "REST[,server[,nowait]]": whether it listens, with `text` cut to REST.
absl::StatusOr<bool> TakeServer(absl::string_view whole, absl::string_view* text) {
  const size_t comma = text->find(',');
  if (comma == absl::string_view::npos) return false;
  bool server = false;
  for (const absl::string_view option : absl::StrSplit(text->substr(comma + 1), ',')) {
    if (option != "server" && option != "nowait") {
      return Invalid(whole, absl::StrCat("has the option '", Printable(option), "', not server or nowait"));
    }
    server = server || option == "server";
  }
  *text = text->substr(0, comma);
  return server;
}

absl::Status ParseStream(absl::string_view whole, absl::string_view rest, XenCharacter* character) {
  const auto server = TakeServer(whole, &rest);
  if (!server.ok()) return server.status();
  character->source.set_mode(*server ? "bind" : "connect");
  if (character->type == "unix") {
    if (rest.empty()) return Invalid(whole, "has no path");
    character->source.set_path(std::string(rest));
    return absl::OkStatus();
  }
  const auto end = SplitEndpoint(rest);
  if (!end || end->service.empty()) return Invalid(whole, "has no host and port");
  character->source.set_host(std::string(end->host));
  character->source.set_service(std::string(end->service));
  return absl::OkStatus();
}

absl::Status ParseDatagram(absl::string_view whole, absl::string_view rest, XenCharacter* character) {
  const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(rest, absl::MaxSplits('@', 1));
  const auto peer = SplitEndpoint(sides.first);
  if (!peer || peer->service.empty()) return Invalid(whole, "has no host and port to send to");
  character->source.set_host(std::string(peer->host));
  character->source.set_service(std::string(peer->service));
  if (!absl::StrContains(rest, '@')) return absl::OkStatus();
  const auto own = SplitEndpoint(sides.second);
  if (!own) return Invalid(whole, "has no host and port behind @");
  character->source.set_bind_host(std::string(own->host));
  character->source.set_bind_service(std::string(own->service));
  return absl::OkStatus();
}

absl::Status ParseTyped(absl::string_view text, XenCharacter* character) {
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) return Invalid(text, "is not known");
  const absl::string_view type = text.substr(0, colon);
  const absl::string_view rest = text.substr(colon + 1);
  character->type = std::string(type);
  if (type == "file" || type == "pipe") {
    if (rest.empty()) return Invalid(text, "has no path");
    character->source.set_path(std::string(rest));
    return absl::OkStatus();
  }
  if (type == "udp") return ParseDatagram(text, rest, character);
  if (type == "unix") return ParseStream(text, rest, character);
  if (type != "tcp" && type != "telnet") return Invalid(text, "is not known");
  character->type = "tcp";
  character->source.set_protocol(type == "tcp" ? "raw" : "telnet");
  return ParseStream(text, rest, character);
}

// What would be read otherwise than it was written, or not at all.
absl::Status CheckHasForm(absl::string_view type, const Source& source) {
  if (source.append()) return Unsupported("is appended to its file");
  if (!source.log_file().empty()) return Unsupported("is logged to a file");
  if (source.reconnect().enabled()) return Unsupported("is connected anew when the connection is lost");
  if (source.tls()) return Unsupported("is encrypted");
  if (type == "tcp" && !source.protocol().empty() && source.protocol() != "raw" && source.protocol() != "telnet") {
    return Unsupported(absl::StrCat("has the protocol ", Printable(source.protocol())));
  }
  const bool stream = type == "tcp" || type == "unix";
  for (const std::string* part :
       {&source.host(), &source.service(), &source.bind_host(), &source.bind_service(), &source.path()}) {
    const bool is_path = part == &source.path();
    if (stream && absl::StrContains(*part, ',')) return Unsupported(absl::StrCat("has a comma in '", *part, "'"));
    if (type == "udp" && absl::StrContains(*part, '@')) return Unsupported(absl::StrCat("has an @ in '", *part, "'"));
    if (!is_path && absl::StrContains(*part, ']')) return Unsupported(absl::StrCat("has a bracket in '", *part, "'"));
  }
  if (type == "dev" && !absl::StartsWith(source.path(), "/")) return Unsupported("has a device that is not in /");
  return absl::OkStatus();
}

std::string JoinEndpoint(absl::string_view host, absl::string_view service) {
  if (absl::StrContains(host, ':')) return absl::StrCat("[", host, "]:", service);
  return absl::StrCat(host, ":", service);
}

}  // namespace

absl::StatusOr<std::optional<XenCharacter>> ParseXenCharacterText(absl::string_view text) {
  if (text.empty() || text == "none") return std::nullopt;
  XenCharacter character;
  if (absl::StartsWith(text, "/")) {
    character.type = "dev";
    character.source.set_path(std::string(text));
  } else if (IsPlainWord(text)) {
    character.type = std::string(text);
  } else if (const absl::Status status = ParseTyped(text, &character); !status.ok()) {
    return status;
  }
  return character;
}

absl::StatusOr<std::string> WriteXenCharacterText(absl::string_view type, const Source& source) {
  if (const absl::Status status = CheckHasForm(type, source); !status.ok()) return status;
  if (type.empty()) return std::string("pty");
  if (IsPlainWord(type)) return std::string(type);
  if (type == "dev") return source.path();
  if (type == "file" || type == "pipe") return absl::StrCat(type, ":", source.path());
  const absl::string_view server = source.mode() == "bind" ? ",server,nowait" : "";
  if (type == "unix") return absl::StrCat("unix:", source.path(), server);
  if (type == "tcp") {
    const absl::string_view protocol = source.protocol() == "telnet" ? "telnet:" : "tcp:";
    return absl::StrCat(protocol, JoinEndpoint(source.host(), source.service()), server);
  }
  if (type == "udp") {
    std::string text = absl::StrCat("udp:", JoinEndpoint(source.host(), source.service()));
    if (!source.bind_host().empty() || !source.bind_service().empty()) {
      absl::StrAppend(&text, "@", JoinEndpoint(source.bind_host(), source.bind_service()));
    }
    return text;
  }
  return Unsupported(absl::StrCat("is of type ", Printable(type)));
}

}  // namespace reeve::formats
