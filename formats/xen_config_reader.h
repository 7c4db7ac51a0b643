// The settings of an xl or xm configuration, and what becomes of each. For the readers of the sections.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "formats/xen_config.h"
#include "reeve/v1/domain_spec.pb.h"
#include "reeve/v1/reasons.pb.h"

namespace reeve::formats {

// Whose configuration it is: they have most settings in common.
enum class XenDialect { kXl, kXm };

// A part of a string of the file, and where it stands.
struct XenPiece {
  absl::string_view text;
  size_t offset = 0;
};

// One of "key=value,key=value". A part without "=" has an empty key.
struct XenOption {
  XenPiece key;
  XenPiece value;
};

// The parts between commas, without blanks before them.
std::vector<XenOption> SplitXenOptions(const XenPiece& text);

// Gives settings out by name and keeps the faults and warnings. A setting of the wrong kind is a fault, and not given
// out. Of several settings of a name the last one counts. Not thread-safe; the text must outlive it.
class XenConfigReader {
 public:
  // DOCUMENT_MALFORMED for what is not a configuration.
  static absl::StatusOr<XenConfigReader> Create(absl::string_view text, XenDialect dialect);

  XenDialect dialect() const { return dialect_; }

  // The value as it is; null without the setting. Marks it as used.
  const XenConfigValue* Take(absl::string_view name);
  // A string.
  std::optional<XenPiece> TakeText(absl::string_view name);
  // A string that is not empty.
  std::optional<XenPiece> TakeFilledText(absl::string_view name);
  // A number, or a string that is one.
  std::optional<int64_t> TakeNumber(absl::string_view name, int64_t least, int64_t most);
  // A number other than 0, or the string "1".
  std::optional<bool> TakeFlag(absl::string_view name);
  bool TakeFlagOr(absl::string_view name, bool fallback) { return TakeFlag(name).value_or(fallback); }
  // The strings of a list; empty without the setting.
  std::vector<XenPiece> TakeList(absl::string_view name);
  // The same, or one string.
  std::vector<XenPiece> TakeTextOrList(absl::string_view name);

  // The content of a string value.
  XenPiece PieceOf(const XenConfigValue& value) const;
  // A whole number of the base, all of the piece, within bounds; else a fault.
  std::optional<int64_t> Number(const XenPiece& piece, int base, int64_t least, int64_t most);

  // Where the setting of a name, given out before or not, stands; 0 without it.
  size_t OffsetOf(absl::string_view name) const;
  bool Has(absl::string_view name) const { return last_.contains(name); }

  // `cause` fits behind "the setting NAME", which stands at or before the offset.
  void Fail(size_t offset, absl::string_view cause, v1::Reason reason = v1::REASON_SPEC_INVALID);
  void Warn(size_t offset, absl::string_view message);

  // Says that the field and what is below it came of that place, for the faults of a specification.
  void Remember(absl::string_view field, size_t offset) { places_[std::string(field)] = offset; }
  // Adds the faults of the specification.
  void Check(const v1::DomainSpec& spec);

  // OK, or the first fault with all of them as violations.
  absl::Status ToStatus() const;
  // Those of Warn, and one for each setting that was not used, at most 100.
  std::vector<Warning> Warnings();

 private:
  struct Fault {
    size_t offset;
    std::string cause;
    v1::Reason reason;
  };

  XenConfigReader(absl::string_view text, XenDialect dialect, XenConfig config);
  absl::string_view SettingAt(size_t offset) const;

  absl::string_view text_;
  XenDialect dialect_;
  std::vector<XenConfigSetting> settings_;
  std::vector<bool> used_;
  absl::flat_hash_map<std::string, size_t> last_;
  std::vector<Fault> faults_;
  std::map<size_t, std::string> warnings_;
  std::map<std::string, size_t> places_;
};

}  // namespace reeve::formats
