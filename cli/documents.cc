#include "cli/documents.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "cli/faults.h"
#include "cli/format_options.h"
#include "cli/guess_format.h"
#include "cli/text.h"
#include "util/errno.h"
#include "util/fd.h"

namespace reeve::cli {
namespace {

constexpr size_t kLimit = 1 << 20;

absl::StatusOr<std::string> ReadAll(int fd, const std::string& what) {
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t count = ::read(fd, buffer, sizeof(buffer));
    if (count == 0) return text;
    if (count < 0 && errno == EINTR) return absl::CancelledError(absl::StrCat("reading ", what, " was interrupted"));
    if (count < 0) return util::ErrnoStatus(absl::StrCat("cannot read ", what));
    text.append(buffer, static_cast<size_t>(count));
    if (text.size() > kLimit) {
      return absl::InvalidArgumentError(absl::StrCat("cannot read ", what, ": it is larger than 1 MiB"));
    }
  }
}

}  // namespace

absl::StatusOr<std::string> ReadText(const std::string& file) {
  absl::StatusOr<std::string> text;
  if (file == "-") {
    text = ReadAll(STDIN_FILENO, "the standard input");
  } else {
    const util::UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return util::ErrnoStatus(absl::StrCat("cannot open ", file));
    text = ReadAll(fd.get(), file);
  }
  if (!text.ok()) return text.status();
  if (!IsUtf8(*text)) return absl::InvalidArgumentError(absl::StrCat("cannot read ", file, ": it is not UTF-8 text"));
  return text;
}

std::vector<Option> DomainDocumentOptions() {
  return {FormatOption("format", "the format of the document; without it, it is guessed"),
          Flag("strict", "refuse what is not known: the default"),
          Flag("lenient", "leave out what is not known, with a warning each")};
}

absl::StatusOr<DomainDocument> ReadDomainDocument(const std::string& file, const Arguments& arguments) {
  if (arguments.Has("strict") && arguments.Has("lenient")) return absl::InvalidArgumentError(kStrictAndLenient);
  auto text = ReadText(file);
  if (!text.ok()) return text.status();
  DomainDocument result;
  if (arguments.Has("format")) {
    const auto format = formats::FormatFromName(arguments.Get("format"));
    if (!format) return absl::InvalidArgumentError(absl::StrCat("there is no format ", arguments.Get("format")));
    result.format = *format;
  } else {
    const auto format = GuessFormat(file == "-" ? "the standard input" : file, *text);
    if (!format.ok()) return format.status();
    result.format = *format;
    result.guessed = true;
  }
  result.document.set_format(ToProto(result.format));
  result.document.set_text(*std::move(text));
  if (!arguments.Has("lenient")) return result;
  formats::ConvertOptions options;
  options.strictness = formats::Strictness::kLenient;
  options.warnings = &result.warnings;
  const auto domain = formats::ReadDocument(result.format, formats::Kind::kDomain, result.document.text(), options);
  if (!domain.ok()) return domain.status();
  // What is left, without loss.
  auto left = formats::WriteDocument(formats::Format::kJson, formats::Kind::kDomain, **domain);
  if (!left.ok()) return left.status();
  result.document.set_format(v1::Document::FORMAT_JSON);
  result.document.set_text(*std::move(left));
  return result;
}

void PrintWarnings(Context& context, const std::string& file, const DomainDocument& document) {
  for (const Fault& warning : formats::FaultsOf(document.warnings)) {
    context.output().PrintNote(absl::StrCat("warning: ", FaultLine(file, warning)));
  }
}

std::string SourceWords(const std::string& file, const DomainDocument& document) {
  if (!document.guessed || document.format == formats::Format::kXml) return file;
  return absl::StrCat(file, " (", NameOf(document.format), ")");
}

}  // namespace reeve::cli
