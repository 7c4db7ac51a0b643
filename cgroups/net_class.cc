#include "cgroups/net_class.h"

#include "absl/strings/str_cat.h"
#include "cgroups/controller_file.h"

namespace reeve::cgroups {

absl::Status SetNetClass(const Location& location, uint32_t id) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kNetCls);
  if (!files.ok()) return files.status();
  return files->Write("net_cls.classid", absl::StrCat(id));
}

absl::StatusOr<uint32_t> ReadNetClass(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kNetCls);
  if (!files.ok()) return files.status();
  absl::StatusOr<uint64_t> id = files->ReadNumber("net_cls.classid");
  if (!id.ok()) return id.status();
  return static_cast<uint32_t>(*id);
}

}  // namespace reeve::cgroups
