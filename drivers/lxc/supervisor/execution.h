// What goes before an exec in the guest.
#pragma once

#include <string>
#include <vector>

namespace reeve::lxc {

// As execve(2) takes them, with the null at the end; they live as long as `texts`.
std::vector<char*> Pointers(const std::vector<std::string>& texts);

// The supervisor ignores the signals of a terminal, and SIGPIPE; it handles none, and blocks none from here on.
void IgnoreSignals();

// Gives those their default again and blocks none: across an exec it would last that they are ignored, and a shell cannot
// even trap what it was started to ignore (POSIX, "trap").
void ResetSignals();

}  // namespace reeve::lxc
