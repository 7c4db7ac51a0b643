#include "drivers/node/system_information.h"

#include <unistd.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "drivers/node/read_fields.h"
#include "proto/status.h"

namespace reeve::node {
namespace {

// SMBIOS says ASCII (DSP0134, 6.1.3); what a maker wrote there is another matter.
std::string Printable(std::string text) {
  for (char& c : text) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return text;
}

using Part = v1::SystemInformation::Part;

// A file of sysfs and where it goes.
struct Field {
  const char* file;
  std::string* (Part::*target)();
};

constexpr Field kBios[] = {{"bios_vendor", &Part::mutable_manufacturer},
                           {"bios_version", &Part::mutable_version},
                           {"bios_date", &Part::mutable_date},
                           {"bios_release", &Part::mutable_release}};
constexpr Field kSystem[] = {{"sys_vendor", &Part::mutable_manufacturer}, {"product_name", &Part::mutable_product},
                             {"product_version", &Part::mutable_version}, {"product_serial", &Part::mutable_serial},
                             {"product_uuid", &Part::mutable_uuid},       {"product_sku", &Part::mutable_sku},
                             {"product_family", &Part::mutable_family}};
constexpr Field kBaseBoard[] = {{"board_vendor", &Part::mutable_manufacturer},
                                {"board_name", &Part::mutable_product},
                                {"board_version", &Part::mutable_version},
                                {"board_serial", &Part::mutable_serial},
                                {"board_asset_tag", &Part::mutable_asset}};
constexpr Field kChassis[] = {{"chassis_vendor", &Part::mutable_manufacturer},
                              {"chassis_version", &Part::mutable_version},
                              {"chassis_serial", &Part::mutable_serial},
                              {"chassis_asset_tag", &Part::mutable_asset}};

// What the firmware leaves out the kernel has no file for.
template <size_t Count>
void Read(const std::string& directory, const Field (&fields)[Count], Part* part, absl::Status* status) {
  for (const Field& field : fields) {
    absl::StatusOr<std::string> text = ReadLine(absl::StrCat(directory, "/", field.file));
    if (text.ok() && !text->empty()) *(part->*field.target)() = Printable(*std::move(text));
    if (!text.ok() && !absl::IsNotFound(text.status()) && status->ok()) *status = text.status();
  }
}

}  // namespace

absl::StatusOr<v1::SystemInformation> ReadSystemInformation(const Sources& sources) {
  const std::string directory = sources.sys + "/class/dmi/id";
  if (access(directory.c_str(), F_OK) != 0) {
    return Error(v1::REASON_NODE_CANNOT,
                 absl::StrCat("the firmware tells nothing of the machine (SMBIOS): there is no ", directory));
  }
  v1::SystemInformation information;
  absl::Status status;
  Read(directory, kBios, information.mutable_bios(), &status);
  Read(directory, kSystem, information.mutable_system(), &status);
  Read(directory, kBaseBoard, information.mutable_base_board(), &status);
  Read(directory, kChassis, information.mutable_chassis(), &status);
  if (!status.ok()) return status;
  return information;
}

}  // namespace reeve::node
