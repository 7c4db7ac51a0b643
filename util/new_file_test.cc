#include "util/new_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "util/full_io.h"

namespace reeve::util {
namespace {

namespace fs = std::filesystem;

struct Place {
  Place() {
    char name[] = "/tmp/reeve-new-file-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    directory = name;
  }
  ~Place() { fs::remove_all(directory); }
  std::string At(const std::string& name) const { return directory + "/" + name; }
  size_t files() const { return std::distance(fs::directory_iterator(directory), fs::directory_iterator()); }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string directory;
};

TEST_CASE("a new file has its name and its mode when it is whole") {
  const Place place;
  auto file = NewFile::Create(place.At("image"), 0600);
  REQUIRE(file.ok());
  CHECK_FALSE(fs::exists(place.At("image")));
  REQUIRE(WriteFully(file->descriptor(), "content").ok());
  REQUIRE(file->Finish().ok());
  CHECK(Place::Read(place.At("image")) == "content");
  struct stat facts {};
  REQUIRE(stat(place.At("image").c_str(), &facts) == 0);
  CHECK((facts.st_mode & 07777) == 0600);
  CHECK(place.files() == 1);
}

TEST_CASE("one that is given up leaves what was there") {
  const Place place;
  std::ofstream(place.At("image")) << "old";
  {
    auto file = NewFile::Create(place.At("image"), 0600);
    REQUIRE(file.ok());
    REQUIRE(WriteFully(file->descriptor(), "new").ok());
    const NewFile moved = *std::move(file);
  }
  CHECK(Place::Read(place.At("image")) == "old");
  CHECK(place.files() == 1);
  auto again = NewFile::Create(place.At("image"), 0600);
  REQUIRE(again.ok());
  REQUIRE(again->Finish().ok());
  CHECK(Place::Read(place.At("image")).empty());
}

TEST_CASE("what is no regular file is not replaced") {
  const Place place;
  fs::create_directory(place.At("directory"));
  std::ofstream(place.At("target")) << "untouched";
  fs::create_symlink(place.At("target"), place.At("link"));
  REQUIRE(mkfifo(place.At("fifo").c_str(), 0600) == 0);
  for (const char* name : {"directory", "link", "fifo"}) {
    INFO(name);
    CHECK(NewFile::Create(place.At(name), 0600).status().code() == absl::StatusCode::kFailedPrecondition);
  }
  CHECK(NewFile::Create("/dev/null", 0600).status().code() == absl::StatusCode::kFailedPrecondition);
  auto file = NewFile::Create(place.At("late"), 0600);
  REQUIRE(file.ok());
  fs::create_symlink(place.At("target"), place.At("late"));
  CHECK(file->Finish().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(Place::Read(place.At("target")) == "untouched");
}

TEST_CASE("paths that are not taken") {
  const Place place;
  for (const std::string& path : {std::string(), std::string("relative"), place.At("../x"), place.At("x/"), place.At("."),
                                  "/" + std::string(5000, 'a'), std::string("/tmp/a\0b", 8)}) {
    INFO(path);
    CHECK(NewFile::Create(path, 0600).status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(OpenRegularFile(path).status().code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK(NewFile::Create(place.At("none/x"), 0600).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("only regular files are opened, and nothing blocks") {
  const Place place;
  std::ofstream(place.At("file")) << "x";
  fs::create_symlink(place.At("file"), place.At("link"));
  REQUIRE(mkfifo(place.At("fifo").c_str(), 0600) == 0);
  CHECK(OpenRegularFile(place.At("file")).ok());
  CHECK_FALSE(OpenRegularFile(place.At("link")).ok());
  CHECK(OpenRegularFile(place.At("fifo")).status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(OpenRegularFile("/dev/zero").status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(OpenRegularFile(place.directory).status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("whole pieces are read and written") {
  const Place place;
  auto file = NewFile::Create(place.At("big"), 0600);
  REQUIRE(file.ok());
  const std::string big(300000, 'b');
  REQUIRE(WriteFully(file->descriptor(), big).ok());
  REQUIRE(lseek(file->descriptor(), 0, SEEK_SET) == 0);
  CHECK(*ReadUpTo(file->descriptor(), 299999) == std::string(299999, 'b'));
  CHECK(*ReadUpTo(file->descriptor(), 100) == "b");
  CHECK(ReadUpTo(file->descriptor(), size_t{1} << 40)->empty());
  CHECK_FALSE(ReadUpTo(-1, 1).ok());
  CHECK_FALSE(WriteFully(-1, "x").ok());
}

}  // namespace
}  // namespace reeve::util
