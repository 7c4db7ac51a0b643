#include "drivers/node/usb_devices.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "drivers/node/device_place.h"
#include "drivers/node/read_fields.h"
#include "proto/status.h"

namespace reeve::node {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kMostId = 0xffff;
constexpr uint32_t kMostNumber = 255;
constexpr size_t kMostText = 126;  // characters of a string of USB

// A file of a device with a number of this base.
absl::StatusOr<uint32_t> ReadNumber(const std::string& directory, absl::string_view name, int base, uint32_t most) {
  const std::string path = absl::StrCat(directory, "/", name);
  const absl::StatusOr<std::string> line = ReadLine(path);
  if (!line.ok()) return line.status();
  uint32_t number = 0;
  const bool parsed = base == 16 ? absl::SimpleHexAtoi(*line, &number) : absl::SimpleAtoi(*line, &number);
  if (!parsed || number > most) return absl::InternalError(absl::StrCat(path, " has no number"));
  return number;
}

// What the device says of itself; empty where it says nothing.
std::string ReadText(const std::string& path) {
  absl::StatusOr<std::string> line = ReadLine(path);
  if (!line.ok()) return "";
  line->resize(std::min(line->size(), kMostText));
  for (char& character : *line) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(character))) character = '?';
  }
  return *std::move(line);
}

absl::StatusOr<v1::NodeDevice> Read(const Sources& sources, const std::string& directory, const std::string& entry) {
  v1::NodeDevice device;
  device.set_name(NodeDeviceName(entry));
  ReadPlace(sources, directory, entry, &device);
  v1::UsbDeviceCapability* const usb = device.add_capabilities()->mutable_usb_device();
  const absl::StatusOr<uint32_t> bus = ReadNumber(directory, "busnum", 10, kMostNumber);
  if (!bus.ok()) return bus.status();
  const absl::StatusOr<uint32_t> number = ReadNumber(directory, "devnum", 10, kMostNumber);
  if (!number.ok()) return number.status();
  const absl::StatusOr<uint32_t> vendor = ReadNumber(directory, "idVendor", 16, kMostId);
  if (!vendor.ok()) return vendor.status();
  const absl::StatusOr<uint32_t> product = ReadNumber(directory, "idProduct", 16, kMostId);
  if (!product.ok()) return product.status();
  device.set_device_node(absl::StrFormat("/dev/bus/usb/%03d/%03d", *bus, *number));
  usb->set_bus(*bus);
  usb->set_device(*number);
  usb->mutable_vendor()->set_id(*vendor);
  usb->mutable_vendor()->set_name(ReadText(directory + "/manufacturer"));
  usb->mutable_product()->set_id(*product);
  usb->mutable_product()->set_name(ReadText(directory + "/product"));
  return device;
}

auto Order(const v1::NodeDevice& device) {
  const v1::UsbDeviceCapability& usb = device.capabilities(0).usb_device();
  return std::make_tuple(usb.bus(), usb.device());
}

}  // namespace

absl::StatusOr<std::vector<v1::NodeDevice>> ListUsbDevices(const Sources& sources) {
  std::vector<v1::NodeDevice> devices;
  std::error_code error;
  for (fs::directory_iterator entry(sources.sys + "/bus/usb/devices", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (NodeDeviceName(name).empty()) continue;  // an interface
    absl::StatusOr<v1::NodeDevice> device = Read(sources, entry->path().string(), name);
    if (device.ok()) {
      devices.push_back(*std::move(device));
    } else if (std::error_code gone; fs::exists(entry->path() / "busnum", gone)) {
      return device.status();
    }
  }
  std::sort(devices.begin(), devices.end(),
            [](const v1::NodeDevice& left, const v1::NodeDevice& right) { return Order(left) < Order(right); });
  return devices;
}

absl::StatusOr<v1::NodeDevice> ReadUsbDevice(absl::string_view name, const Sources& sources) {
  absl::StatusOr<std::vector<v1::NodeDevice>> devices = ListUsbDevices(sources);
  if (!devices.ok()) return devices.status();
  for (v1::NodeDevice& device : *devices) {
    if (device.name() == name) return std::move(device);
  }
  return Error(v1::REASON_NODE_DEVICE_NOT_FOUND, absl::StrCat("the host has no USB device ", name), {{"name", name}});
}

}  // namespace reeve::node
