// A message bus of a test's own, and a service on it.
#pragma once

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <thread>

namespace reeve::util {

// A bus, in a directory of its own.
class TestBus {
 public:
  TestBus() {
    char path[] = "/tmp/reeve-bus-XXXXXX";
    REQUIRE(::mkdtemp(path) != nullptr);
    directory_ = path;
    address_ = "unix:path=" + directory_ + "/bus";
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    std::string listen = "--address=" + address_;
    const char* arguments[] = {"dbus-daemon",       "--session",    "--nofork", "--nopidfile",
                               "--print-address=1", listen.c_str(), nullptr};
    char* environment[] = {nullptr};
    REQUIRE(::posix_spawn(&process_, "/usr/bin/dbus-daemon", &actions, nullptr, const_cast<char**>(arguments),
                          environment) == 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    // It prints its address when it listens.
    char c = 0;
    while (::read(ends[0], &c, 1) == 1 && c != '\n') {
    }
    ::close(ends[0]);
    REQUIRE(c == '\n');
  }
  ~TestBus() {
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
    std::filesystem::remove_all(directory_);
  }
  TestBus(const TestBus&) = delete;
  TestBus& operator=(const TestBus&) = delete;
  const std::string& address() const { return address_; }

 private:
  std::string directory_;
  std::string address_;
  pid_t process_ = 0;
};

// Serves one object with one interface on a bus, on a thread of its own.
class TestService {
 public:
  // `methods` outlives it; `context` is what they are called with.
  TestService(const std::string& address, const char* name, const char* object, const char* interface,
              const sd_bus_vtable* methods, void* context) {
    REQUIRE(sd_bus_new(&bus_) >= 0);
    REQUIRE(sd_bus_set_address(bus_, address.c_str()) >= 0);
    REQUIRE(sd_bus_set_bus_client(bus_, 1) >= 0);
    REQUIRE(sd_bus_start(bus_) >= 0);
    REQUIRE(sd_bus_add_object_vtable(bus_, nullptr, object, interface, methods, context) >= 0);
    REQUIRE(sd_bus_request_name(bus_, name, 0) >= 0);
    thread_ = std::thread([this] {
      while (!stop_) {
        if (sd_bus_process(bus_, nullptr) > 0) continue;
        (void)sd_bus_wait(bus_, 20'000);
      }
    });
  }
  ~TestService() {
    stop_ = true;
    thread_.join();
    sd_bus_flush_close_unref(bus_);
  }
  TestService(const TestService&) = delete;
  TestService& operator=(const TestService&) = delete;

 private:
  sd_bus* bus_ = nullptr;
  std::thread thread_;
  std::atomic<bool> stop_{false};
};

}  // namespace reeve::util
