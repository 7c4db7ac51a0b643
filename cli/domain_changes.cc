#include "cli/domain_changes.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace reeve::cli {

Option DomainArgument(Completion completion) {
  return Argument("domain", "DOMAIN", "name, UUID or id of the domain", completion);
}

std::vector<Option> AffectOptions() {
  return {Flag("live", "of the running guest"), Flag("config", "of the definition, for the next start"),
          Flag("current", "of the running guest if it runs, else of the definition (the default)")};
}

std::vector<Option> WithAffect(std::vector<Option> options) {
  for (Option& option : AffectOptions()) options.push_back(std::move(option));
  return options;
}

absl::StatusOr<uint64_t> ParseKibibytes(absl::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[digits]))) ++digits;
  uint64_t number = 0;
  const std::string unit = absl::AsciiStrToLower(text.substr(digits));
  const absl::Status bad = absl::InvalidArgumentError(absl::StrCat("'", text, "' is not a size such as 65536, 512M or 2GiB"));
  if (!absl::SimpleAtoi(text.substr(0, digits), &number)) return bad;
  if (unit == "b" || unit == "bytes") return number / 1024;
  uint64_t factor = 0;
  if (unit.empty() || unit == "k" || unit == "kib") factor = 1;
  if (unit == "m" || unit == "mib") factor = 1024;
  if (unit == "g" || unit == "gib") factor = 1024 * 1024;
  if (unit == "t" || unit == "tib") factor = uint64_t{1024} * 1024 * 1024;
  if (factor == 0 || number > UINT64_MAX / factor) return bad;
  return number * factor;
}

int BadOption(Context& context, absl::string_view option, absl::string_view fault) {
  context.output().PrintError(absl::StrCat(option, ": ", fault));
  return kExitUsage;
}

}  // namespace reeve::cli
