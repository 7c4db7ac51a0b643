// libxenlight's configuration of a domain, as an owned value.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "drivers/xen/libxl_library.h"

namespace reeve::xen {

// A libxl_domain_config and what it points to. Move-only; not thread-safe.
class DomainConfig {
 public:
  explicit DomainConfig(std::shared_ptr<const LibxlLibrary> library);
  DomainConfig(DomainConfig&& other) noexcept = default;
  DomainConfig& operator=(DomainConfig&& other) noexcept = default;
  ~DomainConfig() = default;

  libxl_domain_config* get() const { return config_.get(); }
  libxl_domain_config* operator->() const { return config_.get(); }
  const LibxlLibrary& library() const { return *library_; }

 private:
  struct Dispose {
    std::shared_ptr<const LibxlLibrary> library;
    void operator()(libxl_domain_config* config) const;
  };
  std::shared_ptr<const LibxlLibrary> library_;
  std::unique_ptr<libxl_domain_config, Dispose> config_;
};

// For libxenlight's structures, whose texts and lists are freed by it with free(3). The bytes are copied.
char* CopyText(absl::string_view text);
// `list` with one more text; null: a new one.
libxl_string_list AppendText(libxl_string_list list, absl::string_view text);
// One more, zeroed element at the end of a list of libxenlight's; the caller initializes it.
template <typename Element>
Element* AppendElement(Element** elements, int* count) {
  *elements = static_cast<Element*>(realloc(*elements, (*count + 1) * sizeof(Element)));
  if (*elements == nullptr) abort();  // as new does: there is no memory
  Element* const element = *elements + (*count)++;
  *element = Element{};
  return element;
}
// A map that has room for `bits` bits, none of them set.
libxl_bitmap MakeBitmap(int bits);

}  // namespace reeve::xen
