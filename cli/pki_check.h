// What is wrong with the certificates of a host, and how to mend it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cli/pki_places.h"

namespace reeve::cli {

// One thing.
struct PkiFinding {
  bool error = true;  // else a warning: it works, but not for long, or not well
  std::string file;
  std::string what;    // a sentence without a full stop, behind the file's name
  std::string repair;  // a command of a shell; "" when there is none that fits
};

// What a check knows of the host, so that it can be tested.
struct HostFacts {
  absl::Time now;
  uid_t owner = 0;                     // who must own the files
  std::string name;                    // gethostname(2)
  std::vector<std::string> addresses;  // "192.0.2.1", of all interfaces
  std::string options;                 // for repairs: " --root=DIR" when there is one
};

// Reads the host's name and addresses.
HostFacts ReadHostFacts(absl::Time now, const std::string& root);

struct PkiScope {
  bool authority = false;  // the authority's key, list and revocation list, if the key is here
  bool server = false;
  bool client = false;
};

// Files are judged as the daemon does (auth/x509_rules.h), and also by owner and mode, by the time that is left, and a
// server's names by this host. Every finding has the command that mends it. Blocks; reads only.
std::vector<PkiFinding> CheckPki(const PkiPlaces& places, const PkiScope& scope, const HostFacts& facts);

// A word as a POSIX shell takes it.
std::string ShellWord(const std::string& text);

}  // namespace reeve::cli
