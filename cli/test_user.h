// Commands of a test, as a user types them.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/context.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/runner.h"

namespace reeve::cli {

// A user at a terminal without one: what commands print is kept as text. Not thread-safe.
class TestUser {
 public:
  explicit TestUser(const std::string& uri, GlobalOptions options = {}) : interrupt_(*Interrupt::Create()) {
    out_ = ::open_memstream(&out_text_, &out_size_);
    error_ = ::open_memstream(&error_text_, &error_size_);
    output_ = std::make_unique<Output>(out_, error_, false, false);
    options.uri = uri;
    context_ = std::make_unique<Context>(options, &AllCommands(), output_.get(), interrupt_.get());
  }
  TestUser(const TestUser&) = delete;
  TestUser& operator=(const TestUser&) = delete;
  ~TestUser() {
    context_.reset();
    std::fclose(out_);
    std::fclose(error_);
    std::free(out_text_);
    std::free(error_text_);
  }
  int Run(const std::string& text) {
    std::rewind(out_);
    std::rewind(error_);
    const int code = RunText(*context_, text);
    std::fflush(out_);
    std::fflush(error_);
    return code;
  }
  std::string out() const { return std::string(out_text_, out_size_); }
  std::string error() const { return std::string(error_text_, error_size_); }
  Context& context() { return *context_; }

 private:
  std::unique_ptr<Interrupt> interrupt_;
  char* out_text_ = nullptr;
  size_t out_size_ = 0;
  char* error_text_ = nullptr;
  size_t error_size_ = 0;
  FILE* out_ = nullptr;
  FILE* error_ = nullptr;
  std::unique_ptr<Output> output_;
  std::unique_ptr<Context> context_;
};

}  // namespace reeve::cli
