// A user in a folder of their own, for tests.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "cli/test_user.h"

namespace reeve::cli {

// Not thread-safe. The folder goes with the user.
class FolderUser : public TestUser {
 public:
  // With no daemon anywhere.
  FolderUser() : FolderUser("lxc:///?socket=/nonexistent") {}
  explicit FolderUser(const std::string& uri) : TestUser(uri) {
    folder_ = (std::filesystem::temp_directory_path() / "reeve-cli-XXXXXX").string();
    if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("cannot make a folder");
  }
  ~FolderUser() { std::filesystem::remove_all(folder_); }
  // The path of a new file.
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }

 private:
  std::string folder_;
};

}  // namespace reeve::cli
