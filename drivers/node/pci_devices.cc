#include "drivers/node/pci_devices.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "drivers/node/device_place.h"
#include "drivers/node/pci_config.h"
#include "drivers/node/pci_names.h"
#include "drivers/node/read_fields.h"
#include "proto/status.h"
#include "util/files.h"

namespace reeve::node {
namespace {

namespace fs = std::filesystem;
using Address = v1::PciDeviceAddress;

constexpr size_t kConfigBytes = 4096;
constexpr uint64_t kMostClass = 0xffffff;
constexpr uint64_t kMostId = 0xffff;

std::string AllDevices(const Sources& sources) {
  return sources.sys + "/bus/pci/devices";
}

std::string DirectoryOf(const Sources& sources, const Address& address) {
  return absl::StrCat(AllDevices(sources), "/", PciAddressText(address));
}

auto Order(const Address& address) {
  return std::make_tuple(address.domain(), address.bus(), address.slot(), address.function());
}

bool ComesBefore(const Address& left, const Address& right) {
  return Order(left) < Order(right);
}

// The functions that have an entry in a directory, ordered.
std::vector<Address> AddressesIn(const std::string& directory) {
  std::vector<Address> addresses;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::optional<Address> address = ParsePciAddress(entry->path().filename().string());
    if (address) addresses.push_back(*address);
  }
  std::sort(addresses.begin(), addresses.end(), ComesBefore);
  return addresses;
}

// A file like "0x8086". An error names the file.
absl::StatusOr<uint32_t> ReadHexadecimal(const std::string& path, uint64_t most) {
  const absl::StatusOr<std::string> line = ReadLine(path);
  if (!line.ok()) return line.status();
  uint64_t number = 0;
  if (!absl::StartsWith(*line, "0x") || !absl::SimpleHexAtoi(*line, &number) || number > most) {
    return absl::InternalError(absl::StrCat(path, " has no number"));
  }
  return static_cast<uint32_t>(number);
}

// Physical and virtual functions (SR-IOV).
void ReadFunctions(const std::string& directory, v1::PciCapability* pci) {
  const std::optional<Address> physical = ParsePciAddress(LinkName(directory + "/physfn"));
  if (physical) *pci->mutable_physical_function() = *physical;
  const absl::StatusOr<uint64_t> most = ReadNumber(directory + "/sriov_totalvfs");
  if (!most.ok()) return;
  v1::PciVirtualFunctions* const functions = pci->mutable_virtual_functions();
  functions->set_max_count(static_cast<uint32_t>(std::min<uint64_t>(*most, UINT16_MAX)));
  for (const uint64_t number : NumberedEntries(directory, "virtfn", "")) {
    const std::optional<Address> address = ParsePciAddress(LinkName(absl::StrCat(directory, "/virtfn", number)));
    if (address) *functions->add_addresses() = *address;
  }
}

void ReadGroup(const std::string& directory, v1::PciCapability* pci) {
  uint32_t number = 0;
  if (!absl::SimpleAtoi(LinkName(directory + "/iommu_group"), &number)) return;
  pci->mutable_iommu_group()->set_number(number);
  for (const Address& address : AddressesIn(directory + "/iommu_group/devices")) {
    *pci->mutable_iommu_group()->add_addresses() = address;
  }
}

void ReadCell(const std::string& directory, v1::PciCapability* pci) {
  const absl::StatusOr<std::string> line = ReadLine(directory + "/numa_node");
  int32_t cell = -1;  // what the kernel writes for none
  if (line.ok() && absl::SimpleAtoi(*line, &cell) && cell >= 0) pci->set_numa_node(cell);
}

absl::StatusOr<v1::NodeDevice> Read(const Sources& sources, const Address& address) {
  const std::string directory = DirectoryOf(sources, address);
  const absl::StatusOr<uint32_t> code = ReadHexadecimal(directory + "/class", kMostClass);
  if (!code.ok()) return code.status();
  const absl::StatusOr<uint32_t> vendor = ReadHexadecimal(directory + "/vendor", kMostId);
  if (!vendor.ok()) return vendor.status();
  const absl::StatusOr<uint32_t> product = ReadHexadecimal(directory + "/device", kMostId);
  if (!product.ok()) return product.status();
  v1::NodeDevice device;
  device.set_name(PciDeviceName(address));
  ReadPlace(sources, directory, PciAddressText(address), &device);
  v1::PciCapability* const pci = device.add_capabilities()->mutable_pci();
  pci->set_class_code(*code);
  *pci->mutable_address() = address;
  pci->mutable_product()->set_id(*product);
  pci->mutable_vendor()->set_id(*vendor);
  ReadFunctions(directory, pci);
  ReadGroup(directory, pci);
  ReadCell(directory, pci);
  const absl::StatusOr<std::string> config = util::ReadFile(directory + "/config", kConfigBytes);
  if (config.ok()) ReadPciConfig(*config, pci);
  return device;
}

bool IsThere(const Sources& sources, const Address& address) {
  return access(DirectoryOf(sources, address).c_str(), F_OK) == 0;
}

absl::Status NotFound(const Address& address) {
  const std::string name = PciDeviceName(address);
  return Error(v1::REASON_NODE_DEVICE_NOT_FOUND,
               absl::StrCat("the host has no PCI function ", PciAddressText(address), " (", name, ")"),
               {{"name", name}});
}

}  // namespace

absl::StatusOr<std::vector<v1::NodeDevice>> ListPciDevices(const Sources& sources) {
  std::vector<v1::NodeDevice> devices;
  for (const Address& address : AddressesIn(AllDevices(sources))) {
    absl::StatusOr<v1::NodeDevice> device = Read(sources, address);
    if (device.ok()) {
      devices.push_back(*std::move(device));
    } else if (IsThere(sources, address)) {
      return device.status();
    }
  }
  return devices;
}

absl::StatusOr<v1::NodeDevice> ReadPciDevice(const Address& address, const Sources& sources) {
  absl::StatusOr<v1::NodeDevice> device = Read(sources, address);
  // It may have gone while it was read.
  if (!device.ok() && !IsThere(sources, address)) return NotFound(address);
  return device;
}

absl::Status ResetPciDevice(const Address& address, const Sources& sources) {
  if (!IsThere(sources, address)) return NotFound(address);
  const std::string file = DirectoryOf(sources, address) + "/reset";
  if (access(file.c_str(), F_OK) < 0) {
    return Error(v1::REASON_NODE_CANNOT,
                 absl::StrCat("the kernel knows no way to reset ", PciAddressText(address), ": there is no ", file));
  }
  return WriteNumber(file, 1);
}

}  // namespace reeve::node
