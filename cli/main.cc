#include "cli/application.h"

int main(int argc, char** argv) {
  return reeve::cli::RunApplication({argv + 1, argv + argc});
}
