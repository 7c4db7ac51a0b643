// Collects the faults of a specification by field path. Only for the checks of this folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "formats/spec_faults.h"

namespace reeve::formats {

// A field inside another; made on the stack, and put together only when a fault is told.
struct FieldPath {
  const FieldPath* parent = nullptr;
  absl::string_view field;
  int index = -1;  // of a repeated field
};

// Each check tells at most one fault and returns whether there was none. Empty texts pass, save where said otherwise:
// they stand for the default. Not thread-safe.
class SpecChecker {
 public:
  bool Fail(const FieldPath& path, absl::string_view cause);

  bool Count(const FieldPath& path, int count, int max);
  bool Range(const FieldPath& path, uint64_t number, uint64_t min, uint64_t max);
  bool Required(const FieldPath& path, const std::string& text);
  // UTF-8 without control characters.
  bool Text(const FieldPath& path, const std::string& text, size_t max_bytes = 4096);
  // The same with line ends and tabs.
  bool Lines(const FieldPath& path, const std::string& text, size_t max_bytes = 4096);
  bool Word(const FieldPath& path, const std::string& text, absl::Span<const absl::string_view> words);
  // Absolute, without "." and ".." components, shorter than PATH_MAX.
  bool Path(const FieldPath& path, const std::string& text);
  // A name that Linux gives network interfaces: 1 to 15 bytes without "/", ":" and blanks, not "." and "..".
  bool NetworkDevice(const FieldPath& path, const std::string& text);
  // IPv4 or IPv6; `bits`, when given, receives 32 or 128.
  bool Address(const FieldPath& path, const std::string& text, int* bits = nullptr);

  bool full() const { return faults_.size() >= kMaxSpecFaults; }
  std::vector<SpecFault> Take() && { return std::move(faults_); }

 private:
  std::vector<SpecFault> faults_;
};

// domain_spec_devices.cc
void CheckDevices(SpecChecker* check, const FieldPath& path, const v1::DomainSpec& spec);
// domain_spec_network.cc
void CheckInterfaces(SpecChecker* check, const FieldPath& path, const v1::Devices& devices);
void CheckAddresses(SpecChecker* check, const FieldPath& parent, absl::string_view field,
                    const google::protobuf::RepeatedPtrField<v1::InterfaceAddress>& addresses);
void CheckRoutes(SpecChecker* check, const FieldPath& parent, absl::string_view field,
                 const google::protobuf::RepeatedPtrField<v1::InterfaceRoute>& routes);
// domain_spec_tuning.cc
void CheckTuning(SpecChecker* check, const FieldPath& path, const v1::DomainSpec& spec);

}  // namespace reeve::formats
