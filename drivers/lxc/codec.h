// A bounded binary codec for the few structures that daemon and supervisor share: fixed-width little-endian numbers,
// texts and lists with a count before them. Both ends are of one build, but a plan outlives the daemon that wrote it,
// so every structure starts with a version.
//
// A structure names its fields once, in a template `void Fields(Archive& archive, Structure& structure)`, which serves
// both directions. No exceptions, no allocation beyond what the bytes justify.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace reeve::lxc {

// A text may not be longer, in bytes.
inline constexpr uint32_t kMaximumText = 64 * 1024;
// A list may not have more elements.
inline constexpr uint32_t kMaximumElements = 1024;

// Appends to a string. Not thread-safe.
class Encoder {
 public:
  explicit Encoder(std::string* output) : output_(output) {}

  template <typename T>
  void operator()(T& value) {
    if constexpr (std::is_enum_v<T>) {
      Number(static_cast<uint64_t>(value), sizeof(T));
    } else if constexpr (std::is_same_v<T, bool>) {
      Number(value ? 1 : 0, 1);
    } else if constexpr (std::is_integral_v<T>) {
      Number(static_cast<uint64_t>(value), sizeof(T));
    } else {
      Fields(*this, value);
    }
  }
  void operator()(std::string& text) {
    Number(text.size(), 4);
    output_->append(text);
  }
  template <typename T>
  void operator()(std::vector<T>& list) {
    Number(list.size(), 4);
    for (T& element : list) (*this)(element);
  }

 private:
  void Number(uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) output_->push_back(static_cast<char>(value >> (8 * i)));
  }

  std::string* output_;
};

// Reads what an Encoder wrote. The first fault (too short, too long, not a bool) makes it bad; from then on every value
// is left as it is. Not thread-safe. The bytes must outlive it.
class Decoder {
 public:
  Decoder(const char* bytes, size_t size) : position_(bytes), left_(size) {}

  // All was well, and nothing is left over.
  bool Done() const { return good_ && left_ == 0; }
  bool good() const { return good_; }

  template <typename T>
  void operator()(T& value) {
    if constexpr (std::is_enum_v<T>) {
      uint64_t number = 0;
      if (Number(&number, sizeof(T))) value = static_cast<T>(number);
    } else if constexpr (std::is_same_v<T, bool>) {
      uint64_t number = 0;
      if (!Number(&number, 1)) return;
      if (number > 1) good_ = false;
      value = number == 1;
    } else if constexpr (std::is_integral_v<T>) {
      uint64_t number = 0;
      if (Number(&number, sizeof(T))) value = static_cast<T>(number);
    } else {
      Fields(*this, value);
    }
  }
  void operator()(std::string& text) {
    uint64_t size = 0;
    if (!Number(&size, 4)) return;
    if (size > kMaximumText || size > left_) {
      good_ = false;
      return;
    }
    text.assign(position_, size);
    Skip(size);
  }
  template <typename T>
  void operator()(std::vector<T>& list) {
    uint64_t count = 0;
    if (!Number(&count, 4)) return;
    // Every element takes at least one byte: a count that lies cannot make us allocate.
    if (count > kMaximumElements || count > left_) {
      good_ = false;
      return;
    }
    list.clear();
    for (uint64_t i = 0; i < count && good_; ++i) {
      list.emplace_back();
      (*this)(list.back());
    }
  }

 private:
  bool Number(uint64_t* value, size_t bytes) {
    if (!good_ || left_ < bytes) {
      good_ = false;
      return false;
    }
    *value = 0;
    for (size_t i = 0; i < bytes; ++i)
      *value |= static_cast<uint64_t>(static_cast<unsigned char>(position_[i])) << (8 * i);
    Skip(bytes);
    return true;
  }
  void Skip(size_t bytes) {
    position_ += bytes;
    left_ -= bytes;
  }

  const char* position_;
  size_t left_;
  bool good_ = true;
};

}  // namespace reeve::lxc
