#include "util/sasl_threads.h"

#include <sasl/sasl.h>

#include <mutex>

namespace reeve::util {
namespace {

void* NewMutex() {
  return new std::mutex;
}
int Lock(void* mutex) {
  static_cast<std::mutex*>(mutex)->lock();
  return SASL_OK;
}
int Unlock(void* mutex) {
  static_cast<std::mutex*>(mutex)->unlock();
  return SASL_OK;
}
void DeleteMutex(void* mutex) {
  delete static_cast<std::mutex*>(mutex);
}

}  // namespace

void UseSaslMutexes() {
  sasl_set_mutex(NewMutex, Lock, Unlock, DeleteMutex);
}

}  // namespace reeve::util
