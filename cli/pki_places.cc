#include "cli/pki_places.h"

#include "util/exists.h"

namespace reeve::cli {
namespace {

PairPlace Pair(const std::string& directory, const std::string& who) {
  return {directory + "/" + who + "cert.pem", directory + "/private/" + who + "key.pem"};
}

}  // namespace

PkiPlaces LibvirtPlaces(const std::string& root) {
  auth::AuthorityPaths authority(root + "/etc/pki/CA");
  const std::string certificate = authority.certificate;
  return {.authority = std::move(authority),
          .authorities = certificate,
          .server = Pair(root + "/etc/pki/libvirt", "server"),
          .client = Pair(root + "/etc/pki/libvirt", "client")};
}

PkiPlaces PlacesInUse(const std::string& root) {
  PkiPlaces places = LibvirtPlaces(root);
  const std::string own = root + "/etc/pki/reeve";
  if (util::Exists(own + "/cacert.pem")) places.authorities = own + "/cacert.pem";
  if (util::Exists(own + "/cacrl.pem")) places.authority.revocations = own + "/cacrl.pem";
  if (util::Exists(own + "/servercert.pem")) places.server = Pair(own, "server");
  if (util::Exists(own + "/clientcert.pem")) places.client = Pair(own, "client");
  return places;
}

PkiPlaces PlacesIn(const std::string& directory, const std::string& root) {
  PkiPlaces places = LibvirtPlaces(root);
  places.authorities = directory + "/cacert.pem";
  places.server = {directory + "/servercert.pem", directory + "/serverkey.pem"};
  places.client = {directory + "/clientcert.pem", directory + "/clientkey.pem"};
  return places;
}

}  // namespace reeve::cli
