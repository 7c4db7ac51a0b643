// A small /proc and /sys in a temporary directory.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "drivers/node/sources.h"

namespace reeve::node {

// Removes itself.
class FakeTree {
 public:
  FakeTree() {
    std::string pattern = (std::filesystem::temp_directory_path() / "node_test.XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    root_ = pattern;
  }
  ~FakeTree() { std::filesystem::remove_all(root_); }
  FakeTree(const FakeTree&) = delete;
  FakeTree& operator=(const FakeTree&) = delete;

  // The tree as a host's.
  Sources sources() const { return {Path("proc"), Path("sys"), "riscv64"}; }
  std::string Path(const std::string& path) const { return root_ + "/" + path; }
  void Write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(Path(path)).parent_path());
    std::ofstream(Path(path)) << text << "\n";
  }
  // A symbolic link, to wherever.
  void Link(const std::string& path, const std::string& target) const {
    std::filesystem::create_directories(std::filesystem::path(Path(path)).parent_path());
    std::filesystem::create_symlink(target, Path(path));
  }
  void Remove(const std::string& path) const { std::filesystem::remove(Path(path)); }
  // Makes one CPU's topology files.
  void Cpu(int cpu, int socket, int core, int die = 0) const {
    const std::string directory = absl::StrCat("sys/devices/system/cpu/cpu", cpu, "/topology/");
    Write(directory + "physical_package_id", absl::StrCat(socket));
    Write(directory + "core_id", absl::StrCat(core));
    Write(directory + "die_id", absl::StrCat(die));
  }
  // Makes a PCI function: `place` is where it hangs, e.g. "pci0000:00"; its directory is returned.
  std::string Pci(const std::string& place, const std::string& address) const {
    const std::string directory = absl::StrCat("sys/devices/", place, "/", address);
    Write(directory + "/class", "0x020000");
    Write(directory + "/vendor", "0x8086");
    Write(directory + "/device", "0x100e");
    Link("sys/bus/pci/devices/" + address, Path(directory));
    return directory;
  }

 private:
  std::string root_;
};

}  // namespace reeve::node
