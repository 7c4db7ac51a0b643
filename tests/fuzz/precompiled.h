// What nearly all files of formats/ include, compiled once for the fuzzer (build.py).
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <pugixml.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "reeve/v1/domain.pb.h"
#include "reeve/v1/network.pb.h"
#include "reeve/v1/reasons.pb.h"
