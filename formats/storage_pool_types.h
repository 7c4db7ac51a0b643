// What the types of storage pools are made of.
#pragma once

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "reeve/v1/storage.pb.h"

namespace reeve::formats {

// Which formats volumes of a pool have.
enum class VolumeFormats {
  kNone,     // a document says none
  kFiles,    // of files, "raw" when the document says none
  kDisk,     // of partitions, "none" when the document says none
  kUnknown,  // always "unknown"
};

struct StoragePoolType {
  absl::string_view name;
  // Parts of the source.
  bool hosts = false;
  bool devices = false;
  bool directory = false;
  bool adapter = false;
  bool source_name = false;
  bool initiator = false;
  // Formats of the pool; the first of them that is named by `default_format` when the document says none.
  absl::Span<const absl::string_view> formats = {};
  absl::string_view default_format = {};
  // Whether it lies behind a network protocol and has no place on the node.
  bool network = false;
  VolumeFormats volumes = VolumeFormats::kNone;
};

// By the value of the enumeration; TYPE_UNSPECIFIED and what is not known are taken as a directory.
const StoragePoolType& PoolTypeOf(v1::StoragePoolSpec::Type type);
// By name, TYPE_UNSPECIFIED for others.
v1::StoragePoolSpec::Type PoolTypeFromName(absl::string_view name);

}  // namespace reeve::formats
