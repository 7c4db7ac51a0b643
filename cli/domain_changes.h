// What commands that change a domain have in common: --live, --config and --current, and how a call is made and told.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/context.h"
#include "cli/domains.h"

namespace reeve::cli {

Option DomainArgument(Completion completion);

// --live, --config, --current.
std::vector<Option> AffectOptions();
// `options` with those behind.
std::vector<Option> WithAffect(std::vector<Option> options);

// A number of KiB from "512", "512k", "2MiB", "1G" (a plain number is KiB). INVALID_ARGUMENT.
absl::StatusOr<uint64_t> ParseKibibytes(absl::string_view text);

// Prints "option: fault" and gives kExitUsage.
int BadOption(Context& context, absl::string_view option, absl::string_view fault);

// Fills in name, live and config of a request and calls; prints `done` (nothing when empty).
template <typename Request>
int ChangeDomain(Context& context, const Arguments& arguments, const UnaryMethod<Request, v1::Domain>& method,
                 Request request, const std::string& failure, const std::string& done) {
  const std::string argument = arguments.Get("domain");
  if (arguments.Has("current") && (arguments.Has("live") || arguments.Has("config"))) {
    return BadOption(context, "--current", "excludes --live and --config");
  }
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  request.set_name(*name);
  request.set_live(arguments.Has("live"));
  request.set_config(arguments.Has("config") || arguments.Has("persistent"));
  auto domain = context.Call(method, std::move(request));
  if (!domain.ok()) return FailDomain(context, failure, argument, domain.status());
  if (context.json()) return context.PrintJson(*domain);
  return done.empty() ? kExitOk : context.Done(done);
}

}  // namespace reeve::cli
