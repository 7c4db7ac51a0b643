// What an SSL object reads and writes, in memory of the caller's.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "util/openssl.h"

namespace reeve::util {

// The two ends of a BIO of NewBufferBio. OpenSSL's own memory BIO (BIO_s_mem(3)) keeps a buffer for each connection
// for as long as it lives; here one buffer serves all connections of a thread.
struct BioBuffers {
  absl::string_view in;        // not yet read by the SSL object; empty: it is told to try again later
  bool in_ended = false;       // nothing comes behind `in`
  std::string* out = nullptr;  // takes all that the SSL object writes; null: a write fails
};

// A BIO for both ways of an SSL object (SSL_set_bio(3)). `buffers` must outlive it. Null for want of memory.
UniqueBio NewBufferBio(BioBuffers* buffers);

}  // namespace reeve::util
