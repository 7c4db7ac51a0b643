// Times and sizes for people.
#pragma once

#include <cstdint>
#include <string>

#include "google/protobuf/timestamp.pb.h"

namespace reeve::cli {

// "2026-11-23 19:04:51" in the local time zone.
std::string TimeWords(const google::protobuf::Timestamp& time);

// "2026-11-23 19:04:51.123+0000": virsh's form of time stamps, UTC.
std::string TimeStamp(const google::protobuf::Timestamp& time);

// "512 B", "12.3 KiB", "1.5 GiB".
std::string BytesWords(uint64_t bytes);

}  // namespace reeve::cli
