// Domain XML from standard input to libxenlight's configuration as JSON on standard output, without a hypervisor. For
// comparing with what others make of a document. Exits with 0, or with 1 when the document is refused.
#include <libxl.h>
#include <yajl/yajl_gen.h>
// The headers of its JSON form are for C alone.
extern "C" {
#include <libxl_json.h>
}

#include <iostream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "drivers/xen/config_builder.h"
#include "formats/domain_xml.h"

namespace {

int Refuse(const absl::Status& status) {
  std::cerr << "error: " << status.message() << "\n";
  return 1;
}

int Main() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const auto domain = reeve::formats::ParseDomainXml(text);
  if (!domain.ok()) return Refuse(domain.status());
  auto library = reeve::xen::LibxlLibrary::Load();
  if (!library.ok()) return Refuse(library.status());
  const reeve::drivers::DomainKey key{.name = domain->name().substr(domain->name().rfind('/') + 1),
                                      .uid = domain->uid()};
  auto config = reeve::xen::BuildDomainConfig(*library, key, domain->spec());
  if (!config.ok()) return Refuse(config.status());
  yajl_gen generator = yajl_gen_alloc(nullptr);
  yajl_gen_config(generator, yajl_gen_beautify, 1);
  libxl_domain_config_gen_json(generator, config->get());
  const unsigned char* json = nullptr;
  size_t length = 0;
  yajl_gen_get_buf(generator, &json, &length);
  std::cout.write(reinterpret_cast<const char*>(json), static_cast<std::streamsize>(length));
  yajl_gen_free(generator);
  return 0;
}

}  // namespace

int main() {
  return Main();
}
