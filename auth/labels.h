// Labels of objects, as far as roles are bound to them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace reeve::auth {

// Of one object, "key=value" each.
using Labels = std::vector<std::string>;

// Who knows the labels of objects. Thread-safe.
class LabelSource {
 public:
  virtual ~LabelSource() = default;
  // Those that the object of this resource name has now; null for none, and where there is no such object.
  virtual std::shared_ptr<const Labels> LabelsOf(absl::string_view object) const = 0;
};

}  // namespace reeve::auth
