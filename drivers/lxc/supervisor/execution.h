// What goes before an exec in the guest.
#pragma once

#include <string>
#include <vector>

namespace reeve::lxc {

// As execve(2) takes them, with the null at the end; they live as long as `texts`.
std::vector<char*> Pointers(const std::vector<std::string>& texts);

// Gives every signal its default and blocks none. The supervisor ignores the terminal's; across an exec that would last,
// and a shell cannot even trap what it was started to ignore (POSIX, "trap").
void ResetSignals();

}  // namespace reeve::lxc
