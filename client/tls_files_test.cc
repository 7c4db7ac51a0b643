#include "client/tls_files.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

namespace reeve::client {
namespace {

class Host {
 public:
  Host() {
    char path[] = "/tmp/reeve-pki-XXXXXX";
    REQUIRE(::mkdtemp(path) != nullptr);
    root_ = path;
  }
  ~Host() { std::filesystem::remove_all(root_); }
  void Put(const std::string& path) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << "x";
  }
  void PutAll(const std::string& directory) const {
    for (const char* name : {"/cacert.pem", "/clientcert.pem", "/clientkey.pem"}) Put(directory + name);
  }
  std::string operator/(const std::string& path) const { return root_ + "/" + path; }
  absl::StatusOr<TlsFiles> Find(const std::string& pki_path = "") const {
    return FindTlsFiles(pki_path.empty() ? "" : root_ + pki_path, root_ + "/home", root_);
  }

 private:
  std::string root_;
};

TEST_CASE("pkipath must be whole, and is the only place then") {
  const Host host;
  host.PutAll("/pki");
  host.PutAll("/home/.pki/libvirt");
  CHECK(host.Find("/pki")->key == host / "pki/clientkey.pem");
  std::filesystem::remove(host / "pki/clientcert.pem");
  const auto missing = host.Find("/pki");
  CHECK(absl::IsNotFound(missing.status()));
  CHECK_THAT(std::string(missing.status().message()), Catch::Contains(host / "pki/clientcert.pem"));
  // Neither of the client's files is no mistake.
  std::filesystem::remove(host / "pki/clientkey.pem");
  CHECK(host.Find("/pki")->authorities == host / "pki/cacert.pem");
  CHECK(host.Find("/pki")->certificate.empty());
  std::filesystem::remove(host / "pki/cacert.pem");
  CHECK(absl::IsNotFound(host.Find("/pki").status()));
}

TEST_CASE("the user's files go before the host's, reeve's before libvirt's, if they are whole") {
  const Host host;
  host.Put("/etc/pki/CA/cacert.pem");
  CHECK(host.Find()->certificate.empty());
  CHECK(host.Find()->looked.size() == 4);
  host.Put("/etc/pki/libvirt/clientcert.pem");
  CHECK(host.Find()->authorities == host / "etc/pki/CA/cacert.pem");
  CHECK(host.Find()->key == host / "etc/pki/libvirt/private/clientkey.pem");
  host.Put("/etc/pki/reeve/cacert.pem");
  CHECK(host.Find()->authorities == host / "etc/pki/reeve/cacert.pem");
  CHECK(host.Find()->certificate == host / "etc/pki/libvirt/clientcert.pem");
  host.Put("/etc/pki/reeve/clientcert.pem");
  CHECK(host.Find()->certificate == host / "etc/pki/reeve/clientcert.pem");
  host.PutAll("/home/.pki/libvirt");
  CHECK(host.Find()->certificate == host / "home/.pki/libvirt/clientcert.pem");
  host.PutAll("/home/.pki/reeve");
  CHECK(host.Find()->certificate == host / "home/.pki/reeve/clientcert.pem");
  std::filesystem::remove(host / "home/.pki/reeve/clientkey.pem");
  CHECK(host.Find()->certificate == host / "home/.pki/libvirt/clientcert.pem");
}

TEST_CASE("without an authority the places are named") {
  const Host host;
  host.Put("/etc/pki/libvirt/clientcert.pem");
  CHECK_THAT(std::string(host.Find().status().message()),
             Catch::Contains("/etc/pki/CA/cacert.pem") && Catch::Contains("/.pki/libvirt"));
}

}  // namespace
}  // namespace reeve::client
