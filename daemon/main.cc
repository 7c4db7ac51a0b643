#include "daemon/daemon.h"

int main(int argc, char** argv) {
  return reeve::Daemon::Run(argc, argv);
}
