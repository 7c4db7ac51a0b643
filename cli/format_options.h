// Formats and kinds of documents on the command line. All names come from formats/registry.h. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/command.h"
#include "formats/registry.h"

namespace reeve::cli {

// --NAME FORMAT, with the names of all formats.
Option FormatOption(const char* name, const char* help);

// --kind KIND, with the names of all kinds.
Option KindOption();

// What --strict and --lenient ask for; both together are a mistake, of which kStrictAndLenient tells.
inline constexpr char kStrictAndLenient[] = "--strict and --lenient exclude each other";
formats::Strictness StrictnessOf(const Arguments& arguments, formats::Strictness otherwise);

// "xml, json, textproto": what a kind can be read from, or written to.
std::string ReadableFormats(formats::Kind kind);
std::string WritableFormats(formats::Kind kind);

// "domain: xml, json. network, pool: xml (read only), json": the formats of all kinds, for the help.
std::string FormatsByKind();

}  // namespace reeve::cli
