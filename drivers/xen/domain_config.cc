#include "drivers/xen/domain_config.h"

#include <cstdlib>
#include <cstring>
#include <utility>

namespace reeve::xen {

DomainConfig::DomainConfig(std::shared_ptr<const LibxlLibrary> library)
    : library_(std::move(library)), config_(new libxl_domain_config, Dispose{library_}) {
  library_->libxl_domain_config_init(config_.get());
}

void DomainConfig::Dispose::operator()(libxl_domain_config* config) const {
  library->libxl_domain_config_dispose(config);
  delete config;
}

char* CopyText(absl::string_view text) {
  auto* const copy = static_cast<char*>(malloc(text.size() + 1));
  if (copy == nullptr) abort();
  memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

libxl_string_list AppendText(libxl_string_list list, absl::string_view text) {
  size_t count = 0;
  while (list != nullptr && list[count] != nullptr) ++count;
  list = static_cast<libxl_string_list>(realloc(list, (count + 2) * sizeof(char*)));
  if (list == nullptr) abort();
  list[count] = CopyText(text);
  list[count + 1] = nullptr;
  return list;
}

libxl_bitmap MakeBitmap(int bits) {
  libxl_bitmap map{};
  map.size = (bits + 7) / 8;
  map.map = static_cast<uint8_t*>(calloc(map.size, 1));
  if (map.map == nullptr && map.size > 0) abort();
  return map;
}

}  // namespace reeve::xen
