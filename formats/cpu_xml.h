// Processors in libvirt's documents, wherever they stand (what virsh's cpu-compare and cpu-baseline take). Pure
// functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/described_cpu.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// At most so many in one text.
inline constexpr size_t kMaxDescribedCpus = 1024;

// Reads the processors of one or several elements that follow each other: <cpu>, <domain>, <capabilities>, or
// <domainCapabilities> (its host model). A <cpu> with <arch> is a host's, all features of which are required; others
// are a guest's. What else a document says is not looked at, but must be well formed; a document without a processor is
// SPEC_INVALID. Errors as of ParseDomainXml, with their place in the text. Whether models and features exist is left to
// the caller.
absl::StatusOr<std::vector<DescribedCpu>> ParseCpuXml(absl::string_view text);

// The element <cpu> of a guest, with a final line end.
std::string WriteCpuXml(const v1::Cpu& cpu);

}  // namespace reeve::formats
