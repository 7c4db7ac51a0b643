// Cyrus SASL in a program with threads.
#pragma once

namespace reeve::util {

// Has libsasl2 lock by mutexes of ours, for which it has no default (sasl_set_mutex(3)). To be called before any of its
// init functions; calling it again changes nothing. Thread-safe.
void UseSaslMutexes();

// A callback as the library keeps it: by a pointer to a function without arguments.
template <typename Function>
int (*SaslCallback(Function* function))() {
  return reinterpret_cast<int (*)()>(reinterpret_cast<void*>(function));
}

}  // namespace reeve::util
