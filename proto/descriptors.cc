#include "proto/descriptors.h"

#include <google/protobuf/generated_message_reflection.h>

#include <array>
#include <cstddef>

namespace {

// More files than the program has.
constexpr std::size_t kMostTables = 256;

using google::protobuf::internal::DescriptorTable;

// Filled before main, by the initializers of generated code in their own order: it must need none itself.
constinit std::array<const DescriptorTable*, kMostTables> tables{};
constinit std::size_t count = 0;

}  // namespace

// The linker gives these names to the constructor AddDescriptorsRunner(const DescriptorTable*), which generated code
// calls once for each file before main (ld(1), --wrap). Without that option nobody calls the first, and the second is
// missing.
extern "C" {
[[gnu::weak]] void __real__ZN6google8protobuf8internal20AddDescriptorsRunnerC1EPKNS1_15DescriptorTableE(
    void* runner, const DescriptorTable* table);

void __wrap__ZN6google8protobuf8internal20AddDescriptorsRunnerC1EPKNS1_15DescriptorTableE(
    void* runner, const DescriptorTable* table) {
  if (count < tables.size()) {
    tables[count++] = table;
  } else {
    __real__ZN6google8protobuf8internal20AddDescriptorsRunnerC1EPKNS1_15DescriptorTableE(runner, table);
  }
}
}

namespace reeve {

void NeedDescriptors() {
  char runner = 0;  // an object without members
  while (count > 0)
    __real__ZN6google8protobuf8internal20AddDescriptorsRunnerC1EPKNS1_15DescriptorTableE(&runner, tables[--count]);
}

}  // namespace reeve
