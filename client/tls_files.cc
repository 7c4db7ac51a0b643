#include "client/tls_files.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "util/exists.h"

namespace reeve::client {
namespace {

TlsFiles InOneDirectory(const std::string& directory) {
  return {.authorities = directory + "/cacert.pem",
          .certificate = directory + "/clientcert.pem",
          .key = directory + "/clientkey.pem"};
}

// The first file that is not there, "" if all are.
std::string Missing(const TlsFiles& files) {
  for (const std::string& path : {files.authorities, files.certificate, files.key}) {
    if (!util::Exists(path)) return path;
  }
  return "";
}

}  // namespace

absl::StatusOr<TlsFiles> FindTlsFiles(const std::string& pki_path, const std::string& home, const std::string& root) {
  if (!pki_path.empty()) {
    TlsFiles files = InOneDirectory(pki_path);
    const std::string missing = Missing(files);
    if (missing.empty()) return files;
    // Who authenticates by other means needs no certificate of his own; half a one is a mistake.
    if (util::Exists(files.authorities) && !util::Exists(files.certificate) && !util::Exists(files.key)) {
      files.looked = {files.certificate};
      files.certificate.clear();
      files.key.clear();
      return files;
    }
    return absl::NotFoundError(absl::StrCat("parameter pkipath: there is no ", missing));
  }
  std::vector<std::string> looked;
  for (const char* name : {"/.pki/reeve", "/.pki/libvirt"}) {
    if (home.empty()) break;
    const TlsFiles files = InOneDirectory(home + name);
    if (Missing(files).empty()) return files;
    looked.push_back(files.certificate);
  }
  TlsFiles files;
  const std::vector<std::string> authorities = {root + "/etc/pki/reeve/cacert.pem", root + "/etc/pki/CA/cacert.pem"};
  for (const std::string& path : authorities) {
    if (files.authorities.empty() && util::Exists(path)) files.authorities = path;
  }
  if (files.authorities.empty()) {
    return absl::NotFoundError(absl::StrCat(
        "there is no certificate of an authority to know the server by: neither ", absl::StrJoin(authorities, " nor "),
        home.empty() ? "" : absl::StrCat(" nor a whole set in ", home, "/.pki/reeve or ", home, "/.pki/libvirt")));
  }
  for (const char* name : {"reeve", "libvirt"}) {
    const std::string directory = absl::StrCat(root, "/etc/pki/", name);
    looked.push_back(directory + "/clientcert.pem");
    if (!util::Exists(looked.back())) continue;
    files.certificate = looked.back();
    files.key = directory + "/private/clientkey.pem";
    return files;
  }
  files.looked = std::move(looked);
  return files;
}

}  // namespace reeve::client
