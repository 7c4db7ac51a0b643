#include "util/buffer_bio.h"

#include <algorithm>
#include <cstring>

namespace reeve::util {
namespace {

int Read(BIO* bio, char* data, size_t size, size_t* got) {
  auto* buffers = static_cast<BioBuffers*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *got = std::min(size, buffers->in.size());
  if (*got == 0) {
    if (!buffers->in_ended) BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(data, buffers->in.data(), *got);
  buffers->in.remove_prefix(*got);
  return 1;
}

int Write(BIO* bio, const char* data, size_t size, size_t* written) {
  auto* buffers = static_cast<BioBuffers*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *written = 0;
  if (buffers->out == nullptr) return 0;
  buffers->out->append(data, size);
  *written = size;
  return 1;
}

long Control(BIO* bio, int command, long, void*) {
  const auto* buffers = static_cast<const BioBuffers*>(BIO_get_data(bio));
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return buffers->in.empty() && buffers->in_ended ? 1 : 0;
  return 0;
}

int Create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

// Made once, and never freed: BIOs refer to it until the process ends.
const BIO_METHOD* Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "buffers");
    if (made == nullptr) return made;
    BIO_meth_set_read_ex(made, Read);
    BIO_meth_set_write_ex(made, Write);
    BIO_meth_set_ctrl(made, Control);
    BIO_meth_set_create(made, Create);
    return made;
  }();
  return method;
}

}  // namespace

UniqueBio NewBufferBio(BioBuffers* buffers) {
  UniqueBio bio(Method() == nullptr ? nullptr : BIO_new(Method()));
  if (bio != nullptr) BIO_set_data(bio.get(), buffers);
  return bio;
}

}  // namespace reeve::util
